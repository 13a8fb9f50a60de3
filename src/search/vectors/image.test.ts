import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IndexFormatError, InvalidInputError, UnsupportedError, VLM2VecError } from '../../errors';
import {
  HEADER_BYTES,
  readHeader,
  readImage,
  readRecords,
  recordAt,
  recordBytes,
  writeHeader,
  writeImage,
  writeRecords,
} from './image';
import { PackedVectors } from './packed-vectors';

/** What happens to a library over time. */
const steps = fc.integer({ min: 1, max: 20 }).chain((dims) => {
  const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dims, maxLength: dims });
  const usable = vector.filter((values) => values.some((value) => Math.abs(value) > 1e-20));
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), values: usable }),
    fc.record({ do: fc.constant('replace' as const), row: fc.nat({ max: 30 }), values: usable }),
    fc.record({ do: fc.constant('remove' as const), row: fc.nat({ max: 30 }) }),
  );
  return fc.record({ dims: fc.constant(dims), steps: fc.array(step, { maxLength: 60 }) });
});

const same = (a: PackedVectors, b: PackedVectors) => {
  expect([b.dims, b.model, b.rows, b.size]).toEqual([a.dims, a.model, a.rows, a.size]);
  for (let row = 0; row < a.rows; row++) {
    expect(b.has(row)).toBe(a.has(row));
    if (!a.has(row)) continue;
    expect([...b.get(row)]).toEqual([...a.get(row)]);
    expect(b.fineLengths[row]).toBe(a.fineLengths[row]);
  }
};

describe('rows', () => {
  test('keep what was put into them, and so does an image that is written row by row', () => {
    fc.assert(
      fc.property(steps, ({ dims, steps }) => {
        const vectors = new PackedVectors({ dims, model: 'modèle ✓' });
        const model = new Map<number, number[]>();
        let file = writeHeader(vectors);
        for (const step of steps) {
          if (step.do === 'add') {
            const row = vectors.add(step.values);
            expect(model.has(row)).toBe(false);
            model.set(row, step.values);
            file = patched(file, recordAt(dims, row), writeRecords(vectors, row));
          } else if (!model.has(step.row)) {
            const change = () =>
              step.do === 'remove' ? vectors.remove(step.row) : vectors.replace(step.row, step.values);
            expect(change).toThrow(InvalidInputError);
          } else {
            if (step.do === 'remove') {
              vectors.remove(step.row);
              model.delete(step.row);
            } else {
              vectors.replace(step.row, step.values);
              model.set(step.row, step.values);
            }
            file = patched(file, recordAt(dims, step.row), writeRecords(vectors, step.row));
          }
        }
        expect(vectors.size).toBe(model.size);
        for (const [row, values] of model) {
          const largest = Math.max(...values.map(Math.abs));
          const stored = vectors.get(row);
          values.forEach((value, i) => expect(Math.abs(stored[i]! - value)).toBeLessThanOrEqual(largest / 60_000));
        }
        expect(file).toEqual(writeImage(vectors));
        same(vectors, readImage(file));
        same(vectors, readImage(file, { kernel: 'js' }));
      }),
      { numRuns: 300 },
    );
  });

  test('are refused where they are no direction', () => {
    const vectors = new PackedVectors({ dims: 2, model: 'm' });
    for (const bad of [[0, 0], [NaN, 1], [1, Infinity], [1], [1, 2, 3], [1e-40, 0], [1e31, 0]]) {
      expect(() => vectors.add(bad)).toThrow(InvalidInputError);
    }
    expect([vectors.rows, vectors.size]).toEqual([0, 0]);
    for (const dims of [0, -1, 1.5, 8193, NaN]) {
      expect(() => new PackedVectors({ dims, model: 'm' })).toThrow(InvalidInputError);
    }
  });

  test('grow to thousands, in either kernel', () => {
    for (const kernel of ['simd', 'js'] as const) {
      const vectors = new PackedVectors({ dims: 20, model: 'm', kernel });
      for (let row = 0; row < 5000; row++) vectors.add(Array.from({ length: 20 }, (_, i) => Math.sin(row + i)));
      expect(vectors.get(0)[1]).toBeCloseTo(Math.sin(1), 4);
      expect(vectors.get(4999)[19]).toBeCloseTo(Math.sin(5018), 4);
      expect(vectors.bytes).toBeLessThan(5000 * (32 + 20 + 8) * 1.3);
    }
  });
});

