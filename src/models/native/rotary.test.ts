import { describe, expect, test } from 'vitest';
import type { EncodedPrompt, PicturePlan } from '../architecture';
import { textRotary, visionRotary } from './rotary';
import { tinyConfig } from '../qwen2-vl/testing/tiny-model';

test('text: row p turns pair i by p · theta^(-2i/128)', () => {
  const { cos, sin, rows, columns } = textRotary(tinyConfig).sequence(300, '');
  expect([rows, columns, cos.length, sin.length]).toEqual([300, 64, 300 * 64, 300 * 64]);
  for (const [p, i] of [
    [0, 5],
    [1, 0],
    [7, 1],
    [299, 0],
    [299, 63],
  ] as const) {
    const angle = p * 1e6 ** ((-2 * i) / 128);
    // float32 angles: 299 radians are represented to within 1.5e-5.
    expect(cos[p * 64 + i]).toBeCloseTo(Math.cos(angle), 4);
    expect(sin[p * 64 + i]).toBeCloseTo(Math.sin(angle), 4);
  }
});

test('vision: 20 pairs turn with the row, 20 with the column, patches in merge blocks', () => {
  const { cos, rows, columns } = visionRotary(tinyConfig.vision, { height: 4, width: 6 });
  expect([rows, columns]).toEqual([24, 40]);
  // Second block of the upper half: rows 0 and 1, columns 2 and 3.
  const positions = [4, 5, 6, 7].map((patch) => [
    Math.round(Math.acos(cos[patch * 40]!)),
    Math.round(Math.acos(cos[patch * 40 + 20]!)),
  ]);
  expect(positions).toEqual([
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
  ]);
  // First block of the lower half.
  expect(Math.acos(cos[12 * 40]!)).toBeCloseTo(2, 5);
  expect(cos[12 * 40 + 20]).toBe(1);
});

describe('three-axis positions', () => {
  const START = 650;
  const END = 651;
  const PAD = 655;
  const rotary = textRotary({ ...tinyConfig, visionStartTokenId: START, mropeSection: [16, 24, 24] });
  /** Words as numbers, pictures as [rows, columns], with the markers around them or bare. */
  const positionsOf = (parts: (number | [number, number])[], { bare = false } = {}) => {
    const encoded: EncodedPrompt = { ids: [], images: [] };
    const pictures: PicturePlan[] = [];
    for (const part of parts) {
      if (typeof part === 'number') {
        encoded.ids.push(part);
        continue;
      }
      const [height, width] = part;
      if (!bare) encoded.ids.push(START);
      encoded.images.push({ start: encoded.ids.length, tokens: height * width });
      encoded.ids.push(...new Array<number>(height * width).fill(PAD));
      if (!bare) encoded.ids.push(END);
      pictures.push({ cells: { height, width } } as PicturePlan);
    }
    const count = encoded.ids.length;
    const flat = rotary.positionsOf(encoded, pictures);
    return encoded.ids.map((_, i) => [0, 1, 2].map((axis) => flat[axis * count + i]).join());
  };

  // The positions that get_rope_index of transformers 4.49 gives.
  test('of text, one picture, two pictures, and pictures without their markers', () => {
    expect(positionsOf([1, 2, 3])).toEqual(['0,0,0', '1,1,1', '2,2,2']);
    expect(positionsOf([1, 2, [2, 3], 3, 4])).toEqual(
      '0,0,0 1,1,1 2,2,2 3,3,3 3,3,4 3,3,5 3,4,3 3,4,4 3,4,5 6,6,6 7,7,7 8,8,8'.split(' '),
    );
    expect(positionsOf([1, [2, 3], [2, 1], 2])).toEqual(
      '0,0,0 1,1,1 2,2,2 2,2,3 2,2,4 2,3,2 2,3,3 2,3,4 5,5,5 6,6,6 7,7,7 7,8,7 9,9,9 10,10,10'.split(' '),
    );
    expect(positionsOf([[2, 3], 1, 2], { bare: true })).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${i},${i},${i}`));
    // a literal image token that is not a picture
    expect(positionsOf([START, PAD, PAD])).toEqual(['0,0,0', '1,1,1', '2,2,2']);
  });

  test('turn the first 16 pairs with time, 24 with the row, 24 with the column', () => {
    const { cos, rows, columns } = rotary.rows(Int32Array.of(3, 0, 5, 0, 7, 1));
    expect([rows, columns]).toEqual([2, 64]);
    for (const [pair, position] of [
      [0, 3],
      [15, 3],
      [16, 5],
      [39, 5],
      [40, 7],
      [63, 7],
    ] as const) {
      expect(cos[pair]).toBeCloseTo(Math.cos(position * 1e6 ** ((-2 * pair) / 128)), 5);
    }
    expect(cos[64 + 40]).toBeCloseTo(Math.cos(1e6 ** (-80 / 128)), 6);
  });
});
