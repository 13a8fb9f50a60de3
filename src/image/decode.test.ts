/** @file Decoding in Node against Pillow's pixels; EXIF; inputs of every kind. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ImageFormatError, ImageTooLargeError, InvalidInputError, SourceNotFoundError } from '../errors';
import { exampleCase, expectedDecodes, fixtureBytes, fixturePath, sha256 } from '../testing/fixtures';
import { decodeImage, type ImageInput, type RgbImage } from './index';
import { imagePatches } from '../testing/patches';
import { orientImage } from './orient';

const blob = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);

describe('pixels are Pillow’s', () => {
  test.each(expectedDecodes().map((item) => [item.image, item] as const))('%s', async (_, item) => {
    const image = await decodeImage(blob(fixtureBytes(item.image)), { orientation: 'stored' });
    expect([image.width, image.height]).toEqual([item.width, item.height]);
    if (item.rgb !== undefined) expect(Buffer.from(image.data).toString('base64')).toBe(item.rgb);
    expect(sha256(image.data)).toBe(item.sha256);
  });

  test.runIf(exampleCase())('the model card’s picture, to the last patch', async () => {
    const example = exampleCase()!;
    const image = await decodeImage(example.path);
    expect([image.width, image.height]).toEqual([example.width, example.height]);
    expect(sha256(image.data)).toBe(example.rgbSha256);
    const { patches, grid } = imagePatches(image, {
      minPixels: 3136,
      maxPixels: 12_845_056,
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
      patchSize: 14,
      mergeSize: 2,
    });
    expect([grid.height, grid.width]).toEqual(example.grid);
    expect(sha256(patches)).toBe(example.foldedSha256);
  });
});

test('a colour profile changes nothing', async () => {
  const { width, height, data } = await decodeImage(fixtureBytes('images/cat.png'));
  const profiled = await sharp(data, { raw: { width, height, channels: 3 } })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  const marker = profiled.indexOf(Buffer.from([0xff, 0xe2]));
  const end = marker + 2 + profiled.readUInt16BE(marker + 2);
  const bare = Buffer.concat([profiled.subarray(0, marker), profiled.subarray(end)]);
  const managed = await sharp(profiled).raw().toBuffer();
  expect((await decodeImage(profiled)).data).toEqual((await decodeImage(bare)).data);
  expect(Buffer.compare((await decodeImage(profiled)).data, managed)).not.toBe(0);
});

describe('EXIF orientation', () => {
  const turned = expectedDecodes().filter((item) => item.image.includes('exif-'));

  /** Independent of the code under test: sharp turns by the tag. */
  async function upright(bytes: Uint8Array): Promise<RgbImage> {
    const { data, info } = await sharp(bytes).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  }

  test.each(turned.map((item) => [item.image, item] as const))('%s is turned upright', async (image, item) => {
    const result = await decodeImage(blob(fixtureBytes(image)));
    const expected = image.endsWith('.png')
      ? orientImage(await decodeImage(blob(fixtureBytes(image)), { orientation: 'stored' }), item.orientation)
      : await upright(fixtureBytes(image));
    expect([result.width, result.height]).toEqual([expected.width, expected.height]);
    expect(result.data).toEqual(expected.data);
    expect(item.orientation >= 5).toBe(result.width === item.height);
  });

  test('all eight ways, on two pixels by three', () => {
    const numbered = (width: number, height: number, order: number[]) => ({
      width,
      height,
      data: Uint8Array.from(order.flatMap((n) => [n, n + 10, n + 20])),
    });
    const stored = numbered(2, 3, [0, 1, 2, 3, 4, 5]);
    const expected: [number, number, number, number[]][] = [
      [1, 2, 3, [0, 1, 2, 3, 4, 5]],
      [2, 2, 3, [1, 0, 3, 2, 5, 4]],
      [3, 2, 3, [5, 4, 3, 2, 1, 0]],
      [4, 2, 3, [4, 5, 2, 3, 0, 1]],
      [5, 3, 2, [0, 2, 4, 1, 3, 5]],
      [6, 3, 2, [4, 2, 0, 5, 3, 1]],
      [7, 3, 2, [5, 3, 1, 4, 2, 0]],
      [8, 3, 2, [1, 3, 5, 0, 2, 4]],
    ];
    for (const [orientation, width, height, order] of expected) {
      expect(orientImage(stored, orientation), String(orientation)).toEqual(numbered(width, height, order));
    }
  });
});

