import { expect, test } from 'vitest';
import {
  EMPTY_FORM,
  kindOf,
  NO_FILTER,
  templateFits,
  templateProblem,
  toFilter,
  toSearchQuery,
  type PicturePart,
  type QueryForm,
} from './form';
import { writeArea } from './area';

const words = (text: string, also: string[] = [], exclude: string[] = []) => ({ text, also, exclude });
const blob = new Blob(['x']);
const like: PicturePart = { key: 1, image: blob, name: 'a.png', sign: 'like' };
const alike: PicturePart = { key: 2, image: { id: 7 }, name: 'b.png', sign: 'like' };
const unlike: PicturePart = { key: 3, image: { id: 9 }, name: 'c.png', sign: 'unlike' };
const form = (change: Partial<QueryForm>): QueryForm => ({ ...EMPTY_FORM, ...change });

test('words and the first picture go together, the rest is added or subtracted', () => {
  const query = toSearchQuery(form({ pictures: [unlike, like, alike] }), words('at night', ['snow'], ['people']), 50);
  expect(query).toEqual({
    text: 'at night',
    image: blob,
    combine: [{ text: 'snow' }, { image: { id: 7 } }],
    exclude: [{ text: 'people' }, { image: { id: 9 } }],
    limit: 50,
  });
});

test('nothing to search for is not a query: neither an empty form, nor exclusions, nor filters alone', () => {
  expect(toSearchQuery(form({}), words(''), 50)).toBeNull();
  expect(
    toSearchQuery(form({ pictures: [unlike], filter: { ...NO_FILTER, camera: 'X' } }), words('', [], ['people']), 50),
  ).toBeNull();
});

test('an instruction is included if it fits the query', () => {
  const instruction = '{image} with {text}';
  expect(toSearchQuery(form({ instruction, pictures: [like] }), words('a'), 9)).toMatchObject({ instruction });
  expect(toSearchQuery(form({ instruction }), words('a'), 9)).not.toHaveProperty('instruction');
});

test('the kind of query', () => {
  expect([
    kindOf(words('a'), []),
    kindOf(words(''), [like]),
    kindOf(words('a'), [unlike, like]),
    kindOf(words(''), [unlike]),
  ]).toEqual(['text', 'image', 'both', null]);
});

test('both days of a range belong to it; empty fields filter nothing', () => {
  expect(toFilter({ ...NO_FILTER, from: '2024-05-01', to: '2024-05-01', folder: 'A/B', album: 0 })).toEqual({
    from: Date.UTC(2024, 4, 1),
    to: Date.UTC(2024, 4, 2),
    folder: 'A/B',
    album: 0,
  });
  expect(toFilter(NO_FILTER)).toBeUndefined();
  expect(toFilter({ ...NO_FILTER, from: '20', to: 'x' })).toBeUndefined();
  const area = { south: -20.5, west: 177, north: -15, east: -178.25 };
  expect(toFilter({ ...NO_FILTER, area: writeArea(area), areaName: 'Fiji' })).toEqual({ area });
  for (const none of [
    '1,2,3',
    '1,2,3,4,5',
    '2,0,1,0',
    '91,0,92,0',
    '0,0,1,181',
    '0,,1,2',
    '1e1,0,20,0',
    ' 1,2,3,4',
    'NaN,0,0,0',
  ])
    expect(toFilter({ ...NO_FILTER, area: none }), none).toBeUndefined();
});

test('templates name the parts of the query, and nothing else', () => {
  const templates = ['Find {text}', '{image}\nlike it', '{image}\n{text}', 'Find it'];
  expect(templates.map((template) => templateFits(template, 'text'))).toEqual([true, false, false, false]);
  expect(templates.map((template) => templateFits(template, 'image'))).toEqual([false, true, false, false]);
  expect(templates.map((template) => templateFits(template, 'both'))).toEqual([false, false, true, false]);
  expect(templates.map((template) => templateProblem(template, 'text'))).toEqual([null, 'no-image', 'no-image', null]);
  expect(templates.map((template) => templateProblem(template, 'image'))).toEqual(['no-text', null, 'no-text', null]);
  expect(templates.map((template) => templateProblem(template, 'both'))).toEqual([null, null, null, null]);
});
