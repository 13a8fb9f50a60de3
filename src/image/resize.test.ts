/** @file Sizes, resampling and patches against Pillow's and HF's own results. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageConfig } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import {
  expectedInputs,
  expectedPatches,
  expectedResizes,
  fixtureBytes,
  fixtureInputs,
  pixelTable,
  processorCases,
  sha256,
  smartResizeCases,
  syntheticPicture,
} from '../testing/fixtures';
import { decodeImage, imageGrid, imagePatches, resizeBicubic, smartResize } from './index';
import { roundHalfEven } from './plans/native';

const QWEN: ImageConfig = {
  minPixels: 3136,
  maxPixels: 12_845_056,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  patchSize: 14,
  mergeSize: 2,
};

const load = (image: string) => decodeImage(fixtureBytes(image), { orientation: 'stored' });
const limits = (minPixels: number | null, maxPixels: number | null): ImageConfig => ({
  ...QWEN,
  minPixels: minPixels ?? QWEN.minPixels,
  maxPixels: maxPixels ?? QWEN.maxPixels,
});

test('halves round to the even neighbour', () => {
  expect([0.5, 1.5, 2.5, 3.5, 0.49999, 2.51, 7].map(roundHalfEven)).toEqual([0, 2, 2, 4, 0, 3, 7]);
});

describe('smartResize', () => {
  const factor = 28;

  test('gives what HF gives, and an error where HF raises', () => {
    for (const [height, width, minPixels, maxPixels, expected] of smartResizeCases()) {
      const label = `${height}×${width}, ${minPixels} … ${maxPixels}`;
      const run = () => smartResize(height, width, { factor, minPixels, maxPixels });
      if (expected === null) expect(run, label).toThrow(InvalidInputError);
      // The oracle's version of HF can give a side of 0, on which its resize fails; later ones take one cell.
      else expect(run(), label).toEqual({ height: expected[0] || factor, width: expected[1] || factor });
    }
  });

  test('sides are multiples of the factor, the area is never above the limit', () => {
    const side = fc.integer({ min: 28, max: 5000 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 200_000, max: 12_845_056 }), (height, width, maxPixels) => {
        fc.pre(Math.max(height, width) / Math.min(height, width) <= 200);
        const size = smartResize(height, width, { factor, minPixels: 3136, maxPixels });
        expect([size.height % factor, size.width % factor]).toEqual([0, 0]);
        expect(size.height * size.width).toBeLessThanOrEqual(maxPixels);
        expect(Math.min(size.height, size.width)).toBeGreaterThan(0);
      }),
    );
  });

  test('a long screenshot keeps one cell of its width', () => {
    const limits = { factor, minPixels: 7056, maxPixels: 11_760 };
    expect(smartResize(36_861, 790, limits)).toEqual({ height: 728, width: 28 });
    expect(smartResize(790, 36_861, limits)).toEqual({ height: 28, width: 728 });
  });

  test('errors say the figures', () => {
    const options = { factor, minPixels: 3136, maxPixels: 1e6 };
    expect(() => smartResize(27, 400, options)).toThrow('400×27 pixels; the model needs at least 28');
    expect(() => smartResize(28, 5601, options)).toThrow('aspect ratio of 200.0');
  });
});

describe('resizeBicubic', () => {
  const cases = expectedResizes();

  test.each(cases.map((item) => [item.image ?? `synthetic ${item.synthetic?.join('×')}`, item] as const))(
    '%s',
    async (_, { image, synthetic, width, height, sha256: expected, rgb }) => {
      const source = image
        ? await load(image)
        : { width: synthetic![0], height: synthetic![1], data: syntheticPicture(...synthetic!) };
      const result = resizeBicubic(source, width, height);
      expect([result.width, result.height]).toEqual([width, height]);
      if (rgb !== undefined) expect(Buffer.from(result.data).toString('base64')).toBe(rgb);
      expect(sha256(result.data)).toBe(expected);
    },
  );

  test('never hands out the input’s own bytes', () => {
    const data = new Uint8Array(12).fill(9);
    const same = resizeBicubic({ width: 2, height: 2, data }, 2, 2);
    expect(same.data).toEqual(data);
    expect(same.data).not.toBe(data);
  });

  test('a flat picture stays flat at every size', () => {
    const size = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(255), (width, height, newWidth, newHeight, grey) => {
        const data = new Uint8Array(width * height * 3).fill(grey);
        const result = resizeBicubic({ width, height, data }, newWidth, newHeight);
        expect(new Set(result.data)).toEqual(new Set([grey]));
        expect(result.data.length).toBe(newWidth * newHeight * 3);
      }),
    );
  });
});

describe('imagePatches', () => {
  test.each(processorCases().map((item) => [item.image, item] as const))('%s as HF', async (_, item) => {
    const { patches, grid, tokens } = imagePatches(await load(item.image), limits(item.minPixels, item.maxPixels));
    expect([grid.height, grid.width]).toEqual(item.grid);
    expect(patches.length).toBe(item.patches * 588);
    expect(tokens).toBe(item.patches / 4);
    expect(sha256(patches)).toBe(item.foldedSha256);
  });

  test('every image input of the fixtures', async () => {
    const expected = expectedInputs();
    for (const { id, image, minPixels, maxPixels } of fixtureInputs()) {
      if (image === null) continue;
      const { patches, grid } = imagePatches(await load(image), limits(minPixels, maxPixels));
      const wanted = expected.get(id)!;
      if (wanted.grid === null) throw new Error(`${id} has no grid`);
      expect([grid.height, grid.width], id).toEqual(wanted.grid);
      expect(sha256(patches), id).toBe(wanted.foldedSha256);
    }
  });

  test('is HF’s tensor with one of the two equal temporal slices', async () => {
    const whole = expectedPatches('image-tiny'); // [16, 3, 2, 196]
    const { patches } = imagePatches(await load('images/tiny.png'), QWEN);
    for (let row = 0; row < 16 * 3; row++) {
      for (const slice of [0, 1]) {
        const from = (row * 2 + slice) * 196;
        expect(patches.subarray(row * 196, (row + 1) * 196)).toEqual(whole.subarray(from, from + 196));
      }
    }
  });

  test('every byte of every channel becomes HF’s float32', () => {
    const table = pixelTable();
    for (let byte = 0; byte < 256; byte++) {
      const data = new Uint8Array(28 * 28 * 3).fill(byte);
      const { patches } = imagePatches({ width: 28, height: 28, data }, { ...QWEN, minPixels: 784 });
      for (let channel = 0; channel < 3; channel++) {
        expect(patches[channel * 196]).toBe(table[channel * 256 + byte]);
      }
    }
  });

  test('imageGrid foretells the grid without pixels', () => {
    expect(imageGrid(599, 800, QWEN)).toEqual({ grid: { height: 42, width: 58 }, tokens: 609 });
  });
});
