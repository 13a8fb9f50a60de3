/**
 * @file How long a first visit to the built site takes until nano has ranked the sample captions: an empty profile each
 * time, WASM. Needs the built site (`npm run build`).
 *
 *   npx tsx bench/first-ranking.ts [--visits 8] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from '../scripts/chromium';
import { machine, median } from './lib/report';

const { values } = parseArgs({
  options: { visits: { type: 'string', default: '8' }, record: { type: 'boolean', default: false } },
});
const site = await preview({ logLevel: 'error', preview: { port: 0 } });

const times: number[] = [];
for (let visit = 0; visit < Number(values.visits); visit++) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.addInitScript(`(function look() {
    if (document.querySelector('#ranking li')) globalThis.firstRanking = performance.now();
    else requestAnimationFrame(look);
  })()`);
  await page.goto(site.resolvedUrls!.local[0]!);
  const found = await page.waitForFunction(() => (globalThis as { firstRanking?: number }).firstRanking);
  times.push((await found.jsonValue())!);
  await browser.close();
}
await site.close();

const inSeconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);
const text = [
  '',
  '## The first ranking of the built site',
  '',
  machine(),
  '',
  `\`npm run build && npx tsx bench/first-ranking.ts --visits ${values.visits}\``,
  '',
  `From the navigation to the first ranking: ${inSeconds(median(times))} s in the median of ${times.length} visits ` +
    `(${times.map(inSeconds).join(', ')}).`,
  '',
].join('\n');
process.stdout.write(text);
if (values.record) appendFileSync(new URL('RESULTS.md', import.meta.url), text);
