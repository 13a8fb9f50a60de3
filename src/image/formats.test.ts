/** @file GIF and BMP against files made here and against sharp. What Pillow makes of its own: `decode.test.ts`. */
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage } from './index';

const u16 = (value: number) => [value & 255, value >>> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));

interface GifParts {
  screen: [number, number];
  /** left, top, width, height */
  frame: [number, number, number, number];
  pixels: number[];
  palette?: number[];
  local?: number[];
  transparent?: number;
  interlaced?: boolean;
}

/** A GIF whose pixels are all literals: the dictionary is cleared before codes would grow past 9 bits. */
function gif({ screen, frame, pixels, palette, local, transparent, interlaced }: GifParts): Uint8Array {
  const tableFlags = (table: number[] | undefined) =>
    table === undefined ? 0 : 0x80 | (Math.log2(table.length / 3) - 1);
  const codes = pixels.flatMap((pixel, i) => (i % 200 === 0 ? [256, pixel] : [pixel]));
  codes.push(257);
  const bits = codes.flatMap((code) => Array.from({ length: 9 }, (_, bit) => (code >> bit) & 1));
  const packed = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit, place) => byte | (bit << place), 0),
  );
  const blocks: number[] = [];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  return Uint8Array.from([
    ...ascii('GIF89a'),
    ...screen.flatMap(u16),
    ...[tableFlags(palette), 0, 0],
    ...(palette ?? []),
    ...control,
    ...[0x2c, ...frame.flatMap(u16), tableFlags(local) | (interlaced ? 0x40 : 0)],
    ...(local ?? []),
    ...[8, ...blocks, 0, 0x3b],
  ]);
}

const PALETTE = [10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42]; // four colours
const colors = (indices: number[]) => Uint8Array.from(indices.flatMap((i) => PALETTE.slice(3 * i, 3 * i + 3)));

describe('GIF', () => {
  test('a transparent pixel keeps its palette colour', async () => {
    const bytes = gif({ screen: [2, 2], frame: [0, 0, 2, 2], pixels: [0, 1, 2, 3], palette: PALETTE, transparent: 2 });
    expect(await decodeImage(bytes)).toEqual({ width: 2, height: 2, data: colors([0, 1, 2, 3]) });
  });

  test('a frame smaller than the screen leaves the transparent colour, or the first', async () => {
    const parts: GifParts = { screen: [3, 2], frame: [1, 1, 2, 1], pixels: [3, 3], palette: PALETTE };
    expect((await decodeImage(gif({ ...parts, transparent: 2 }))).data).toEqual(colors([2, 2, 2, 2, 3, 3]));
    expect((await decodeImage(gif(parts))).data).toEqual(colors([0, 0, 0, 0, 3, 3]));
  });

  test('rows of an interlaced frame are put in order', async () => {
    const order = [0, 8, 4, 2, 6, 10, 1, 3, 5, 7, 9];
    const bytes = gif({ screen: [1, 11], frame: [0, 0, 1, 11], pixels: order, interlaced: true });
    expect((await decodeImage(bytes)).data).toEqual(
      Uint8Array.from(Array.from({ length: 33 }, (_, i) => Math.floor(i / 3))),
    );
  });

  test('a frame’s own palette goes before the file’s; beyond its end it is black', async () => {
    const local = PALETTE.slice(6);
    const parts = {
      screen: [3, 1],
      frame: [0, 0, 3, 1],
      pixels: [0, 1, 2],
      palette: PALETTE,
      local,
    } satisfies GifParts;
    expect((await decodeImage(gif(parts))).data).toEqual(Uint8Array.from([...local, 0, 0, 0]));
  });

  test('what sharp compresses comes back, whatever the size', async () => {
    const size = fc.integer({ min: 1, max: 90 });
    await fc.assert(
      fc.asyncProperty(size, size, fc.integer({ min: 1, max: 1000 }), fc.nat(), async (width, height, run, seed) => {
        const raw = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
          const pixel = Math.floor(i / 3);
          return (Math.imul(Math.floor(pixel / run) + seed, 0x9e3779b1) >>> 24) & 0xe0;
        });
        const bytes = await sharp(raw, { raw: { width, height, channels: 3 } })
          .gif({ dither: 0 })
          .toBuffer();
        const expected = await sharp(bytes).removeAlpha().raw().toBuffer();
        expect((await decodeImage(bytes)).data).toEqual(new Uint8Array(expected));
      }),
      { numRuns: 60 },
    );
  });

  test('a large noisy picture fills the dictionary', async () => {
    const [width, height] = [300, 200];
    const raw = Uint8Array.from({ length: width * height }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
    const bytes = await sharp(raw, { raw: { width, height, channels: 1 } })
      .gif({ dither: 0 })
      .toBuffer();
    const expected = await sharp(bytes).toColourspace('srgb').removeAlpha().raw().toBuffer();
    expect((await decodeImage(bytes)).data).toEqual(new Uint8Array(expected));
  });
});

interface BmpParts {
  width: number;
  height: number;
  bits: number;
  palette?: number[];
  /** Bottom row first, each padded to four bytes. */
  rows: number[];
  compression?: number;
}