describe('an image', () => {
  const vectors = new PackedVectors({ dims: 3, model: 'some/model q8' });
  for (let row = 0; row < 4; row++) vectors.add([row + 1, -1, 0.5]);
  vectors.remove(2);
  const image = writeImage(vectors);

  test('knows where its rows are', () => {
    expect(image).toHaveLength(HEADER_BYTES + 4 * recordBytes(3));
    expect(recordAt(3, 4)).toBe(image.length);
    expect(readHeader(image)).toEqual({ dims: 3, model: 'some/model q8' });
  });

  test('its free row is taken first', () => {
    const read = readImage(image);
    expect([read.rows, read.size]).toEqual([4, 3]);
    expect([read.add([1, 1, 1]), read.add([1, 1, 1])]).toEqual([2, 4]);
  });

  const changed = (at: number, ...bytes: number[]) => patched(image.slice(), at, Uint8Array.from(bytes));
  test.each([
    ['nothing', new Uint8Array(0), IndexFormatError],
    ['half a header', image.subarray(0, 500), IndexFormatError],
    ['another kind of file', changed(0, 0x50, 0x4b), IndexFormatError],
    ['a later version', changed(8, 2), UnsupportedError],
    ['no dimensions', changed(12, 0), IndexFormatError],
    ['more dimensions than there may be', changed(12, 255, 255, 255, 255), IndexFormatError],
    ['a name longer than the header', changed(16, 255, 255, 255, 255), IndexFormatError],
    ['a name that is no UTF-8', changed(20, 255), IndexFormatError],
    ['bytes behind the name', changed(1000, 1), IndexFormatError],
    ['half a record', image.subarray(0, image.length - 1), IndexFormatError],
    ['a scale that is NaN', changed(HEADER_BYTES, 0, 0, 192, 127), IndexFormatError],
    ['an infinite scale', changed(HEADER_BYTES, 0, 0, 128, 127), IndexFormatError],
    ['a negative scale', changed(HEADER_BYTES + 3, 191), IndexFormatError],
  ])('with %s is refused by name', (_, bytes, error) => {
    expect(() => readImage(bytes)).toThrow(error);
  });

  test('nothing is appended of records of which one is bad', () => {
    const read = readImage(image);
    const records = image.slice(HEADER_BYTES);
    records.set([0, 0, 192, 127], recordBytes(3)); // the second one's scale
    expect(() => readRecords(read, records)).toThrow(/row 5/);
    expect(read.rows).toBe(4);
  });

  test('with any bytes changed is read or refused by name', () => {
    const change = fc.record({ at: fc.nat({ max: image.length - 1 }), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat({ max: image.length }), (changes, length) => {
        const bytes = image.slice();
        for (const { at, to } of changes) bytes[at] = to;
        try {
          const read = readImage(bytes.subarray(0, length));
          expect(read.size).toBeLessThanOrEqual(read.rows);
        } catch (error) {
          expect(error).toBeInstanceOf(VLM2VecError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a name that does not fit is refused when written', () => {
    expect(() => writeHeader({ dims: 3, model: 'é'.repeat(600) })).toThrow(UnsupportedError);
    expect(() => writeRecords(vectors, 3, 5)).toThrow(RangeError);
  });
});

/** `file`, longer where needed, with `bytes` at `at`. */
function patched(file: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(file.length, at + bytes.length));
  out.set(file);
  out.set(bytes, at);
  return out;
}
