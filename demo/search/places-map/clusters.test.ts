import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boxAround } from '../../../src/search/places/box';
import type { PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { fakeItem } from '../testing/fake-index';
import { buildClusters, buffersOf, LAST_STEP } from './built';
import { buildApart } from './build-apart';
import { Clusters } from './clusters';

/** As handed over by a worker: the buffers are elsewhere. */
function clustersOf(places: PhotoPlaces, names: PhotoPlaceNames | null): Clusters {
  const built = buildClusters(places, names);
  return new Clusters(structuredClone(built, { transfer: buffersOf(built) }), names);
}

const ALL = { south: -90, west: -180, north: 90, east: 180 };
const from = (places: readonly ([number, number] | null)[]) => ({
  latitude: Float64Array.from(places, (place) => place?.[0] ?? NaN),
  longitude: Float64Array.from(places, (place) => place?.[1] ?? NaN),
});
const of = (...places: ([number, number] | null)[]) => from(places);

test('at every step each picture with a place is in one mark, and none of the others', () => {
  const place = fc.option(fc.tuple(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -180, max: 180 })));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 40 }), fc.integer({ min: 0, max: LAST_STEP + 3 }), (places, step) => {
      const { latitude, longitude } = of(...places);
      const clusters = clustersOf({ latitude, longitude }, null);
      const located = [...places.keys()].filter((at) => places[at]);
      expect(clusters.located).toBe(located.length);
      const marks = clusters.within(ALL, step);
      expect(marks.flatMap(({ members }) => members()).sort((a, b) => a - b)).toEqual(located);
      for (const { members, count, first, box, splits } of marks) {
        const own = members();
        expect(own).toHaveLength(count);
        expect(own[0]).toBe(first);
        const around = boxAround(
          latitude.filter((_, at) => own.includes(at)),
          longitude.filter((_, at) => own.includes(at)),
        )!;
        expect([box.south, box.north]).toEqual([around.south, around.north].map((each) => expect.closeTo(each, 6)));
        if (splits !== null) {
          expect(splits).toBeGreaterThan(Math.min(step, LAST_STEP));
          const parts = clusters.within(ALL, splits).filter((mark) => own.includes(mark.first));
          expect(parts.length).toBeGreaterThan(1);
        } else if (count > 1) {
          expect(clusters.within(ALL, LAST_STEP).some((mark) => mark.count === count && mark.first === first)).toBe(
            true,
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('across the antimeridian', () => {
  const clusters = clustersOf(of([-17, 179], [-17, -179], [0, 0]), null);
  const found = clusters.within({ south: -20, west: 175, north: -10, east: -175 }, 8);
  expect(found.map(({ first }) => first).sort()).toEqual([0, 1]);
});

describe('names are as precise as is true for all pictures of a mark', () => {
  // Two in Rome, one elsewhere in Lazio, one in Milan, one in Bergen, one at sea.
  const places = of([41.89, 12.49], [41.9, 12.5], [42.4, 12.1], [45.5, 9.2], [60.4, 5.3], [0, -30]);
  const names = {
    town: Int32Array.of(0, 0, -1, 3, 5, -1),
    region: Int32Array.of(1, 1, 1, 4, 6, -1),
    country: Int32Array.of(2, 2, 2, 2, 7, -1),
    names: ['Rome', 'Lazio', 'Italy', 'Milan', 'Lombardy', 'Bergen', 'Vestland', 'Norway'],
  };
  const clusters = clustersOf(places, names);
  test.each([
    [[0, 1], 'Rome, Italy'],
    [[0, 1, 2], 'Lazio, Italy'],
    [[0, 3], 'Italy'],
    [[0, 4], ''],
    [[5], ''],
    [[0, 5], ''],
    [[], ''],
  ])('%j', (members, name) => expect(clusters.nameOfAll(members)).toBe(name));
  test('and marks have them', () => {
    for (let step = 0; step <= LAST_STEP + 1; step++) {
      for (const { name, members } of clusters.within(ALL, step)) expect(name).toBe(clusters.nameOfAll(members()));
    }
    expect(clustersOf(places, null).within(ALL, 2)[0]!.name).toBe('');
  });
});

test('100,000 pictures: the cost of showing them depends on what is in view, not on their number', () => {
  const made = (count: number) => {
    const all = Array.from({ length: count }, (_, id) => fakeItem(id).place);
    const places = all.map((place): [number, number] | null => place && [place.latitude, place.longitude]);
    return clustersOf(from(places), null);
  };
  const many = made(125_000);
  const few = made(1_250);
  expect(many.located).toBe(100_000);
  const view = { south: 30, west: -10, north: 60, east: 30 };
  const marks = [many, few].map((clusters) => clusters.within(view, 5));
  const [inMany, inFew] = marks.map(({ length }) => length) as [number, number];
  expect(inMany).toBeLessThan(3 * inFew + 10);
  const time = (clusters: Clusters) => {
    const start = performance.now();
    for (let i = 0; i < 40; i++) clusters.within(view, 5);
    return performance.now() - start;
  };
  for (const clusters of [many, few]) time(clusters); // while it is compiled
  const times = Array.from({ length: 5 }, () => time(many) / time(few)).sort((a, b) => a - b);
  expect(times[2]! / (inMany / inFew)).toBeLessThan(5);
});

test('100,000 pictures: what a worker hands over is opened within a task that nobody notices', () => {
  const places = from(
    Array.from({ length: 100_000 }, (_, i): [number, number] => [(i * 7919) % 80, (i * 104729) % 170]),
  );
  const built = buildClusters(places, null);
  const start = performance.now();
  const clusters = new Clusters(built, null);
  const marks = clusters.within({ south: 30, west: 0, north: 60, east: 60 }, 4);
  const taken = performance.now() - start;
  expect(marks.length).toBeGreaterThan(10);
  expect(taken).toBeLessThan(50);
});

test('few are built at once, many by a worker, which ends with its answer, its failure, or when nobody waits', async () => {
  const places = (count: number) => from(Array.from({ length: count }, (): [number, number] => [1, 2]));
  let worker!: Worker;
  let ended = 0;
  let asked: unknown = null;
  const start = () => (worker = { postMessage: (data: unknown) => (asked = data), terminate: () => ended++ } as never);
  const { signal } = new AbortController();
  expect((await buildApart(places(10), null, { signal, start })).at).toHaveLength(10);
  expect(worker).toBeUndefined();

  const many = places(10_000);
  const building = buildApart(many, null, { signal, start });
  expect(asked).toEqual({ places: many, names: null });
  const built = buildClusters(many, null);
  worker.onmessage!({ data: built } as MessageEvent);
  expect([await building, ended]).toEqual([built, 1]);

  const failing = buildApart(many, null, { signal, start });
  worker.onerror!({ message: 'no memory' } as ErrorEvent);
  await expect(failing).rejects.toThrow('no memory');
  const stop = new AbortController();
  const stopped = buildApart(many, null, { signal: stop.signal, start });
  stop.abort();
  await expect(stopped).rejects.toThrow(/abort/);
  expect(ended).toBe(3);
});
