/** @file Image files that are cut short, lie or are noise: a named error each, before pixels are allocated. */
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { ImageFormatError, ImageTooLargeError, InvalidInputError } from '../errors';
import { fixtureBytes } from '../testing/fixtures';
import { orientationTags } from './exif';
import { readHeader } from './headers';
import { decodeImage, MAX_INPUT_PIXELS, readSize } from './index';

const PNG = fixtureBytes('images/tiny.png');
const JPEG = fixtureBytes('images/decode/exif-6.jpg');
const WEBP = fixtureBytes('images/decode/lossless.webp');
const GIF = fixtureBytes('images/decode/still.gif');

const concat = (...parts: (Uint8Array | number[] | string)[]) =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))),
  );
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const u16le = (value: number) => [value & 255, value >>> 8];
const u32le = (value: number) => u32(value).reverse();

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

function chunk(type: string, data: Uint8Array | number[]): Uint8Array {
  const body = concat(type, data);
  return concat(u32(data.length), body, u32(crc(body)));
}

interface PngParts {
  width: number;
  height: number;
  depth?: number;
  color?: number;
  rows: Uint8Array | number[];
  between?: Uint8Array;
}

function png({ width, height, depth = 8, color = 2, rows, between = new Uint8Array() }: PngParts): Uint8Array {
  const header = chunk('IHDR', [...u32(width), ...u32(height), depth, color, 0, 0, 0]);
  const pixels = chunk('IDAT', new Uint8Array(deflateSync(Uint8Array.from(rows))));
  return concat('\x89PNG\r\n\x1a\n', header, between, pixels, chunk('IEND', []));
}

const bmp = (width: number, height: number, bits = 24, pixels = 0) =>
  concat(
    'BM',
    u32le(54 + pixels),
    u32le(0),
    u32le(54),
    u32le(40),
    u32le(width),
    u32le(height),
    u16le(1),
    u16le(bits),
    new Uint8Array(24 + pixels),
  );

const bmpAt = (offset: number, compression = 0) => {
  const file = bmp(2, 2, 24, 24);
  file[10] = offset;
  file[30] = compression;
  return file;
};

const gif = (width: number, height: number, frame: [number, number, number, number]) =>
  concat('GIF89a', u16le(width), u16le(height), [0, 0, 0], ',', frame.flatMap(u16le), [0, 2, 1, 0x44, 0, 0x3b]);

const jpeg = (width: number, height: number) => {
  const be = (value: number) => [value >>> 8, value & 255];
  return concat([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, ...be(height), ...be(width), 1, 1, 0x11, 0, 0xff, 0xd9]);
};

const webpExtended = (width: number, height: number, picture: Uint8Array) => {
  const canvas = [...u32le(width - 1).slice(0, 3), ...u32le(height - 1).slice(0, 3)];
  const body = concat('WEBPVP8X', u32le(10), [0, 0, 0, 0], canvas, picture);
  return concat('RIFF', u32le(body.length), body);
};

const box = (type: string, ...parts: (Uint8Array | number[])[]) => {
  const body = concat(...parts);
  return concat(u32(body.length + 8), type, body);
};
const avif = (...sizes: [number, number][]) => {
  const extents = sizes.map(([width, height]) => box('ispe', [0, 0, 0, 0], u32(width), u32(height)));
  const properties = box('iprp', box('ipco', ...extents));
  return concat(box('ftyp', concat('avif'), u32(0), concat('avifmif1')), box('meta', [0, 0, 0, 0], properties));
};

