import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gridLayout, headingsAt, rowOf, rowsBetween, scrollToRow, sectionAt } from './layout';

test('cells fill the width, sections follow each other', () => {
  const layout = gridLayout(
    [
      { count: 5, heading: 0 },
      { count: 4, heading: 50 },
    ],
    { width: 320, minCell: 100, gap: 10 },
  );
  expect(layout).toMatchObject({ columns: 3, cell: 100, rows: 4, count: 9, height: 2 * 110 + 50 + 2 * 110 - 10 });
  expect(rowOf(layout, 4)).toEqual({ row: 1, section: 0, top: 110, start: 3, end: 5 });
  expect(rowOf(layout, 5)).toEqual({ row: 2, section: 1, top: 270, start: 5, end: 8 });
  expect(rowOf(layout, 9)).toBeNull();
});

test('a view narrower than a cell has one column, an empty list no height', () => {
  expect(gridLayout([{ count: 2, heading: 0 }], { width: 60, minCell: 100, gap: 8 })).toMatchObject({
    columns: 1,
    cell: 60,
  });
  expect(gridLayout([], { width: 300, minCell: 100, gap: 8 })).toMatchObject({ rows: 0, count: 0, height: 0 });
});

test('of many headings, only those in view exist, and the section of a position is found', () => {
  const specs = Array.from({ length: 400 }, (_, i) => ({ count: i % 50 === 3 ? 0 : 30, heading: 32 }));
  const layout = gridLayout(specs, { width: 320, minCell: 100, gap: 10 });
  const { top, heading } = layout.sections[200]!;
  const rows = rowsBetween(layout, top - 300, top + heading + 300);
  expect(headingsAt(layout, rows)).toEqual([199, 200, 201]);
  // The next one may be in view before its first row is; a folded one is followed by another.
  expect(headingsAt(layout, rowsBetween(layout, 0, 10))).toEqual([0, 1]);
  const before = layout.sections[2]!;
  expect(headingsAt(layout, rowsBetween(layout, before.top + 40, before.top + 50))).toEqual([2, 3, 4]);
  expect(headingsAt(layout, [])).toEqual([0, 1]);
  expect([0, top - 1, top, top + 500, 1e9].map((place) => sectionAt(layout, place))).toEqual([0, 199, 200, 200, 399]);
});

const arbitraryLayout = fc
  .record({
    specs: fc.array(fc.record({ count: fc.integer({ min: 0, max: 400 }), heading: fc.integer({ min: 0, max: 80 }) }), {
      maxLength: 4,
    }),
    width: fc.integer({ min: 50, max: 2000 }),
    minCell: fc.integer({ min: 40, max: 300 }),
    gap: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ specs, ...options }) => gridLayout(specs, options));

test('every picture is in exactly one row, within the height, and a band shows exactly the rows it touches', () => {
  fc.assert(
    fc.property(
      arbitraryLayout,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 2000 }),
      (layout, at, tall) => {
        const all = rowsBetween(layout, 0, layout.height);
        expect(all.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(
          Array.from({ length: layout.count }, (_, i) => i),
        );
        expect(all.map(({ row }) => row)).toEqual(all.map((_, i) => i));
        for (const row of all) {
          expect(row.top + layout.cell).toBeLessThanOrEqual(layout.height + 1e-6);
          expect(rowOf(layout, row.start)).toEqual(row);
          expect(rowOf(layout, row.end - 1)).toEqual(row);
        }
        const top = at * layout.height;
        const seen = new Set(rowsBetween(layout, top, top + tall).map(({ row }) => row));
        for (const { row, top: rowTop } of all) {
          if (rowTop < top + tall && rowTop + layout.cell > top) expect(seen.has(row)).toBe(true);
          if (rowTop > top + tall || rowTop + layout.cell + layout.gap < top) expect(seen.has(row)).toBe(false);
        }
      },
    ),
  );
});

test('at 100,000 pictures a view holds a few rows', () => {
  const layout = gridLayout([{ count: 100_000, heading: 0 }], { width: 1200, minCell: 160, gap: 8 });
  expect(layout.height).toBeLessThan(16_000_000); // what Firefox can lay out
  expect(rowsBetween(layout, 1_000_000, 1_001_000).length).toBeLessThan(9);
});

test('scrolling goes no further than necessary, and clears a sticky bar', () => {
  const layout = gridLayout([{ count: 100, heading: 0 }], { width: 100, minCell: 100, gap: 0 });
  const row = rowOf(layout, 50)!;
  expect(scrollToRow(layout, row, { top: 0, height: 300, inset: 40 })).toBe(5100 - 300);
  expect(scrollToRow(layout, row, { top: 6000, height: 300, inset: 40 })).toBe(5000 - 40);
  expect(scrollToRow(layout, row, { top: 4900, height: 300, inset: 40 })).toBe(4900);
});