describe('inputs', () => {
  let folder: string;
  const png = fixtureBytes('images/tiny.png');
  const tinyHash = expectedDecodes().find((item) => item.image === 'images/tiny.png')!.sha256;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'images-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('a path, a file URL, bytes, a data URL and an HTTP URL are the same picture', async () => {
    const file = fixturePath('images/tiny.png');
    const dataUrl = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    const inputs: ImageInput[] = [
      file,
      pathToFileURL(file),
      pathToFileURL(file).href,
      png,
      png.slice().buffer,
      dataUrl,
    ];
    for (const input of inputs) expect(sha256((await decodeImage(input)).data)).toBe(tinyHash);
    vi.stubGlobal('fetch', async () => new Response(png as Uint8Array<ArrayBuffer>));
    expect(sha256((await decodeImage('https://example.org/tiny.png')).data)).toBe(tinyHash);
    vi.unstubAllGlobals();
  });

  test('pixels are taken as they are; alpha is dropped, not blended', async () => {
    const rgb = { width: 1, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(await decodeImage(rgb)).toEqual(rgb);
    const rgba = { width: 1, height: 2, data: Uint8ClampedArray.of(1, 2, 3, 0, 4, 5, 6, 128) } as unknown as ImageData;
    expect(await decodeImage(rgba)).toEqual(rgb);
  });

  test('what is missing says so', async () => {
    const nowhere = path.join(folder, 'nowhere.png');
    await expect(decodeImage(nowhere)).rejects.toThrow(SourceNotFoundError);
    await expect(decodeImage(nowhere)).rejects.toThrow(/nowhere\.png cannot be read \(ENOENT\)/);
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(decodeImage('https://example.org/x.png')).rejects.toThrow(/HTTP 404/);
    vi.unstubAllGlobals();
  });

  test('what is no image says so', async () => {
    await writeFile(path.join(folder, 'text.png'), 'hello, I am a text');
    await expect(decodeImage(path.join(folder, 'text.png'))).rejects.toThrow(ImageFormatError);
    await expect(decodeImage(new Blob([]))).rejects.toThrow('it has no bytes');
    for (const wrong of [null, 7, {}, [], { width: 2, height: 2, data: new Uint8Array(11) }, { data: 1, width: 1 }]) {
      await expect(decodeImage(wrong as unknown as ImageInput), JSON.stringify(wrong)).rejects.toThrow(
        InvalidInputError,
      );
    }
    // As many bytes as the sides say, which are no sides.
    for (const width of [30.5, '30' as unknown as number]) {
      const pixels = { width, height: 40, channels: 3 as const, data: new Uint8Array(Number(width) * 40 * 3) };
      await expect(decodeImage(pixels)).rejects.toThrow(/are not an image/);
    }
    await expect(decodeImage(png, { orientation: 'up' as 'exif' })).rejects.toThrow(InvalidInputError);
  });

  test('the limit holds for files and for pixels, with the figures', async () => {
    const pixels = { width: 100, height: 100, data: new Uint8Array(30_000) };
    for (const input of [pixels, fixtureBytes('images/cat.png'), fixtureBytes('images/decode/exif-1.jpg')]) {
      await expect(decodeImage(input, { maxInputPixels: 95 })).rejects.toThrow(ImageTooLargeError);
    }
    await expect(decodeImage(pixels, { maxInputPixels: 9999 })).rejects.toMatchObject({
      name: 'ImageTooLargeError',
      details: { width: 100, height: 100, pixels: 10_000, limit: 9999 },
    });
  });

  test('an aborted signal stops it', async () => {
    await expect(decodeImage(png, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
