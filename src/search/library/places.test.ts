import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { InvalidInputError } from '../../errors';
import { Places } from '../places/areas';
import { Gazetteer } from '../places/gazetteer';
import type { PhotoFilter } from '../types';
import { checkList, checkTowns } from './checks';
import { placeNamesOf, placesOf, townsOf } from './places';

let places: Places;
beforeAll(async () => {
  places = new Places(await Gazetteer.read(new Uint8Array(readFileSync('places/places.bin'))));
});

const PLACES = [
  { latitude: 41.8902, longitude: 12.4922 }, // the Colosseum
  null,
  { latitude: 41.8897, longitude: 12.47 }, // Trastevere
  { latitude: 0, longitude: -30 }, // at sea
  { latitude: 60.3975, longitude: 5.3245 }, // Bergen
];
const catalog = { picture: (id: number) => (id < PLACES.length ? { place: PLACES[id] } : undefined) } as never;

test('where pictures were taken, in degrees and in words', async () => {
  const ids = Uint32Array.of(4, 0, 1, 2, 3, 99);
  const { latitude, longitude } = placesOf(catalog, ids);
  expect([...latitude]).toEqual([60.3975, 41.8902, NaN, 41.8897, 0, NaN]);
  expect([...longitude]).toEqual([5.3245, 12.4922, NaN, 12.47, -30, NaN]);
  const { town, region, country, names } = await placeNamesOf(catalog, places, ids);
  const said = (of: Int32Array) => Array.from(of, (at) => names[at] ?? '');
  expect(said(town)).toEqual(['Bergen', 'Rome', '', 'Rome', '', '']);
  expect(said(region)).toEqual(['Vestland', 'Lazio', '', 'Lazio', '', '']);
  expect(said(country)).toEqual(['Norway', 'Italy', '', 'Italy', '', '']);
  expect((await placeNamesOf(catalog, null, ids)).names).toEqual([]);
  const ended = AbortSignal.abort(new Error('enough'));
  await expect(placeNamesOf(catalog, places, ids, ended)).rejects.toThrow('enough');
});

test('towns, largest first, within a box', () => {
  const { gazetteer } = places;
  const all = townsOf(places, {});
  expect(all).toHaveLength(100);
  expect(all.map(({ size }) => size)).toEqual([...all.map(({ size }) => size)].sort((a, b) => b - a));
  const box = { south: 41, west: 12, north: 43, east: 13 };
  const near = townsOf(places, { box, limit: 3 });
  expect(near[0]!.name).toBe('Rome');
  expect(near).toHaveLength(3);
  const inside = [...gazetteer.names.keys()].filter(
    (at) => Math.abs(gazetteer.latitude[at]! - 42) <= 1 && Math.abs(gazetteer.longitude[at]! - 12.5) <= 0.5,
  );
  expect(townsOf(places, { box, limit: 1e6 })).toHaveLength(inside.length);
  const overFiji = townsOf(places, { box: { south: -20, west: 177, north: -15, east: -178 }, limit: 5 });
  expect(overFiji.map(({ name }) => name)).toContain('Suva');
  expect(townsOf(null, {})).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['a latitude beyond the pole', { south: -91, west: 0, north: 1, east: 1 }, 'filter.area.south'],
  ['a longitude that goes on', { south: 0, west: 170, north: 1, east: 190 }, 'filter.area.east'],
  ['a side that is missing', { south: 0, west: 0, north: 1 }, 'filter.area.east'],
  ['upside down', { south: 2, west: 0, north: 1, east: 1 }, 'filter.area.south'],
  ['a misspelt side', { south: 0, west: 0, north: 1, east: 1, top: 2 }, 'filter.area.top'],
  ['NaN', { south: NaN, west: 0, north: 1, east: 1 }, 'filter.area.south'],
  ['a name', 'Rome', 'filter.area'],
  ['null', null, 'filter.area'],
  ['corners that are none', { corners: [{ latitude: 0, longitude: 0 }, [1, 1]] }, 'filter.area.corners[1]'],
  ['two corners', { corners: [PLACES[0], PLACES[4]] }, 'filter.area.corners'],
  ['corners and sides', { corners: [], south: 1 }, 'filter.area.south'],
])('an area that is none is refused by its name: %s', (_what, area, option) => {
  const call = () => checkList({ filter: { area } as PhotoFilter });
  expect(call).toThrow(InvalidInputError);
  expect(call).toThrow(option);
});

test('valid areas and boxes', () => {
  checkList({ filter: { area: { south: -20, west: 177, north: -15, east: -178 } } });
  checkList({ filter: { area: { corners: [PLACES[0], PLACES[2], PLACES[4]] } } as PhotoFilter });
  checkTowns({ box: { south: 0, west: 0, north: 1, east: 1 }, limit: 3 });
  expect(() => checkTowns({ box: { corners: [] } })).toThrow('box.corners');
});