describe('sizes are read from headers', () => {
  let encoded: [string, Uint8Array][];
  beforeAll(async () => {
    const picture = sharp({
      create: { width: 37, height: 23, channels: 4, background: { r: 9, g: 99, b: 199, alpha: 0.5 } },
    });
    encoded = [
      ['PNG', await picture.clone().png().toBuffer()],
      ['PNG', await picture.clone().png({ progressive: true, palette: true }).toBuffer()],
      ['JPEG', await picture.clone().jpeg().toBuffer()],
      ['JPEG', await picture.clone().jpeg({ progressive: true, mozjpeg: true }).toBuffer()],
      ['WebP', await picture.clone().webp().toBuffer()],
      ['WebP', await picture.clone().webp({ lossless: true }).toBuffer()],
      ['WebP', await picture.clone().removeAlpha().webp().toBuffer()],
      ['GIF', await picture.clone().gif().toBuffer()],
      ['AVIF', await picture.clone().avif({ effort: 0 }).toBuffer()],
    ];
  });

  test('of every format that sharp writes', async () => {
    for (const [format, bytes] of encoded) {
      expect(readHeader(bytes), format).toMatchObject({ format, width: 37, height: 23 });
      const image = await decodeImage(bytes);
      expect([image.width, image.height, image.data.length], format).toEqual([37, 23, 37 * 23 * 3]);
    }
  });

  test('every beginning of every file is refused by name, unless it has all pixels as in Pillow', async () => {
    for (const [format, bytes] of encoded) {
      // What follows the last pixel: of PNG the end of zlib's block, checksums and IEND; of GIF two bytes.
      const spare = { PNG: 28, GIF: 4 }[format] ?? 0;
      const whole = await decodeImage(bytes);
      let decoded = 0;
      for (let length = 0; length < bytes.length; length += length < 400 ? 1 : 13) {
        const cut = decodeImage(bytes.subarray(0, length));
        if (length < bytes.length - spare) {
          await expect(cut, `${format} cut to ${length}`).rejects.toThrow(ImageFormatError);
          continue;
        }
        const image = await cut.catch((error: unknown) => {
          if (!(error instanceof ImageFormatError)) throw error;
        });
        if (image !== undefined) expect(image, `${format} cut to ${length}`).toEqual(whole);
        decoded += image === undefined ? 0 : 1;
      }
      expect(decoded > 0, format).toBe(spare > 0);
    }
  });

  test('BMP and AVIF headers', () => {
    expect(readHeader(bmp(4, 2, 24, 24))).toMatchObject({ width: 4, height: 2 });
    expect(readHeader(bmp(4, -2 >>> 0, 24, 24))).toMatchObject({ width: 4, height: 2 });
    expect(readHeader(avif([64, 64], [640, 480], [8, 8]))).toMatchObject({ format: 'AVIF', width: 640, height: 480 });
  });
});

describe('bombs', () => {
  test.each([
    ['a PNG of 67 bytes', png({ width: 16_384, height: 16_384, rows: [] })],
    ['a PNG of the largest size', png({ width: 0x7fffffff, height: 0x7fffffff, rows: [] })],
    ['a JPEG', jpeg(64_250, 64_250)],
    ['a GIF', gif(65_535, 65_535, [0, 0, 65_535, 65_535])],
    ['a WebP', webpExtended(16_384, 16_384, concat('VP8L', u32le(5), [0x2f, 0xff, 0xff, 0xff, 0x0f, 0]))],
    ['an AVIF', avif([1, 1], [60_000, 60_000])],
  ])('%s is refused before decoding', async (_, bytes) => {
    expect(bytes.length).toBeLessThan(200);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeImage(bytes)).rejects.toThrow(ImageTooLargeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    await expect(decodeImage(bytes)).rejects.toMatchObject({ details: { limit: MAX_INPUT_PIXELS } });
  });

  test('a small PNG that inflates to much more than its size stops at its last row', async () => {
    const rows = new Uint8Array(50_000_000);
    const image = await decodeImage(png({ width: 2, height: 2, rows }));
    expect(image.data).toEqual(new Uint8Array(12));
  });
});

