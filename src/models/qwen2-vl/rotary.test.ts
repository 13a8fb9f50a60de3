import { expect, test } from 'vitest';
import { textRotary, visionRotary } from './rotary';
import { tinyConfig } from './testing/tiny-model';

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
    // float32 angles: 299 radians are known to 1.5e-5.
    expect(cos[p * 64 + i]).toBeCloseTo(Math.cos(angle), 4);
    expect(sin[p * 64 + i]).toBeCloseTo(Math.sin(angle), 4);
  }
});

test('vision: 20 pairs turn with the row, 20 with the column, patches in merge blocks', () => {
  const { cos, rows, columns } = visionRotary(tinyConfig, { height: 4, width: 6 });
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
