/**
 * @file What sixteen calls with a caption each cost that are made at the same time: their texts share runs, where they took a
 * run each before (`batching: 'single'` still does so). Beside one call with one caption, and one with all of them. With nano
 * and with a model as wide as a 2B and two layers deep, on WASM in Chromium and on Node's CPU. All ways take turns.
 *
 *   npx tsx bench/overlapping.ts [--bundle .cache/overlapping] [--repeats 5] [--record]
 *
 * With nano, whose runs take milliseconds, there are ten times as many repeats.
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { findChromium } from '../scripts/chromium';
import { VLM2Vec } from '../src/index';
import { startHub } from '../src/testing/hub-server';
import { openDevPage, startDevSite } from './lib/dev-page';
import { machine, table } from './lib/report';
import { SEVENTH_OF_2B, shortBundle } from './lib/short-model';
import { captions } from './lib/workload';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: '.cache/overlapping' },
    repeats: { type: 'string', default: '5' },
    record: { type: 'boolean', default: false },
  },
});
const { bundle } = values;
const repeats = Number(values.repeats);
const texts = captions(16, 'mixed');
await shortBundle(bundle, { ...SEVENTH_OF_2B, layers: 2 }, 'q4');

const WAYS = ['one caption', '16 calls at once', '16 calls, a run each', 'one call of 16'] as const;
/** Milliseconds of every repeat, by way; and the largest difference of a number between the second way and the third. */
type Times = Record<(typeof WAYS)[number], number[]> & { difference: number[] };

/** Runs in Node and, by its source, in the page. */
async function measure(model: VLM2Vec, { texts, repeats }: { texts: string[]; repeats: number }): Promise<Times> {
  const each = (batching: 'shared' | 'single') => Promise.all(texts.map((text) => model.embed(text, { batching })));
  const works = {
    'one caption': () => model.embed(texts[0]!),
    '16 calls at once': () => each('shared'),
    '16 calls, a run each': () => each('single'),
    'one call of 16': () => model.embed(texts),
  };
  const times = { difference: [] } as unknown as Times;
  for (let repeat = 0; repeat <= repeats; repeat++) {
    for (const [name, work] of Object.entries(works) as [keyof typeof works, () => Promise<unknown>][]) {
      const start = performance.now();
      await work();
      if (repeat > 0) (times[name] ??= []).push(performance.now() - start); // the first allocates
    }
  }
  const [shared, single] = [await each('shared'), await each('single')];
  const far = shared.map((vector, i) => Math.max(...vector.map((value, k) => Math.abs(value - single[i]![k]!))));
  times.difference.push(Math.max(...far));
  return times;
}

const repeatsOf = (name: string) => (name === 'nano' ? 10 * repeats : repeats);
const results: [string, Times][] = [];
for (const [name, source] of [
  ['nano', 'nano'],
  ['2B wide', bundle],
] as const) {
  const model = await VLM2Vec.load(source, { device: 'cpu', probe: 'never' });
  results.push([`${name}, Node`, await measure(model, { texts, repeats: repeatsOf(name) })]);
  await model.dispose();
}

const host = await startHub({ folders: { bundle: resolve(bundle) } });
const site = await startDevSite();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
for (const [name, source] of [
  ['nano', new URL('/models/nano/', site.base).href],
  ['2B wide', `${host.url}/static/bundle/`],
] as const) {
  const page = await openDevPage(browser, site);
  const script = `(async () => {
    const { VLM2Vec } = await import('/src/index.ts');
    const model = await VLM2Vec.load(${JSON.stringify(source)}, { device: 'wasm', probe: 'never' });
    return (${measure.toString()})(model, ${JSON.stringify({ texts, repeats: repeatsOf(name) })});
  })()`;
  results.push([`${name}, Chromium, WASM`, (await page.evaluate(script)) as Times]);
  await page.close();
}
const version = browser.version();
await browser.close();
await site.close();
await host.stop();

const least = (all: readonly number[]) => Math.min(...all);
const rows = results.map(([name, times]) => [
  name,
  ...WAYS.map((way) => `${least(times[way]).toFixed(1)} ms`),
  `${(least(times['16 calls, a run each']) / least(times['16 calls at once'])).toFixed(1)} ×`,
  times.difference[0]!.toExponential(1),
]);
const text = `## Calls that overlap, 16 captions

${machine()}, Chromium ${version}

\`npx tsx bench/overlapping.ts --repeats ${repeats}\`

${table(['', ...WAYS, 'gain', 'largest difference'], rows)}

The least of ${repeats} each (nano: of ${10 * repeats}). “A run each” is what 16 calls at once took before. The difference is that of a number of a vector from the same text's alone.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
process.exit();