describe('lies', () => {
  const row = (width: number) => [0, ...new Array<number>(width * 3).fill(7)];

  test.each([
    ['a PNG with fewer rows than it says', png({ width: 2, height: 3, rows: [...row(2), ...row(2)] }), /end too early/],
    ['a PNG with an unknown filter', png({ width: 1, height: 1, rows: [9, 1, 2, 3] }), /unknown filter 9/],
    ['a PNG of no pixels', png({ width: 0, height: 1, rows: [] }), /0×1 pixels/],
    ['a PNG of an impossible depth', png({ width: 1, height: 1, depth: 3, rows: [] }), /colour type 2 with 3 bits/],
    ['a palette PNG without palette', png({ width: 1, height: 1, color: 3, rows: [0, 0] }), /needs a palette/],
    [
      'a palette of odd length',
      png({ width: 1, height: 1, color: 3, rows: [0, 0], between: chunk('PLTE', [1]) }),
      /palette/,
    ],
    [
      'a WebP canvas unlike its picture',
      webpExtended(9, 9, concat('VP8L', u32le(5), [0x2f, 1, 0x40, 0, 0, 0])),
      /declares 9×9 pixels but contains 2×2/,
    ],
    ['a GIF without a picture', concat('GIF89a', u16le(4), u16le(4), [0, 0, 0, 0x3b]), /no picture/],
    ['a BMP whose pixels begin in its header', bmpAt(20), /inside its header/],
    ['a BMP of 5 bits', bmp(4, 2, 5, 24), /5 bits/],
    ['a BMP that holds a JPEG', bmpAt(54, 4), /compression 4/],
    ['a BMP without its pixels', bmp(100, 100), /cut short/],
    ['a JPEG without a picture', concat([0xff, 0xd8, 0xff, 0xd9]), /no picture/],
    ['a JPEG without scans', jpeg(4, 4), /cannot be decoded/],
    ['an AVIF without a size', avif(), /no picture with a size/],
    ['an MP4', concat(box('ftyp', concat('isom'), u32(0), concat('isomavc1'))), /not a PNG/],
  ])('%s', async (_, bytes, message) => {
    await expect(decodeImage(bytes)).rejects.toThrow(ImageFormatError);
    await expect(decodeImage(bytes)).rejects.toThrow(message);
  });

  test('every single flipped bit in the pixels or header of a PNG is found', async () => {
    const idat = Buffer.from(PNG).indexOf('IDAT');
    for (const offset of [16, 19, 23, 24, 25, 29, idat + 4, idat + 50, PNG.length - 20]) {
      const flipped = PNG.slice();
      flipped[offset]! ^= 1 << (offset % 8);
      await expect(decodeImage(flipped), String(offset)).rejects.toThrow(
        expect.objectContaining({
          name: expect.stringMatching(/^Image(Format|TooLarge)Error$/),
        }),
      );
    }
  });
});

describe('noise', () => {
  const named = (error: unknown) => error instanceof ImageFormatError;

  test('header parsers throw nothing but ImageFormatError', async () => {
    const seeds = [PNG, JPEG, WEBP, GIF, bmp(4, 2, 24, 24), avif([4, 4]), gif(2, 2, [0, 0, 2, 2])];
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      length: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ seed, edits, length }) => {
        const bytes = seed.slice(0, (length % 3 === 0 ? length % seed.length : seed.length) + 1);
        for (const [at, value] of edits) bytes[at % Math.min(bytes.length, 200)] = value;
        try {
          const { width, height } = await readSize(bytes);
          expect(width * height).toBeGreaterThan(0);
        } catch (error) {
          if (!named(error)) throw error;
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test('decoding mutated files ends in pixels or a named error', async () => {
    const seeds = [PNG, JPEG, WEBP, GIF];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (seed, edits) => {
          const bytes = seed.slice();
          for (const [at, value] of edits) bytes[at % bytes.length] = value;
          try {
            const { width, height, data } = await decodeImage(bytes, { maxInputPixels: 100_000 });
            expect(data.length).toBe(width * height * 3);
          } catch (error) {
            if (!named(error) && !(error instanceof ImageTooLargeError)) throw error;
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('EXIF blocks: any bytes give tags inside the block, or none', () => {
    const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
    expect(orientationTags(Uint8Array.from(tiff), { start: 0, end: tiff.length })).toEqual([
      { value: 6, offset: 18, size: 2, littleEndian: true },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(tiff.length - 1), fc.nat(255)), { maxLength: 5 }),
        fc.nat(30),
        (edits, end) => {
          const bytes = Uint8Array.from(tiff);
          for (const [at, value] of edits) bytes[at] = value;
          for (const { offset, size } of orientationTags(bytes, { start: 0, end })) {
            expect(offset + size).toBeLessThanOrEqual(Math.min(end, bytes.length));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('pixels of an impossible size are refused', async () => {
  for (const [width, height] of [
    [0, 4],
    [-1, 4],
    [1.5, 2],
    [2 ** 31, 2 ** 31],
    [Number.NaN, 1],
  ] as const) {
    await expect(decodeImage({ width, height, data: new Uint8Array(12) })).rejects.toThrow(InvalidInputError);
  }
});
