/**
 * @file Every format, usual and odd files, against Pillow and pillow-heif: pixels, size and orientation. More of the same
 * by the thousand: `reference/decode/`.
 */
import { expect, test } from 'vitest';
import { expectedUpright, fixtureBytes, largestDifference, sha256 } from '../testing/fixtures';
import { decodeImage, decodePicture, readSize } from './index';

const files = expectedUpright();

test.each(files.map((file) => [file.image.split('/').at(-1)!, file] as const))('%s', async (_, file) => {
  const bytes = fixtureBytes(file.image);
  const { image, size, orientation } = await decodePicture(bytes);
  const expected = { width: file.width, height: file.height };
  expect(size).toEqual(expected);
  expect(await readSize(bytes)).toEqual(expected);
  expect({ width: image.width, height: image.height }).toEqual(expected);
  if (file.rgb === undefined) {
    expect(sha256(image.data)).toBe(file.sha256);
    expect(sha256((await decodeImage(bytes, { orientation: 'stored' })).data)).toBe(file.storedSha256);
    if (file.sha256 !== file.storedSha256) expect(orientation).toBeGreaterThan(1);
  } else {
    // What a decoder without interpolated colour would miss by is more: 20 and up in files like these.
    const { all, inside } = largestDifference(image.data, file);
    expect(file.format === 'heic' ? all : inside).toBeLessThanOrEqual(file.format === 'heic' ? 10 : 4);
    expect(all).toBeLessThanOrEqual(60);
  }
});

test('the files are what they are here for', () => {
  const turned = files.filter(({ sha256: upright, storedSha256 }) => upright !== storedSha256);
  expect(new Set(turned.map(({ format }) => format))).toEqual(new Set(['jpg', 'png', 'webp', 'avif']));
  expect(new Set(files.map(({ format }) => format)).size).toBe(7);
});
