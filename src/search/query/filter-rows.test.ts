import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '../vectors';
import { filterRows } from './filter-rows';

const folders = ['', 'a', 'a/b', 'ab', 'a/b/c', 'a/b/'];
const item = fc.record({
  taken: fc.integer({ min: 0, max: 9 }),
  camera: fc.constantFrom(null, 'X', 'Y', 'Z'),
  place: fc.constantFrom(
    null,
    { latitude: 1, longitude: 179 },
    { latitude: 1, longitude: -179 },
    { latitude: 1, longitude: 0 },
  ),
  path: fc.constantFrom('a/1.jpg', 'a/b/2.jpg', 'ab/3.jpg', 'a/b/c/4.jpg', 'a/b', '5.jpg'),
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const filters = fc.record({
  from: maybe(fc.integer({ min: 0, max: 10 })),
  to: maybe(fc.integer({ min: 0, max: 10 })),
  camera: maybe(fc.oneof(fc.constantFrom('X', 'Y'), fc.subarray(['X', 'Z', 'none']))),
  folder: maybe(fc.constantFrom(...folders)),
  area: maybe(fc.constant({ south: 0, west: 178, north: 2, east: -178 })),
});

test('lets through what meets all of it', () => {
  fc.assert(
    fc.property(fc.array(fc.option(item)), filters, (items, filter) => {
      const { from, to, camera, folder, area } = filter;
      const parts = (folder ?? '').split('/').filter((name) => name !== '');
      const expected = items.flatMap((each, row) => {
        if (!each) return [];
        const meets = [
          from === undefined || each.taken >= from,
          to === undefined || each.taken < to,
          camera === undefined || [camera].flat().some((name) => name === each.camera),
          area === undefined || Math.abs(each.place?.longitude ?? 0) === 179,
          parts.every((name, i) => each.path.split('/')[i] === name),
        ];
        return meets.every(Boolean) ? [row] : [];
      });
      expect([...filterRows(items, filter)]).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

const sets = fc
  .integer({ min: 0, max: 100 })
  .chain((length) =>
    fc.tuple(
      fc.constant(length),
      fc.array(fc.boolean(), { minLength: length, maxLength: length }),
      fc.array(fc.boolean(), { minLength: length, maxLength: length }),
    ),
  );

test('sets of rows are sets', () => {
  fc.assert(
    fc.property(sets, ([length, a, b]) => {
      const [first, second] = [a, b].map((bits) => Bitset.where(length, (row) => bits[row]!)) as [Bitset, Bitset];
      const rows = (test: (row: number) => boolean) => Array.from({ length }, (_, row) => row).filter(test);
      expect([...first]).toEqual(rows((row) => a[row]!));
      expect(first.size).toBe([...first].length);
      expect([...first.and(second)]).toEqual(rows((row) => a[row]! && b[row]!));
      expect([...first.or(second)]).toEqual(rows((row) => a[row]! || b[row]!));
      expect([...first.not()]).toEqual(rows((row) => !a[row]!));
      expect(first.not().not().words).toEqual(first.words);
      expect([...Bitset.of(length, first)]).toEqual([...first]);
      for (const row of first) second.delete(row);
      expect([...second]).toEqual(rows((row) => b[row]! && !a[row]!));
      for (const row of [-1, 0, 31, 32, 64, 99, 100, 200, NaN]) expect(first.has(row)).toBe(a[row] ?? false);
    }),
  );
  expect(() => new Bitset(3).add(3)).toThrow(RangeError);
  expect(() => new Bitset(3).and(new Bitset(4))).toThrow(RangeError);
});
