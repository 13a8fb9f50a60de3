import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { IndexFormatError } from '../../errors';
import { fold } from '../words/fold';
import { Places } from './areas';
import { Gazetteer } from './gazetteer';

let places: Places;
beforeAll(async () => {
  places = new Places(await Gazetteer.read(new Uint8Array(readFileSync('places/places.bin'))));
});

const at = (latitude: number, longitude: number) => {
  const found = places.at({ latitude, longitude });
  return found && places.nameOf(found);
};

/** Places whose coordinates everyone can look up. */
test.each([
  ['the Colosseum', 41.8902, 12.4922, 'Rome, Italy'],
  ['Trastevere', 41.8897, 12.47, 'Rome, Italy'],
  ['St Peter’s Square', 41.9022, 12.4573, 'Vatican City, Vatican City'],
  ['the Eiffel Tower', 48.8584, 2.2945, 'Paris, France'],
  ['Bryggen', 60.3975, 5.3245, 'Bergen, Norway'],
  ['the Sydney Opera House', -33.8568, 151.2153, 'Sydney, Australia'],
  ['the Brandenburg Gate', 52.5163, 13.3777, 'Berlin, Germany'],
])('%s', (_what, latitude, longitude, name) => {
  expect(at(latitude, longitude)?.replace('Vatican City, Vatican City', 'Vatican City')).toBe(
    name.replace('Vatican City, Vatican City', 'Vatican City'),
  );
});

test('far from towns there is a region, at sea nothing; the ends of the map are no walls', () => {
  expect(at(36.2, -111.6)).toMatch(/^Arizona, United States|.+, United States$/);
  expect(at(0, -30)).toBeNull();
  expect(at(90, 0)).toBeNull();
  const fiji = { latitude: -16.98, longitude: 179.98 };
  const [east, west] = [fiji, { ...fiji, longitude: -179.99 }].map((point) => places.at(point));
  expect(places.gazetteer.regions[east!.region]!.country).toBe('FJ');
  expect(places.gazetteer.regions[west!.region]!.country).toBe('FJ');
});

test('the same as looking at every place', () => {
  const { gazetteer } = places;
  const random = (() => {
    let state = 7;
    return () => (state = (state * 48271) % 2147483647) / 2147483647;
  })();
  for (let i = 0; i < 20; i++) {
    const point = [random() * 178 - 89, random() * 360 - 180] as const;
    let best: number | null = null;
    let least = Infinity;
    for (let place = 0; place < gazetteer.names.length; place++) {
      const distance = gazetteer.distance(place, ...point);
      if (distance > 100 || distance / gazetteer.reach(place) >= least) continue;
      least = distance / gazetteer.reach(place);
      best = place;
    }
    expect(gazetteer.nearest(...point, 100), point.join()).toBe(best);
  }
});

test('names in several languages, of towns, regions and countries', () => {
  const towns = (name: string) => places.named(name)?.towns.map((town) => places.gazetteer.names[town]) ?? [];
  for (const name of ['Rome', 'rom', 'ROMA', 'Рим', 'ローマ']) expect(towns(name), name).toContain('Rome');
  for (const name of ['Köln', 'koln', 'Cologne', 'Keulen']) expect(towns(name), name).toContain('Köln');
  expect(places.named('Bayern') ?? places.named('Bavaria')).not.toBeNull();
  for (const name of ['Italy', 'Italien', 'italie', 'Italia'])
    expect([...places.named(name)!.countries]).toEqual(['IT']);
  expect(places.named('Atlantis at the bottom')).toBeNull();
});

test('a picture is in its town, region and country, and in no other', () => {
  const rome = { latitude: 41.8902, longitude: 12.4922 };
  for (const name of ['Rome', 'Lazio', 'Italy']) expect(places.whereIn(places.named(name)!, rome), name).not.toBeNull();
  for (const name of ['Paris', 'Naples', 'Tuscany', 'France']) {
    expect(places.whereIn(places.named(name)!, rome), name).toBeNull();
  }
  expect(places.foldedAt(rome)).toBe(`${fold('Rome')}${fold('Lazio')}${fold('Italy')}`);
});

test('a file that is none is an error with a name', async () => {
  const read = (text: string) => Gazetteer.read(new Uint8Array(gzipSync(text)));
  await expect(read('<!doctype html>')).rejects.toThrow(IndexFormatError);
  await expect(Gazetteer.read(new TextEncoder().encode('<!doctype html>'))).rejects.toThrow(IndexFormatError);
  await expect(read('VLM2VEC PLACES 1\nRome\t41892\t12511\t13')).rejects.toThrow(/damaged/);
  await expect(read('VLM2VEC PLACES 1\n#IT.07\tLazio\nRome\tx\ty\t13')).rejects.toThrow(/damaged/);
  const cut = readFileSync('places/places.bin').subarray(0, 100_000);
  await expect(Gazetteer.read(new Uint8Array(cut))).rejects.toThrow(IndexFormatError);
  expect((await read('VLM2VEC PLACES 1\n')).nearest(0, 0, 100)).toBeNull();
});
