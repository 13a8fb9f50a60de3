import { expect, it } from 'vitest';
import { gridLayout } from '../grid/layout';
import { spacedMarks, yearMarks } from './marks';

const start = (year: number, month: number) => Date.UTC(year, month);

it('marks each year where its pictures begin, and none for pictures without a date', () => {
  const sections = [
    { count: 30, start: start(2024, 5) },
    { count: 30, start: start(2024, 1) },
    { count: 60, start: start(2023, 7) },
    { count: 3, start: null },
  ];
  const layout = gridLayout(
    sections.map(({ count }) => ({ count, heading: 0 })),
    { width: 320, minCell: 100, gap: 10 },
  );
  expect(yearMarks(sections, layout).map(({ year, section }) => [year, section])).toEqual([
    [2024, 0],
    [2023, 2],
  ]);
  expect(yearMarks(sections, layout)[1]!.share).toBeCloseTo(20 / 41, 2);
});

it('leaves out years that would be written over each other, but not the ends', () => {
  const marks = [0, 0.01, 0.5, 0.52, 0.99].map((share, i) => ({ year: 2024 - i, section: i, share }));
  expect(spacedMarks(marks, 100, 20).map(({ year }) => year)).toEqual([2024, 2022, 2020]);
  expect(spacedMarks([], 100, 20)).toEqual([]);
  expect(spacedMarks(marks.slice(0, 2), 100, 20).map(({ year }) => year)).toEqual([2024]);
});
