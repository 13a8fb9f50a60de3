import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Supercluster from 'supercluster';
import { expect, test } from 'vitest';
import { buildClusters, buffersOf, LAST_STEP, openClusters, type ClusterIndex } from './built';
import { RELEASE } from './supercluster-fields';

type Places = Parameters<typeof buildClusters>[0];

const places = (points: readonly (readonly [number, number])[]): Places => ({
  latitude: Float64Array.from(points, ([latitude]) => latitude),
  longitude: Float64Array.from(points, ([, longitude]) => longitude),
});

test('the release is the one whose fields are filled, and it has just these', () => {
  const file = new URL('../../../node_modules/supercluster/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  expect(version, 'read its load and its queries again, and compare').toBe(RELEASE);
  const point = { type: 'Point' as const, coordinates: [1, 2] };
  const loaded = new Supercluster({ reduce: () => undefined }).load([
    { type: 'Feature', geometry: point, properties: {} },
  ]);
  const filled = openClusters(buildClusters(places([[1, 2]]), null));
  const all = ['clusterProps', 'coords', 'ids', 'numPoints', 'options', 'props', 'stride', 'trees'];
  for (const index of [loaded, filled]) expect(Object.keys(index).sort()).toEqual(all);
  expect(Object.keys(loaded.options as object).length).toBeGreaterThan(0);
});

/** Everything that can be asked of an index. */
function answers(index: ClusterIndex) {
  const steps = Array.from({ length: LAST_STEP + 2 }, (_, step) => index.getClusters([-180, -85, 180, 85], step));
  const clusters = [...new Map(steps.flat().map((each) => [each.id, each])).values()];
  return {
    steps,
    inside: clusters.flatMap((each) => {
      if (!('cluster' in each.properties)) return [];
      const id = each.id as number;
      return [[index.getChildren(id), index.getLeaves(id, Infinity), index.getClusterExpansionZoom(id)]];
    }),
    tiles: [index.getTile(0, 0, 0), index.getTile(1, 1, 0)],
  };
}

test('an index that was handed over answers as the one that was loaded, whatever is asked', () => {
  const coordinate = fc.tuple(
    fc.oneof(fc.constantFrom(48.8, 48.801), fc.double({ min: -80, max: 80, noNaN: true })),
    fc.oneof(fc.constantFrom(2.3, 2.301), fc.double({ min: -179, max: 179, noNaN: true })),
  );
  fc.assert(
    fc.property(fc.array(coordinate, { minLength: 1, maxLength: 40 }), (points) => {
      const given = places(points);
      const built = buildClusters(given, null);
      const handed = openClusters(structuredClone(built, { transfer: buffersOf(built) }));
      const loaded = loadedIndex(given);
      expect(answers(handed)).toEqual(answers(loaded));
    }),
    { numRuns: 100 },
  );
});

/** The index before its fields are taken out. */
function loadedIndex({ latitude, longitude }: Places): ClusterIndex {
  const { options } = openClusters(buildClusters(places([[0, 0]]), null)) as unknown as {
    options: ConstructorParameters<typeof Supercluster<{ at: number }, never>>[0];
  };
  const points = Array.from(latitude, (_, at) => ({
    type: 'Feature' as const,
    geometry: { type: 'Point' as const, coordinates: [longitude[at]!, latitude[at]!] },
    properties: { at },
  }));
  const map = ({ at }: { at: number }) => ({
    ...{ first: at, south: latitude[at]!, north: latitude[at]!, west: longitude[at]!, east: longitude[at]! },
    ...{ town: -1, region: -1, country: -1 },
  });
  return new Supercluster({ ...options, map } as never).load(points) as unknown as ClusterIndex;
}
