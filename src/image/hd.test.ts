/** @file The HD plan against the authors' own processor: `reference/fixtures/backbones/phi3-v.json`. */

import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { backboneOracle, type BackboneCase } from '../testing/backbones';
import { maxDifference, sha256 } from '../testing/fixtures';
import { floats, goldenInput } from '../testing/golden';
import { decodeImage, hdLayout, hdPatches, type RgbImage } from './index';
import { MAX_CROPS } from './plans';

const TILE = 336;
const OPTIONS = {
  tile: TILE,
  patchSize: 14,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;
const VALUES = 3 * TILE ** 2;

const cases = backboneOracle('phi3-v').cases.filter(({ images }) => images !== undefined);

const pictureOf = (item: BackboneCase): Promise<RgbImage> =>
  decodeImage(goldenInput(item).image![0]!, { orientation: 'stored' });

/** Patches of tiles put together again. // [tiles, 3, 336, 336] */
function planes(patches: Float32Array): Float32Array {
  const result = new Float32Array(patches.length);
  const perSide = TILE / 14;
  patches.forEach((value, i) => {
    const tile = Math.floor(i / VALUES);
    const patch = Math.floor((i % VALUES) / 588);
    const channel = Math.floor((i % 588) / 196);
    const y = Math.floor(patch / perSide) * 14 + Math.floor((i % 196) / 14);
    const x = (patch % perSide) * 14 + (i % 14);
    result[tile * VALUES + (channel * TILE + y) * TILE + x] = value;
  });
  return result;
}

/** Bicubic interpolation (a = -0.75, no antialiasing) of a side to `TILE`, by its definition. */
function tapsOf(length: number): { at: number; weight: number }[][] {
  const a = -0.75;
  return Array.from({ length: TILE }, (_, position) => {
    const source = (position + 0.5) * (length / TILE) - 0.5;
    const first = Math.floor(source);
    return [-1, 0, 1, 2].map((tap) => {
      const x = Math.abs(source - first - tap);
      const weight = x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
      return { at: Math.min(Math.max(first + tap, 0), length - 1), weight };
    });
  });
}

/** The view of the tiles, each pixel for itself. // [1 + rows·columns, 3, 336, 336] → [3, 336, 336] */
function viewOf(tiles: Float32Array, { rows, columns }: { rows: number; columns: number }): Float64Array {
  const across = tapsOf(columns * TILE);
  const down = tapsOf(rows * TILE);
  const view = new Float64Array(VALUES);
  for (let channel = 0, at = 0; channel < 3; channel++) {
    // What a pixel reads of one row, of all rows.
    const narrow = new Float64Array(rows * TILE * TILE);
    for (let y = 0; y < rows * TILE; y++) {
      const tileRow = Math.floor(y / TILE) * columns;
      const within = (channel * TILE + (y % TILE)) * TILE;
      for (let x = 0; x < TILE; x++) {
        let sum = 0;
        for (const { at: column, weight } of across[x]!) {
          sum += weight * tiles[(1 + tileRow + Math.floor(column / TILE)) * VALUES + within + (column % TILE)]!;
        }
        narrow[y * TILE + x] = sum;
      }
    }
    for (let y = 0; y < TILE; y++) {
      for (let x = 0; x < TILE; x++) {
        view[at++] = down[y]!.reduce((sum, { at: row, weight }) => sum + weight * narrow[row * TILE + x]!, 0);
      }
    }
  }
  return view;
}

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('layout and pixels', () => {
  test.each(cases.map(({ id }) => id))('%s', async (id) => {
    const item = cases.find((each) => each.id === id)!;
    const picture = await pictureOf(item);
    const layout = hdLayout(picture, { tile: TILE, crops: item.numCrops! });
    expect([layout.rows, layout.columns]).toEqual(item.grid);
    const tiles = planes(hdPatches(picture, layout, OPTIONS));
    expect(sha256(tiles.subarray(VALUES))).toBe(item.cropPixels);
    const means = Float32Array.from({ length: tiles.length / VALUES }, (_, i) =>
      mean(tiles.subarray(i * VALUES, (i + 1) * VALUES)),
    );
    expect(maxDifference(means, floats(item.tileMeans!))).toBeLessThan(1e-6);
    // Pixel by pixel: the definition, from which the authors' view is `viewError` at most; and some of theirs themselves.
    const view = tiles.subarray(0, VALUES);
    const defined = viewOf(tiles, layout);
    const furthest = view.reduce((most, value, i) => Math.max(most, Math.abs(value - defined[i]!)), 0);
    expect(furthest + item.viewError!).toBeLessThan(1e-6);
    const kept = view.filter((_, i) => i % 1323 === 0);
    expect(maxDifference(kept, floats(item.viewPixels!))).toBeLessThan(1e-6);
  });
});

test('a side of 56 × 50 with 16 crops has the height that two float64 divisions give', () => {
  expect(hdLayout({ width: 56, height: 50 }, { tile: TILE, crops: 16 }).size).toEqual({ width: 1344, height: 1199 });
});

test('a transposed picture keeps its rows and columns', () => {
  const wide = hdLayout({ width: 300, height: 20 }, { tile: TILE, crops: 4 });
  const tall = hdLayout({ width: 20, height: 300 }, { tile: TILE, crops: 4 });
  expect([wide.rows, wide.columns]).toEqual([1, 4]);
  expect([tall.rows, tall.columns]).toEqual([4, 1]);
});

test('a picture of which nothing would be left, and too many crops, are refused', () => {
  expect(() => hdLayout({ width: 1345, height: 1 }, { tile: TILE, crops: 4 })).toThrow(InvalidInputError);
  expect(hdLayout({ width: 1344, height: 1 }, { tile: TILE, crops: 4 }).size).toEqual({ width: 1344, height: 1 });
  expect(() => hdLayout({ width: 9, height: 9 }, { tile: TILE, crops: MAX_CROPS + 1 })).toThrow(/numCrops/);
});
