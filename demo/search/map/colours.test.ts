import fc from 'fast-check';
import { expect, test } from 'vitest';
import { colourByDate, colourByFolder } from './colours';

const words = { top: 'top', others: 'others' };
const dateWords = { range: (from: number, to: number) => `${from}–${to}`, undated: 'undated' };

test('the commonest folders have colours of their own, the others share one', () => {
  const folders = [...'aaabbc', ''].concat(Array.from({ length: 9 }, (_, i) => `rare${i}`));
  const { classes, legend } = colourByFolder(folders, words);
  expect(legend.map(({ label, count }) => [label, count])).toEqual([
    ['a', 3],
    ['b', 2],
    ['top', 1],
    ['c', 1],
    ['rare0', 1],
    ['rare1', 1],
    ['rare2', 1],
    ['others', 6],
  ]);
  expect(legend[classes[4]!]!.label).toBe('b');
  expect(legend[classes.at(-1)!]!.label).toBe('others');
  expect(new Set(legend.map(({ colour }) => colour)).size).toBe(legend.length);
});

test('dates: every picture is in the step that names its date, steps are about equally full', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 40 })), { maxLength: 80 }), (dates) => {
      const { classes, legend } = colourByDate(dates, dateWords);
      expect(legend.reduce((sum, { count }) => sum + count, 0)).toBe(dates.length);
      dates.forEach((date, i) => {
        const { label } = legend[classes[i]!]!;
        if (date === null) return expect(label).toBe('undated');
        const [from, to] = label.split('–').map(Number);
        expect(date).toBeGreaterThanOrEqual(from!);
        expect(date).toBeLessThanOrEqual(to!);
      });
    }),
  );
  const { legend } = colourByDate(
    Array.from({ length: 800 }, (_, i) => (i === 0 ? -1e12 : i)),
    dateWords,
  );
  expect(legend.map(({ count }) => count)).toEqual(Array(8).fill(100));
});