function bmp({ width, height, bits, palette = [], rows, compression = 0 }: BmpParts): Uint8Array {
  const offset = 54 + palette.length;
  const info = [40, width, height >>> 0].flatMap(u32);
  return Uint8Array.from([
    ...ascii('BM'),
    ...[offset + rows.length, 0, offset].flatMap(u32),
    ...info,
    ...u16(1),
    ...u16(bits),
    ...[compression, rows.length, 0, 0, palette.length / 4, 0].flatMap(u32),
    ...palette,
    ...rows,
  ]);
}

describe('BMP', () => {
  const rgb = (...values: number[]) => Uint8Array.from(values);

  test('24 bits: blue first, bottom row first, rows padded', async () => {
    const rows = [1, 2, 3, 0, 4, 5, 6, 0];
    expect(await decodeImage(bmp({ width: 1, height: 2, bits: 24, rows }))).toEqual({
      width: 1,
      height: 2,
      data: rgb(6, 5, 4, 3, 2, 1),
    });
    expect((await decodeImage(bmp({ width: 1, height: -2, bits: 24, rows }))).data).toEqual(rgb(3, 2, 1, 6, 5, 4));
  });

  test('32 bits: the fourth byte is dropped', async () => {
    const rows = [1, 2, 3, 0, 4, 5, 6, 128];
    expect((await decodeImage(bmp({ width: 2, height: 1, bits: 32, rows }))).data).toEqual(rgb(3, 2, 1, 6, 5, 4));
  });

  test('palettes of 1, 4 and 8 bits', async () => {
    const palette = [1, 2, 3, 0, 4, 5, 6, 0];
    const first = [3, 2, 1];
    const second = [6, 5, 4];
    const wide = bmp({ width: 9, height: 1, bits: 1, palette, rows: [0b01000001, 0b10000000, 0, 0] });
    const ones = [0, 1, 0, 0, 0, 0, 0, 1, 1];
    expect((await decodeImage(wide)).data).toEqual(rgb(...ones.flatMap((bit) => (bit ? second : first))));
    const four = bmp({ width: 3, height: 1, bits: 4, palette, rows: [0x10, 0x1f, 0, 0] });
    expect((await decodeImage(four)).data).toEqual(rgb(...second, ...first, ...second));
    const eight = bmp({ width: 3, height: 1, bits: 8, palette, rows: [1, 0, 2, 0] });
    expect((await decodeImage(eight)).data).toEqual(rgb(...second, ...first, 0, 0, 0));
  });

  test('16 bits: five each, rounded down; or as masks say', async () => {
    const rows = [0x01, 0x7c, 0, 0]; // red 31, green 0, blue 1
    expect((await decodeImage(bmp({ width: 1, height: 1, bits: 16, rows }))).data).toEqual(rgb(255, 0, 8));
    const masks = [0xf800, 0x7e0, 0x1f].flatMap(u32); // they follow the header, where a palette would
    const masked = bmp({ width: 1, height: 1, bits: 16, palette: masks, rows, compression: 3 });
    expect((await decodeImage(masked)).data).toEqual(rgb(123, 129, 8)); // 15, 32 and 1 of 31, 63 and 31
  });

  test('pixels begin where the file says, or after header and palette where it says nothing or the palette', async () => {
    const palette = [1, 2, 3, 0, 4, 5, 6, 0];
    const plain = bmp({ width: 3, height: 1, bits: 8, palette, rows: [1, 0, 1, 0] });
    const expected = rgb(6, 5, 4, 3, 2, 1, 6, 5, 4);
    for (const offset of [62, 0, 54]) {
      const moved = plain.slice();
      moved[10] = offset;
      expect((await decodeImage(moved)).data, String(offset)).toEqual(expected);
    }
    const gap = Uint8Array.from([...plain.subarray(0, 62), 9, 9, ...plain.subarray(62)]);
    gap[10] = 64;
    expect((await decodeImage(gap)).data).toEqual(expected);
  });

  test('run lengths: runs, literals, ends of lines, jumps; too few pixels are refused', async () => {
    const palette = [0, 0, 0, 0, 1, 1, 1, 0, 2, 2, 2, 0];
    const grey = (...indices: number[]) => rgb(...indices.flatMap((i) => [i, i, i]));
    const eight = (rows: number[]) => decodeImage(bmp({ width: 4, height: 2, bits: 8, palette, rows, compression: 1 }));
    const literal = [0, 3, 1, 2, 1, 0]; // padded to two bytes
    expect((await eight([3, 2, 0, 0, ...literal, 1, 2, 0, 1])).data).toEqual(grey(1, 2, 1, 2, 2, 2, 2, 0));
    expect((await eight([9, 2, 0, 0, 0, 2, 1, 0, 3, 1])).data).toEqual(grey(0, 1, 1, 1, 2, 2, 2, 2));
    await expect(eight([3, 2, 0, 0, 0, 1])).rejects.toThrow(/pixels end too early/);
    const rows = [5, 0x12, 0, 0, 0, 5, 0x12, 0x01, 0x20, 0];
    const four = bmp({ width: 5, height: 2, bits: 4, palette, rows, compression: 2 });
    expect((await decodeImage(four)).data).toEqual(grey(1, 2, 0, 1, 2, 1, 2, 1, 2, 1));
  });

  test('a picture of another format inside is refused by name', async () => {
    for (const compression of [4, 5]) {
      const bytes = bmp({ width: 1, height: 1, bits: 24, rows: [0, 0, 0, 0], compression });
      await expect(decodeImage(bytes)).rejects.toThrow(/compression [45] is not supported/);
    }
  });
});
