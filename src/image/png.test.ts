/**
 * @file Our PNG decoder against files written here with every filter, depth, colour type and interlacing; and against
 * sharp. What Pillow makes of its own: `decode.test.ts`.
 */
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage } from './index';

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Picture {
  width: number;
  height: number;
  colorType: number;
  depth: number;
  interlaced: boolean;
  /** Sample s of pixel (x, y). */
  sample(x: number, y: number, s: number): number;
  /** The filter of the n-th row of the file. */
  filter(n: number): number;
  palette?: number[];
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** The bytes of a row before filtering: samples packed to `depth` bits each, big-endian. */
function packRow(samples: number[], depth: number): number[] {
  if (depth === 16) return samples.flatMap((value) => [value >> 8, value & 255]);
  const bits = samples.flatMap((value) => Array.from({ length: depth }, (_, i) => (value >> (depth - 1 - i)) & 1));
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Array.from({ length: 8 }, (_, j) => bits[8 * i + j] ?? 0).reduce((byte, bit) => byte * 2 + bit, 0),
  );
}

/** As the specification words it: what to subtract from a byte, of its left, upper and upper left neighbours. */
function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return Math.floor((left + up) / 2);
  if (filter !== 4) return 0;
  const estimate = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function encodePng(picture: Picture): Uint8Array {
  const { width, height, colorType, depth, interlaced, palette } = picture;
  const samples = SAMPLES[colorType]!;
  const pixelBytes = Math.max(1, (samples * depth) / 8);
  const filtered: number[] = [];
  let rowNumber = 0;
  for (const [x0, y0, stepX, stepY] of interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const)) {
    let above: number[] = [];
    for (let y = y0; y < height && x0 < width; y += stepY) {
      const values: number[] = [];
      for (let x = x0; x < width; x += stepX) {
        for (let s = 0; s < samples; s++) values.push(picture.sample(x, y, s));
      }
      const row = packRow(values, depth);
      const filter = picture.filter(rowNumber++);
      filtered.push(filter);
      row.forEach((byte, i) => {
        const corner = above[i - pixelBytes] ?? 0;
        filtered.push((byte - predict(filter, row[i - pixelBytes] ?? 0, above[i] ?? 0, corner)) & 255);
      });
      above = row;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, Number(interlaced)], 8);
  const pixels = deflateSync(Uint8Array.from(filtered));
  const middle = pixels.length >> 1;
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      ...(palette ? [chunk('PLTE', Uint8Array.from(palette))] : []),
      chunk('IDAT', pixels.subarray(0, middle)),
      chunk('IDAT', pixels.subarray(middle)),
      chunk('IEND', new Uint8Array()),
    ]),
  );
}

/** What Pillow's `convert('RGB')` makes of a pixel. */
function expectedPixel({ colorType, depth, sample, palette }: Picture, x: number, y: number): number[] {
  const value = sample(x, y, 0);
  if (colorType === 3) return [0, 1, 2].map((channel) => palette![3 * value + channel] ?? 0);
  if (colorType === 0) {
    const grey = depth === 16 ? Math.min(value, 255) : (value * 255) / (2 ** depth - 1);
    return [grey, grey, grey];
  }
  const channels = colorType === 4 ? [0, 0, 0] : [0, 1, 2];
  return channels.map((s) => sample(x, y, s) >> (depth - 8));
}

const KINDS = [
  ...[1, 2, 4, 8, 16].map((depth) => ({ colorType: 0, depth })),
  ...[1, 2, 4, 8].map((depth) => ({ colorType: 3, depth })),
  ...[2, 4, 6].flatMap((colorType) => [8, 16].map((depth) => ({ colorType, depth }))),
];

describe.each(KINDS)('colour type $colorType, $depth bits', ({ colorType, depth }) => {
  test('every filter and size, interlaced or not', async () => {
    const size = fc.integer({ min: 1, max: 20 });
    const inputs = fc.record({
      width: size,
      height: size,
      interlaced: fc.boolean(),
      seed: fc.nat(),
      // Few distinct values make ties between the neighbours that a filter chooses from.
      values: fc.constantFrom(2, 3, 2 ** depth),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ width, height, interlaced, seed, values }) => {
        const random = (n: number) => Math.imul(n + seed, 0x9e3779b1) >>> 8;
        const spread = Math.floor((2 ** depth - 1) / (values - 1));
        const picture: Picture = {
          width,
          height,
          colorType,
          depth,
          interlaced,
          sample: (x, y, s) => (random(x + 31 * y + 997 * s) % values) * spread,
          filter: (n) => random(n) % 5,
          palette:
            colorType === 3
              ? Array.from({ length: 3 * Math.min(2 ** depth, 200) }, (_, i) => random(i) & 255)
              : undefined,
        };
        const expected: number[] = [];
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) expected.push(...expectedPixel(picture, x, y));
        }
        expect(await decodeImage(encodePng(picture))).toEqual({ width, height, data: Uint8Array.from(expected) });
      }),
      { numRuns: 40 },
    );
  });
});

test('a large photograph as sharp writes it', async () => {
  const { data, info } = await sharp({
    create: {
      width: 700,
      height: 500,
      channels: 4,
      background: 'red',
      noise: { type: 'gaussian', mean: 120, sigma: 60 },
    },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info.channels).toBeGreaterThanOrEqual(3);
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  const rgb = await sharp(data, raw).removeAlpha().raw().toBuffer();
  for (const options of [{}, { progressive: true }, { adaptiveFiltering: true, compressionLevel: 9 }]) {
    const image = await decodeImage(await sharp(data, raw).png(options).toBuffer());
    expect(Buffer.compare(image.data, rgb)).toBe(0);
  }
});
