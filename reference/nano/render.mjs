/**
 * @file SVG → PNG, the drawing's longest side about 256 pixels, transparent background kept.
 *
 * Usage: node render.mjs <folder with @resvg/resvg-js installed> < jobs.jsonl
 * A job is {"svg": text} or {"file": path}, and {"png": output path}. One JSON line per failure on stdout.
 */
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { Resvg } = createRequire(`${process.argv[2]}/`)('@resvg/resvg-js');

/** Longest side of the result, in pixels. */
const SIZE = 256;

const render = (svg) => {
  const options = { font: { loadSystemFonts: false } };
  const box = new Resvg(svg, options).getBBox();
  if (!box || !(box.width > 0) || !(box.height > 0)) {
    throw new Error('draws nothing');
  }
  // The page may be far larger than the drawing: enlarge until the drawing fits, at most fourfold.
  const page = new Resvg(svg, options);
  const zoom = Math.min(SIZE / Math.max(box.width, box.height), (4 * SIZE) / Math.max(page.width, page.height));
  return new Resvg(svg, { ...options, fitTo: { mode: 'zoom', value: zoom } }).render().asPng();
};

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  try {
    writeFileSync(job.png, render(job.svg ?? readFileSync(job.file, 'utf8')));
  } catch (error) {
    console.log(JSON.stringify({ png: job.png, error: String(error) }));
  }
}
