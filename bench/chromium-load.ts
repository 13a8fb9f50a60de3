/**
 * @file Seconds and memory of loading a stored bundle of the official 2B's size (random weights) in Chromium: from the
 * origin-private file system onto WebGPU, stage by stage, or into WASM.
 *
 *   npx tsx bench/chromium-load.ts [--bundle .cache/bundles/2b-q4] [--on jspi|asyncify|wasm] [--picture] [--record]
 *
 * WebGPU is SwiftShader's, which keeps what is on the “GPU” in Chromium's GPU process: it shows in “all processes”, not
 * in the renderer. Its times say nothing about a GPU. --picture also embeds a small picture, which loads the vision
 * tower.
 */

import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHub } from '../src/testing/hub-server';
import { startDevSite } from './lib/dev-page';
import { machine, megabytes } from './lib/report';
import { WatchedChromium, type PageHooks } from './lib/watched-chromium';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: '.cache/bundles/2b-q4' },
    on: { type: 'string', default: 'jspi' },
    picture: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const { bundle, on, picture } = values;
const host = await startHub({ folders: { bundle: resolve(bundle) } });
const site = await startDevSite();
const blank = new URL('/e2e/blank.html', site.base).href;

const browser = await WatchedChromium.start({ gpu: on !== 'wasm' });
const { page } = browser;
await page.goto(blank);
browser.enter('store');
const { name, bytes, largest } = await page.evaluate(async (url) => {
  const { models } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
  const { name, bytes } = await models.add(url);
  const store = (await import('/src/store/index.ts' as string)) as typeof import('../src/store');
  const { stages } = await store.readManifest(store.opfsBundle(name));
  return { name, bytes, largest: Math.max(...stages.map(({ weights }) => weights.bytes)) };
}, `${host.url}/static/bundle/`);

await page.goto(blank);
await page.evaluate(async () => {
  await import('/src/index.ts' as string);
});
await browser.idle();
await browser.watchScripts();
browser.enter('load');
const info = await page.evaluate(
  async ({ name, on, picture }) => {
    const { enterPhase } = globalThis as unknown as PageHooks;
    const { VLM2Vec } = (await import('/src/index.ts' as string)) as typeof import('../src/index');
    const options = on === 'wasm' ? {} : { internal: { build: on as 'jspi' | 'asyncify' } };
    const model = await VLM2Vec.load(
      { name },
      { device: on === 'wasm' ? 'wasm' : 'webgpu', probe: 'never', ...options },
    );
    await enterPhase('embed a caption');
    await model.embed('a red kite over the hills');
    if (picture) {
      await enterPhase('embed a picture');
      const image = new ImageData(new Uint8ClampedArray(4 * 56 * 56).fill(128), 56, 56);
      await model.embed([{ image }]);
    }
    const { info } = model;
    await model.dispose();
    return info;
  },
  { name, on, picture },
);
const { table, idle } = browser.report();
const { version } = browser;
await browser.stop();
await site.close();
await host.stop();

const text = `## Loading a stored bundle in Chromium, ${on}

${machine()}, Chromium ${version}

\`npx tsx bench/chromium-load.ts --bundle ${bundle} --on ${on}${picture ? ' --picture' : ''}\`

${table}

${idle} ${megabytes(bytes)} stored, largest stage ${megabytes(largest)}. Loaded: ${info.build} build, ${info.activations} activations.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
process.exit();
