import { expect, test } from 'vitest';
import { shrink, thumbnailSize } from './thumbnail';

test('sizes of thumbnails', () => {
  expect(thumbnailSize(4000, 3000)).toEqual({ width: 256, height: 192 });
  expect(thumbnailSize(30, 40)).toEqual({ width: 30, height: 40 });
  expect(thumbnailSize(10, 36_861)).toEqual({ width: 1, height: 256 });
});

test('blocks become their means; incomplete blocks at the ends are cut off', () => {
  const width = 5;
  const height = 3;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256);
  const at = (x: number, y: number, channel: number) => data[(y * width + x) * 3 + channel]!;
  const small = shrink({ width, height, data }, 2);
  expect([small.width, small.height]).toEqual([2, 1]);
  for (const x of [0, 1]) {
    for (const channel of [0, 1, 2]) {
      const block = [
        at(2 * x, 0, channel),
        at(2 * x + 1, 0, channel),
        at(2 * x, 1, channel),
        at(2 * x + 1, 1, channel),
      ];
      expect(small.rgba[4 * x + channel]).toBe(Math.round(block.reduce((sum, value) => sum + value) / 4));
    }
    expect(small.rgba[4 * x + 3]).toBe(255);
  }
});

test('a factor larger than the shorter side, and no reduction', () => {
  const data = Uint8Array.of(10, 20, 30, 30, 40, 50, 50, 60, 70);
  expect([...shrink({ width: 1, height: 3, data }, 3).rgba]).toEqual([30, 40, 50, 255]);
  expect(shrink({ width: 3, height: 1, data }, 0)).toMatchObject({ width: 3, height: 1 });
});
