/**
 * @file Exact search over a large library in Chromium: milliseconds of one query, beside plain loops over float32 in
 * the same run, and memory; then all pairs of similar pictures. Vectors are synthetic, see `lib/synthetic-vectors.ts`.
 * Besides elapsed time, processor time is given, which other work on the machine disturbs less.
 *
 *   npx tsx bench/search.ts [--rows 100000] [--dims 1536] [--groups 20000] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { findChromium } from '../scripts/chromium';
import { BrowserWatch, rendererSeconds } from './lib/browser-memory';
import { openDevPage, pageRunner, startDevSite } from './lib/dev-page';
import type { SearchCase, Way } from './lib/search-page';
import { machine, median, megabytes, seconds, table } from './lib/report';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    dims: { type: 'string', default: '1536' },
    groups: { type: 'string', default: '20000' },
    record: { type: 'boolean', default: false },
  },
});
const search = { rows: Number(values.rows), dims: Number(values.dims), limit: 50, queries: 15 };
const pictures = Number(values.groups);
const THRESHOLDS = [0.9, 0.95];

const site = await startDevSite();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] });
const processes = await browser.newBrowserCDPSession();
const { processInfo } = (await processes.send('SystemInfo.getProcessInfo')) as {
  processInfo: { type: string; id: number }[];
};
const root = processInfo.find(({ type }) => type === 'browser')!.id;
const watch = new BrowserWatch(root);
const page = await openDevPage(browser, site);

type SearchPage = typeof import('./lib/search-page');
const run = pageRunner<SearchPage>(page, '/bench/lib/search-page.ts');

/** What `action` returns in the page, and the seconds it computes there. */
async function inPage<T, A>(action: (bench: SearchPage, argument: A) => T | Promise<T>, argument: A) {
  const before = rendererSeconds(root);
  const result = await run(action, argument);
  return { result, cpu: rendererSeconds(root) - before };
}

await inPage((bench, search) => bench.makeVectors(search), search);
const before = watch.sample();
const packing = await inPage((bench, search) => bench.pack(search), search);
const after = watch.sample();

interface Timing {
  name: string;
  times: number[];
  cpu: number;
}
/** The first run is for the compilers. */
async function timed(name: string, way: Way): Promise<Timing> {
  const run = () => inPage((bench, [search, way]) => bench.runQueries(search, way), [search, way] as [SearchCase, Way]);
  await run();
  const { result, cpu } = await run();
  return { name, times: result, cpu: (cpu * 1000) / search.queries };
}
const timings = [
  await timed('ours', 'ours'),
  await timed('plain loop over a Float32Array', 'plain'),
  await timed('the same with four sums', 'unrolled'),
];
const { result: figures } = await inPage((bench, search) => bench.compare(search), search);
await inPage((bench, search) => bench.pack(search, 'js'), search);
timings.push(await timed('ours without SIMD', 'ours'));

await inPage((bench, [pictures, dims]) => bench.makePictures(pictures, dims), [pictures, search.dims] as const);
const groups: string[][] = [];
for (const threshold of THRESHOLDS) {
  const { result, cpu } = await inPage((bench, threshold) => bench.measureGroups(threshold), threshold);
  groups.push([
    String(threshold),
    String(result.pairs),
    String(result.groups),
    seconds(result.pairing / 1000),
    seconds(result.grouping / 1000),
    seconds(cpu),
  ]);
}
watch.stop();
const version = browser.version();
await browser.close();
await site.close();

const [ours] = timings;
const rows = timings.map(({ name, times, cpu }) => [
  name,
  median(times).toFixed(1),
  `${(median(times) / median(ours!.times)).toFixed(1)} ×`,
  Math.min(...times).toFixed(1),
  cpu.toFixed(1),
  `${(cpu / ours!.cpu).toFixed(1)} ×`,
]);
const command = `npx tsx bench/search.ts --rows ${search.rows} --dims ${search.dims} --groups ${pictures}`;
const text = `## Search, ${search.rows} × ${search.dims}

${machine()}, Chromium ${version}, one thread, kernel: ${figures.kernel}

\`${command}\`

${table(
  [`top ${search.limit}, ${search.queries} queries`, 'median ms', 'of ours', 'least ms', 'processor ms', 'of ours'],
  rows,
)}

Rows, order and scores ${figures.exact ? 'are' : 'ARE NOT'} those of a float64 loop over the stored vectors. Recall@${search.limit} against
the float32 vectors: ${figures.recall.toFixed(4)}. Computed in full: ${figures.recomputed.toFixed(0)} vectors per query. Packed: ${megabytes(figures.packedBytes)}; the
renderer grew by ${megabytes(after.rendererOwn - before.rendererOwn)}. Packing: ${((packing.cpu * 1e6) / search.rows).toFixed(1)} µs of the
processor per vector.

${table([`similar pairs of ${pictures}, from cosine`, 'pairs', 'groups', 'all pairs', 'grouping', 'processor, both'], groups)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
