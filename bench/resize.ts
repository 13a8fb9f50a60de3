/**
 * @file A photo of 12 megapixels to the patches of one megapixel: milliseconds of resizing with SIMD beside the scalar
 * one, and of cutting patches. Runs are interleaved, so that other work on the machine affects all equally.
 *
 *   npx tsx bench/resize.ts [--width 4000] [--height 3000] [--pixels 1003520] [--runs 15] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FIT_FILE, nativeSizes, patchRows, type RgbImage } from '../src/image';
import { resampleScalar } from '../src/image/resample/scalar';
import { resampleSimd } from '../src/image/resample/simd';
import { computeTaps, CUBIC } from '../src/image/resize';
import { machine, median, table } from './lib/report';

const { values } = parseArgs({
  options: {
    width: { type: 'string', default: '4000' },
    height: { type: 'string', default: '3000' },
    pixels: { type: 'string', default: '1003520' },
    runs: { type: 'string', default: '15' },
    record: { type: 'boolean', default: false },
  },
});
const [width, height, maxPixels, runs] = [values.width, values.height, values.pixels, values.runs].map(Number) as [
  number,
  number,
  number,
  number,
];

const image: RgbImage = { width, height, data: new Uint8Array(width * height * 3) };
for (let i = 0, state = 1; i < image.data.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  image.data[i] = state >>> 24;
}
const size = nativeSizes(image, { steps: FIT_FILE, limits: { factor: 28, minPixels: 3136, maxPixels } }).at(-1)!;
const patchOptions = {
  patchSize: 14,
  mergeSize: 2,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;
const passes = () => ({
  horizontal: computeTaps(width, size.width, CUBIC),
  vertical: computeTaps(height, size.height, CUBIC),
});

const expected = resampleScalar(image, passes());
const simd = resampleSimd(image, passes());
if (simd === null) throw new Error('There is no SIMD here.');
if (Buffer.compare(simd, expected) !== 0) throw new Error('The two differ.');

const small: RgbImage = { ...size, data: expected };
const steps = {
  'resize, scalar': () => resampleScalar(image, passes()),
  'resize, SIMD': () => resampleSimd(image, passes()),
  'normalising and cutting patches': () => patchRows(small, patchOptions),
};
const times = new Map<string, number[]>(Object.keys(steps).map((name) => [name, []]));
for (let run = -2; run < runs; run++) {
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    step();
    if (run >= 0) times.get(name)!.push(performance.now() - start); // the first runs are for the compilers
  }
}

const [scalar, ours, patches] = [...times.values()].map(median) as [number, number, number];
const row = (name: string, value: number, all: readonly number[]) => [
  name,
  value.toFixed(1),
  Math.min(...all).toFixed(1),
  `${(scalar / value).toFixed(1)} ×`,
];
const text = `## Resize, ${width} × ${height} → ${size.width} × ${size.height}

${machine()}

\`npx tsx bench/resize.ts --width ${width} --height ${height} --pixels ${maxPixels} --runs ${runs}\`

${table(
  ['interleaved runs', 'median ms', 'least ms', 'faster than scalar'],
  [...times].map(([name, all]) => row(name, median(all), all)),
)}

Pixels to patches: ${(scalar + patches).toFixed(0)} ms before, ${(ours + patches).toFixed(0)} ms with SIMD; the same bits.
`;
console.log(text);
if (values.record) appendFileSync(new URL('./RESULTS.md', import.meta.url), `\n${text}`);
