/**
 * @file Seconds and memory of turning a checkpoint of the official 2B's size (random weights, DoRA adapter) into a
 * bundle inside Chromium: from a local Hub through the worker into the origin-private file system.
 *
 *   npx tsx bench/chromium-2b.ts [--size 2b|small] [--dtype q4] [--record]
 *
 * Memory is the renderer's (page and worker), phase by phase, above what it has with everything imported. The figure of
 * JavaScript alone is the browser's own (`measureUserAgentSpecificMemory`), taken every few seconds.
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';
import { findChromium } from '../scripts/chromium';
import type { WeightDtype } from '../src/bundle/manifest';
import { startHub } from '../src/testing/hub-server';
import { BrowserWatch } from './lib/browser-memory';
import { machine, megabytes, seconds, table } from './lib/report';
import { ensureSyntheticCheckpoint, type SizeName } from './synthetic-checkpoint';

const ADAPTER = 'synthetic/vlm2vec';
const BASE = 'synthetic/qwen2-vl';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2b' },
    dtype: { type: 'string', default: 'q4' },
    record: { type: 'boolean', default: false },
  },
});
const size = values.size as SizeName;
const folder = ensureSyntheticCheckpoint(size);
const hub = await startHub({ repos: { [ADAPTER]: join(folder, 'adapter'), [BASE]: join(folder, 'base') } });
for (const repository of hub.repos.values()) {
  for (const file of repository.at('main')!.files.values()) await repository.hashes(file); // not while it is timed
}
const site = await createServer({ logLevel: 'error', server: { port: 0, watch: null, hmr: false } });
await site.listen();

// A profile on disk: without one, the browser keeps the origin-private file system in memory.
const profile = mkdtempSync('.cache/chromium-');
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: findChromium(),
  args: ['--no-sandbox', '--disable-gpu', '--enable-blink-features=ForceEagerMeasureMemory'],
});
const page = await browser.newPage();
const processes = await browser.browser()!.newBrowserCDPSession();
const { processInfo } = (await processes.send('SystemInfo.getProcessInfo')) as { processInfo: { type: string; id: number }[] };
const watch = new BrowserWatch(processInfo.find(({ type }) => type === 'browser')!.id);

const phases: { name: string; began: number }[] = [];
const scriptMemory = new Map<string, number>();
const enter = (name: string) => {
  if (phases.at(-1)?.name === name) return;
  watch.sample();
  phases.push({ name, began: performance.now() });
  watch.phase = name;
  console.log(`${name} …`);
};
await page.exposeFunction('enterPhase', enter);
await page.exposeFunction('scriptMemory', (bytes: number) => {
  const { phase } = watch;
  scriptMemory.set(phase, Math.max(scriptMemory.get(phase) ?? 0, bytes));
});

await page.routeWebSocket('**', () => undefined);
// tsx wraps functions in this to keep their names; it does not go along into the page.
await page.addInitScript('globalThis.__name = (value) => value');
await page.goto(new URL('/e2e/blank.html', site.resolvedUrls!.local[0]).href);
const outcome = await page.evaluate(
  async ({ source, hubUrl, dtype }) => {
    const host = globalThis as unknown as {
      enterPhase(name: string): Promise<void>;
      scriptMemory(bytes: number): Promise<void>;
    };
    const measure = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
    const { models, VLM2Vec } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
    // A worker with everything imported: what the page needs before it converts anything.
    const worker = new Worker('/workers/vlm2vec.worker.ts', { type: 'module' });
    await VLM2Vec.load('./nowhere/', { worker }).catch(() => undefined);
    await host.enterPhase('idle');
    for (let i = 0; i < 3; i++) await host.scriptMemory((await measure.measureUserAgentSpecificMemory()).bytes);
    let done = false;
    const measuring = (async () => {
      while (!done) {
        await host.scriptMemory((await measure.measureUserAgentSpecificMemory()).bytes);
        await new Promise((later) => setTimeout(later, 3000));
      }
    })();
    await host.enterPhase('open');
    let cost: { download: number; store: number } | null = null;
    try {
      cost = await models.estimate(source, { hubUrl, dtype: dtype as WeightDtype });
      const model = await VLM2Vec.load(source, {
        hubUrl,
        dtype: dtype as WeightDtype,
        device: 'wasm',
        probe: 'never',
        onProgress: ({ phase }) => void host.enterPhase(phase),
      });
      await host.enterPhase('embed');
      const vector = await model.embed('a red kite over the hills');
      return { dims: vector.length, failure: null, cost };
    } catch (error) {
      return { dims: 0, failure: `${(error as Error).name}: ${(error as Error).message}`, cost };
    } finally {
      done = true;
      await measuring;
    }
  },
  { source: ADAPTER, hubUrl: hub.url, dtype: values.dtype },
);
const ended = performance.now();
watch.stop();
const stored = await page.evaluate(async () => {
  const { listStoredBundles } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
  return (await listStoredBundles()).reduce((sum, { bytes }) => sum + bytes, 0);
});
const version = browser.browser()!.version();
await browser.close();
await site.close();
await hub.stop();
rmSync(profile, { recursive: true, force: true });

const idle = watch.peaks.get('idle')!;
const names = [...new Set(phases.map(({ name }) => name))].filter((name) => name !== 'idle');
const rows = names.map((name) => {
  const time = phases.reduce((sum, phase, i) => {
    return phase.name === name ? sum + (phases[i + 1]?.began ?? ended) - phase.began : sum;
  }, 0);
  const peak = watch.peaks.get(name)!;
  const script = scriptMemory.get(name);
  return [
    name,
    seconds(time / 1000),
    script === undefined ? 'too short to measure' : megabytes(script - scriptMemory.get('idle')!),
    megabytes(peak.rendererOwn - idle.rendererOwn),
    megabytes(peak.allOwn - idle.allOwn),
  ];
});
const command = `npx tsx bench/chromium-2b.ts --size ${size} --dtype ${values.dtype}`;
const downloaded = `${megabytes(hub.traffic.bytes())} downloaded, ${megabytes(hub.traffic.repeated())} of them twice`;
const { cost } = outcome;
const told = cost ? ` (told beforehand: ${megabytes(cost.download)}, ${megabytes(cost.store)})` : '';
const end = outcome.failure ?? `loaded on WASM, an embedding of ${outcome.dims} numbers`;
const text = `## Conversion in Chromium, ${size} size

${machine()}, Chromium ${version}

\`${command}\`

${table(['phase', 'time', 'JavaScript, peak above idle', 'renderer, peak above idle', 'all processes, peak above idle'], rows)}

Idle: JavaScript ${megabytes(scriptMemory.get('idle')!)}, renderer ${megabytes(idle.rendererOwn)}, all processes ${megabytes(idle.allOwn)}
(own allocations). ${downloaded}; ${megabytes(stored)} stored${told}. End: ${end}.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
