/**
 * @file The photo index in Chromium: pictures per second with nano on WASM beside the model alone in the same run, and
 * how long a search takes meanwhile; then a large library of synthetic vectors: opening, using, memory, the map.
 *
 *   npx tsx bench/search-index.ts [--pictures 200] [--rows 100000] [--map 10000,20000] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { findChromium } from '../scripts/chromium';
import { BrowserWatch } from './lib/browser-memory';
import { openDevPage, pageRunner, startDevSite } from './lib/dev-page';
import { machine, median, megabytes, seconds, table } from './lib/report';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '200' },
    rows: { type: 'string', default: '100000' },
    map: { type: 'string', default: '10000,20000' },
    record: { type: 'boolean', default: false },
  },
});
const count = Number(values.pictures);
const rows = Number(values.rows);

const site = await startDevSite();
// Stored on disk, as a user's browser does; a private window keeps files in memory.
const profile = mkdtempSync(path.join(tmpdir(), 'search-index-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: findChromium(),
  args: ['--no-sandbox', '--disable-gpu'],
});
const watch = new BrowserWatch(process.pid);

type BenchPage = typeof import('./lib/search-index-page');

async function openPage() {
  const page = await openDevPage(context, site);
  return { page, run: pageRunner<BenchPage>(page, '/bench/lib/search-index-page.ts') };
}

const lines: string[] = [];
if (count > 0) {
  const { page, run } = await openPage();
  const bytes = await run((bench, size) => bench.makePictures(size), { count, width: 1600, height: 1200 });
  await run((bench) => bench.loadNano());
  const before = await run((bench) => bench.embedAll(16));
  watch.phase = 'indexing';
  const indexed = await run((bench) => bench.indexAll(false));
  const searched = await run((bench) => bench.indexAll(true));
  watch.phase = 'after';
  const after = await run((bench) => bench.embedAll(16));
  const alone = (before + after) / 2;
  lines.push(
    `${count} JPEGs of 1600 × 1200 (${Math.round(bytes / 1000)} kB each), nano on WASM:`,
    '',
    table(
      ['', 'pictures/s'],
      [
        [
          'the model alone, 16 a call (before and after)',
          `${(count / before).toFixed(1)}, ${(count / after).toFixed(1)}`,
        ],
        ['the index: hash, EXIF, thumbnail, embedding, storing', (count / indexed.seconds).toFixed(1)],
        ['ratio', (alone / indexed.seconds).toFixed(2)],
      ],
    ),
    '',
    `A search by words every two seconds while it indexes: median ` +
      `${median(searched.searches).toFixed(0)} ms of ${searched.searches.length}. ` +
      `Peak of the renderer: ${megabytes(watch.peaks.get('indexing')!.renderer)}.`,
    '',
  );
  await page.close();
}

if (rows > 0) {
  const first = await openPage();
  const imported = await first.run((bench, size) => bench.importLibrary(size), { rows });
  await first.page.close();
  const { page, run } = await openPage();
  watch.phase = 'empty';
  const empty = watch.sample();
  watch.phase = 'open';
  const opened = await run((bench) => bench.reopen());
  const used = await run((bench) => bench.useLibrary());
  const { renderer } = watch.peaks.get('open')!;
  lines.push(
    `${rows} pictures of 1536 numbers: imported in ${seconds(imported)}, opened in ${seconds(opened)}; ` +
      `the renderer has ${megabytes(renderer)} then, ${megabytes(renderer - empty.renderer)} more than an empty page.`,
    '',
    table(
      ['', 'ms'],
      Object.entries(used).map(([name, milliseconds]) => [name, milliseconds.toFixed(1)]),
    ),
    '',
  );
  await page.close();
}

for (const points of values.map
  .split(',')
  .map(Number)
  .filter((number) => number > 0)) {
  const { page, run } = await openPage();
  await run((bench, size) => bench.importLibrary(size), { rows: points });
  const map = await run((bench) => bench.layOut());
  lines.push(`Map of ${map.points} pictures, laid out by ${map.sampled} of them: ${seconds(map.seconds)}.`, '');
  await page.close();
}

watch.stop();
await context.close();
await site.close();
rmSync(profile, { recursive: true, force: true });
const text = [
  '',
  '## The photo index',
  '',
  machine(),
  '',
  `\`npx tsx bench/search-index.ts --pictures ${count} --rows ${rows} --map ${values.map}\``,
  '',
  ...lines,
].join('\n');
console.log(text);
if (values.record) appendFileSync(new URL('RESULTS.md', import.meta.url), text);
