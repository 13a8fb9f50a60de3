/**
 * @file Exact search over a large library in Chromium: milliseconds of one query, beside plain loops over float32 in the
 * same run, and memory; then all pairs of similar pictures. Vectors are synthetic, see `lib/synthetic-vectors.ts`.
 *
 *   npx tsx bench/search.ts [--rows 100000] [--dims 1536] [--groups 20000] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';
import { findChromium } from '../scripts/chromium';
import { BrowserWatch } from './lib/browser-memory';
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

const site = await createServer({ logLevel: 'error', server: { port: 0, watch: null, hmr: false } });
await site.listen();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] });
const processes = await browser.newBrowserCDPSession();
const { processInfo } = (await processes.send('SystemInfo.getProcessInfo')) as { processInfo: { type: string; id: number }[] };
const watch = new BrowserWatch(processInfo.find(({ type }) => type === 'browser')!.id);
const page = await browser.newPage();
await page.routeWebSocket('**', () => undefined);
await page.addInitScript('globalThis.__name = (value) => value');
await page.goto(new URL('/e2e/blank.html', site.resolvedUrls!.local[0]).href);
page.setDefaultTimeout(0);

type SearchPage = typeof import('./lib/search-page');
await page.evaluate(async (search) => {
  const bench = (await import('/bench/lib/search-page.ts' as string)) as SearchPage;
  bench.makeVectors(search);
}, search);
const before = watch.sample();
await page.evaluate(async (search) => {
  const bench = (await import('/bench/lib/search-page.ts' as string)) as SearchPage;
  bench.pack(search);
}, search);
const after = watch.sample();
const figures = await page.evaluate(async (search) => {
  const bench = (await import('/bench/lib/search-page.ts' as string)) as SearchPage;
  return bench.measureSearch(search);
}, search);
const groups: string[][] = [];
for (const threshold of THRESHOLDS) {
  const found = await page.evaluate(
    async ({ pictures, dims, threshold }) => {
      const bench = (await import('/bench/lib/search-page.ts' as string)) as SearchPage;
      return bench.measureGroups(pictures, dims, threshold);
    },
    { pictures, dims: search.dims, threshold },
  );
  groups.push([
    String(threshold),
    String(found.pairs),
    String(found.groups),
    seconds(found.pairing / 1000),
    seconds(found.grouping / 1000),
  ]);
}
watch.stop();
const version = browser.version();
await browser.close();
await site.close();

const ours = median(figures.times.simd);
const row = (name: string, times: number[]) => [
  name,
  median(times).toFixed(1),
  Math.min(...times).toFixed(1),
  `${(median(times) / ours).toFixed(1)} ×`,
];
const command = `npx tsx bench/search.ts --rows ${search.rows} --dims ${search.dims} --groups ${pictures}`;
const text = `## Search, ${search.rows} × ${search.dims}

${machine()}, Chromium ${version}, one thread

\`${command}\`

${table(
  [`top ${search.limit}, ${search.queries} queries`, 'median ms', 'least ms', 'of ours'],
  [
    row(`ours (${figures.kernel})`, figures.times.simd),
    row('ours without SIMD', figures.times.js),
    row('plain loop over a Float32Array', figures.times.plain),
    row('the same with four sums', figures.times.unrolled),
  ],
)}

Rows, order and scores ${figures.exact ? 'are' : 'ARE NOT'} those of a float64 loop over the stored vectors. Recall@${search.limit} against
the float32 vectors: ${figures.recall.toFixed(4)}. Computed in full: ${figures.recomputed.toFixed(0)} vectors per query. Packed: ${megabytes(figures.packedBytes)}; the
renderer grew by ${megabytes(after.rendererOwn - before.rendererOwn)}. Packing: ${((figures.packing * 1000) / search.rows).toFixed(1)} µs per vector.

${table([`similar pairs of ${pictures}, from cosine`, 'pairs', 'groups', 'all pairs', 'grouping'], groups)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
