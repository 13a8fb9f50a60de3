import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEADER_BYTES, recordBytes } from './image';
import { coarseAt, fineAt, imageBytes, joinImage, splitImage } from './split-image';

/** An image whose every byte is of its own place. */
const imageOf = (dims: number, rows: number) =>
  Uint8Array.from({ length: HEADER_BYTES + rows * recordBytes(dims) }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

test('by row, scale and coarse bytes are in one file and fine bytes in the other', () => {
  const [dims, rows] = [3, 2];
  const image = imageOf(dims, rows);
  const { coarse, fine } = splitImage(dims, 0, image);
  const record = (row: number) => image.subarray(HEADER_BYTES + row * 10, HEADER_BYTES + row * 10 + 10);
  expect([...coarse.subarray(HEADER_BYTES)]).toEqual([...record(0).subarray(0, 7), ...record(1).subarray(0, 7)]);
  expect([...fine]).toEqual([...record(0).subarray(7), ...record(1).subarray(7)]);
});

test('written in pieces of any length and read from any place, the bytes are those of the image', () => {
  const cuts = fc.array(fc.nat(3000), { maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(30), cuts, (dims, rows, places) => {
      const image = imageOf(dims, rows);
      const ends = [...places.filter((at) => at < image.length), image.length].sort((a, b) => a - b);
      const files = {
        coarse: new Uint8Array(coarseAt(dims, image.length)),
        fine: new Uint8Array(fineAt(dims, image.length)),
      };
      let at = 0;
      for (const end of ends) {
        const { coarse, fine } = splitImage(dims, at, image.subarray(at, end));
        files.coarse.set(coarse, coarseAt(dims, at));
        files.fine.set(fine, fineAt(dims, at));
        at = end;
      }
      expect(imageBytes(dims, files.coarse.length, files.fine.length)).toBe(image.length);
      const [from, to] = [ends[0]!, ends.at(-1)!];
      const part = {
        coarse: files.coarse.subarray(coarseAt(dims, from), coarseAt(dims, to)),
        fine: files.fine.subarray(fineAt(dims, from), fineAt(dims, to)),
      };
      expect(joinImage(dims, from, part)).toEqual(image.slice(from, to));
    }),
  );
});

test('rows that are not whole in both files do not count', () => {
  const [coarse, fine] = [HEADER_BYTES + 3 * 7, 3 * 3];
  expect(imageBytes(3, coarse, fine)).toBe(HEADER_BYTES + 30);
  expect(imageBytes(3, coarse - 1, fine)).toBe(HEADER_BYTES + 20);
  expect(imageBytes(3, coarse, fine - 1)).toBe(HEADER_BYTES + 20);
  expect(imageBytes(3, 500, 0)).toBe(500);
});
