import { describe, expect, it } from 'vitest';
import { timeline, type TimeOrder } from './sections';

const at = (text: string) => Date.parse(`${text}Z`);

/** Ids are positions in the list, from 1; a text without a date at its start is the file's time. */
function lay(texts: string[], order: TimeOrder = 'newest') {
  const ids = Uint32Array.from(texts, (_, i) => i + 1);
  const taken = Float64Array.from(texts, (text) => at(text.replace('file ', '')));
  const dated = Uint8Array.from(texts, (text) => Number(!text.startsWith('file')));
  const { sections, unit, ids: ordered } = timeline(ids, { taken, dated }, order);
  const titles = sections.map(
    ({ start, count }) => `${start === null ? 'none' : new Date(start).toISOString().slice(0, 10)}: ${count}`,
  );
  return { ids: [...ordered], unit, titles };
}

const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));

describe('pictures in order of time', () => {
  it('puts pictures without a date last, and nowhere among the dates', () => {
    const texts = ['2023-12-31T23:59:59', 'file 2023-06-01T00:00:00', '2024-01-01T00:00:00', '2022-01-01T00:00:00'];
    expect(lay(texts)).toEqual({
      ids: [3, 1, 4, 2],
      unit: 'year',
      titles: ['2024-01-01: 1', '2023-01-01: 1', '2022-01-01: 1', 'none: 1'],
    });
    expect(lay(texts, 'oldest').ids).toEqual([4, 1, 3, 2]);
    expect(lay([]).titles).toEqual([]);
    expect(lay(['file 2020-01-01T00:00:00']).titles).toEqual(['none: 1']);
  });

  it('cuts as finely as possible with some pictures under each heading', () => {
    expect(lay(many(14, (i) => `2024-05-0${1 + (i % 2)}T10:00:00`)).titles).toEqual(['2024-05-02: 7', '2024-05-01: 7']);
    const oneADay = lay(many(28, (i) => `2024-0${1 + Math.floor(i / 14)}-${String((i % 14) + 10)}T10:00:00`));
    expect(oneADay).toMatchObject({ unit: 'month', titles: ['2024-02-01: 14', '2024-01-01: 14'] });
  });

  it('does not make a thousand headings for a library of many days', () => {
    const hourly = many(24 * 500, (i) => new Date(Date.UTC(2020, 0, 1, i)).toISOString().slice(0, 19));
    const { unit, titles } = lay(hourly);
    expect(unit).toBe('month');
    expect(titles).toHaveLength(17);
    expect(titles.at(-1)).toBe('2020-01-01: 744');
  });

  it('keeps the order for equal times, and handles dates before 1970', () => {
    expect(lay(['2024-01-01T00:00:00', '2024-01-01T00:00:00']).ids).toEqual([1, 2]);
    expect(lay(many(6, () => '1969-12-31T23:00:00')).titles).toEqual(['1969-12-31: 6']);
  });
});
