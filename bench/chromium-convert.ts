/**
 * @file Seconds and memory of converting a checkpoint of official size (random weights) into a bundle inside Chromium:
 * from a local Hub through the worker into the origin-private file system.
 *
 *   npx tsx bench/chromium-convert.ts [--model 2b|7b|qwen3|qwen3-8b|llava|phi|phi-lora] [--small] [--root .cache] [--dtype q4] [--page]
 *                                     [--record]
 *
 * Memory is the renderer's (page and worker), phase by phase, above what it has with everything imported.
 * --page does it as a visitor does, on the built site's page of models; else the page calls the package.
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, createServer, preview } from 'vite';
import { startMirrorSite } from '../e2e/mirror-site';
import type { WeightDtype } from '../src/bundle/manifest';
import { startHub } from '../src/testing/hub-server';
import { machine, megabytes } from './lib/report';
import { WatchedChromium, type PageHooks } from './lib/watched-chromium';
import { CHECKPOINT_OPTIONS, checkpointOptions, ensureSyntheticCheckpoint, labelOf } from './synthetic-checkpoint';

const ADAPTER = 'synthetic/vlm2vec';

const { values } = parseArgs({
  options: {
    ...CHECKPOINT_OPTIONS,
    dtype: { type: 'string', default: 'q4' },
    page: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const options = checkpointOptions(values);
const label = labelOf(options);
const dtype = values.dtype as WeightDtype;
const { base, adapter, repository } = ensureSyntheticCheckpoint(options);
const source = adapter === null ? repository : ADAPTER;
const hub = await startHub({ repos: { [repository]: base, ...(adapter === null ? {} : { [ADAPTER]: adapter }) } });
for (const repository of hub.repos.values()) {
  for (const file of repository.at('main')!.files.values()) await repository.hashes(file); // so that this is not timed
}
const browser = await WatchedChromium.start();
const { told, end } = values.page ? await byThePage() : await byThePackage();
const { table, idle } = browser.report();
const stored = await browser.page.evaluate(async () => {
  const sizeOf = async (folder: FileSystemDirectoryHandle): Promise<number> => {
    let bytes = 0;
    for await (const entry of folder.values()) {
      if (entry.kind === 'directory') bytes += await sizeOf(entry as FileSystemDirectoryHandle);
      else bytes += (await (entry as FileSystemFileHandle).getFile()).size;
    }
    return bytes;
  };
  return sizeOf(await navigator.storage.getDirectory());
});
const { version } = browser;
await browser.stop();
await hub.stop();

const command = `npx tsx bench/chromium-convert.ts --model ${options.model}${options.small ? ' --small' : ''} --dtype ${dtype}${values.page ? ' --page' : ''}`;
const downloaded = `${megabytes(hub.traffic.bytes())} downloaded, ${megabytes(hub.traffic.repeated())} of them twice`;
const text = `## Conversion in Chromium, ${label} size${values.page ? ', on the page of models' : ''}

${machine()}, Chromium ${version}

\`${command}\`

${table}

${idle} ${downloaded}; ${megabytes(stored)} stored (told beforehand: ${told}). End: ${end}.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
process.exit();

async function byThePackage(): Promise<{ told: string; end: string }> {
  const site = await createServer({ logLevel: 'error', server: { port: 0, watch: null, hmr: false } });
  await site.listen();
  const { page } = browser;
  await page.goto(new URL('/e2e/blank.html', site.resolvedUrls!.local[0]).href);
  // A worker with everything imported: the baseline of what the page needs before it converts anything.
  await page.evaluate(async () => {
    const { VLM2Vec } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
    const worker = new Worker('/workers/vlm2vec.worker.ts', { type: 'module' });
    await VLM2Vec.load('./nowhere/', { worker }).catch(() => undefined);
  });
  await browser.idle();
  await browser.watchScripts();
  browser.enter('open');
  const outcome = await page.evaluate(
    async ({ source, hubUrl, dtype }) => {
      const { enterPhase } = globalThis as unknown as PageHooks;
      const { models, VLM2Vec } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
      const cost = await models.estimate(source, { hubUrl, dtype });
      const model = await VLM2Vec.load(source, {
        ...{ hubUrl, dtype, device: 'wasm', probe: 'never' },
        onProgress: ({ phase }) => void enterPhase(phase),
      });
      await enterPhase('embed');
      const vector = await model.embed('a red kite over the hills');
      await model.dispose();
      return { dims: vector.length, cost };
    },
    { source, hubUrl: hub.url, dtype },
  );
  await site.close();
  const { cost, dims } = outcome;
  return {
    told: `${megabytes(cost.download)}, ${megabytes(cost.store)}`,
    end: `loaded on WASM, for texts, an embedding of ${dims} numbers`,
  };
}

async function byThePage(): Promise<{ told: string; end: string }> {
  const outDir = resolve('.cache/bench-site');
  await build({ logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const site = await preview({ logLevel: 'error', build: { outDir }, preview: { port: 0 } });
  const mirror = await startMirrorSite(site.resolvedUrls!.local[0]!.replace(/\/$/, ''), hub);
  const { page } = browser;
  await page.goto(`${mirror.url}/models.html`);
  await page.locator('#none').waitFor();
  await browser.idle();
  await browser.watchScripts();
  browser.enter('estimate');
  await page.locator('#repo').fill(source);
  await page.locator('#dtype').selectOption(dtype);
  await page.getByRole('button', { name: 'See what it costs' }).click();
  await page.locator('#confirm').waitFor();
  const [download, store] = await page.locator('#figures dd').allTextContents();
  // The text that a visitor reads names the phase.
  await page.evaluate(() => {
    const { enterPhase } = globalThis as unknown as PageHooks;
    const watch = new MutationObserver(() => {
      const phase = document.querySelector('.job-phase')?.textContent;
      if (phase) void enterPhase(phase);
    });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await page.locator('#confirm').click();
  const item = page.locator('#stored li');
  await item.or(page.getByRole('alert')).first().waitFor({ timeout: 3_600_000 });
  browser.enter('done');
  const end = await item.or(page.getByRole('alert')).first().innerText();
  mirror.stop();
  await site.close();
  return { told: `${download}, ${store}`, end: `the page says “${end.split('\n').slice(0, 3).join(' · ')}”` };
}
