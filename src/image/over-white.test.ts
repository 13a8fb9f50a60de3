/** @file Transparent pictures over white, as Qwen3-VL's recipe wants them, against Pillow: `reference/decode/over_white.py`. */
import { expect, test } from 'vitest';
import { expectedOverWhite, fixtureBytes, largestDifference, sha256 } from '../testing/fixtures';
import { decodePicture } from './index';
import { overWhite } from './transparency';

const files = expectedOverWhite();

test.each(files.map((file) => [file.image.split('/').at(-1)!, file] as const))('%s', async (_, file) => {
  const bytes = file.file ? new Uint8Array(Buffer.from(file.file, 'base64')) : fixtureBytes(file.image);
  const { image } = await decodePicture(bytes, { transparency: 'white' });
  const dropped = (await decodePicture(bytes)).image;
  if (file.rgb === undefined) {
    expect(sha256(image.data)).toBe(file.sha256);
  } else {
    const isHeic = file.image.endsWith('heic');
    const { all, inside } = largestDifference(image.data, { ...file, ...image });
    expect(isHeic ? all : inside).toBeLessThanOrEqual(isHeic ? 10 : 4);
    expect(largestDifference(dropped.data, { ...file, ...image }).inside).toBeGreaterThan(100);
  }
});

test('the files are of every format that has alpha, and some bitmaps only look as if they had', () => {
  const endings = new Set(files.filter(({ file }) => !file).map(({ image }) => image.split('.').at(-1)));
  expect(endings).toEqual(new Set(['png', 'webp', 'heic', 'avif']));
  expect(files.filter(({ file }) => file).length).toBe(12);
});

test('opaque stays, nothing becomes white, between is rounded as Pillow rounds', () => {
  expect([overWhite(17, 255), overWhite(17, 0), overWhite(0, 128), overWhite(10, 1)]).toEqual([17, 255, 127, 254]);
});
