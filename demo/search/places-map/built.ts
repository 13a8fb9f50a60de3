/**
 * @file What clusters are read from, built in one go and as buffers: for 100,000 pictures it takes more than half a
 * second, so it is done in a worker and handed over.
 */
import KDBush from 'kdbush';
import Supercluster, { type Options, type PointFeature } from 'supercluster';
import type { AreaBox, PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { fieldsOf, giveFields, type Tree } from './supercluster-fields';

/** As large as a mark: two never cover each other by more than a corner. In CSS pixels. */
const RADIUS = 62;
/** From the next step on every picture stands alone, unless another was taken at the very same place. */
export const LAST_STEP = 17;

/** What all pictures of a mark have in common: numbers of `PhotoPlaceNames.names`, −1 for none. */
export interface Common {
  town: number;
  region: number;
  country: number;
}

/** A mark's pictures as they are joined. Clusters never lie across the antimeridian. */
export interface Joined extends Common, AreaBox {
  /** The first of them, in the order that pictures have. */
  first: number;
}

const COLUMNS = ['first', 'south', 'north', 'west', 'east', 'town', 'region', 'country'] as const;

/** Everything that a worker hands over. */
export interface BuiltClusters {
  /** Where each picture with a place stands among all. // [located] */
  at: Uint32Array<ArrayBuffer>;
  /** On the plane, from 0 to 1. // [located, 2] */
  coords: Float64Array<ArrayBuffer>;
  /** Different ones, as steps may share one: of KDBush, and the fields of its points. */
  trees: { points: ArrayBuffer; data: Int32Array<ArrayBuffer> }[];
  /** By step: number of its tree. // [steps] */
  treeOf: number[];
  /** Of each cluster, by {@link COLUMNS}. // [clusters, 8] */
  joined: Float64Array<ArrayBuffer>;
}

export type ClusterIndex = Supercluster<{ at: number }, Joined>;

/** @param names null before they are known */
export function buildClusters({ latitude, longitude }: PhotoPlaces, names: PhotoPlaceNames | null): BuiltClusters {
  const points: PointFeature<{ at: number }>[] = [];
  for (let at = 0; at < latitude.length; at++) {
    if (Number.isNaN(latitude[at])) continue;
    const coordinates = [longitude[at]!, latitude[at]!];
    points.push({ type: 'Feature', geometry: { type: 'Point', coordinates }, properties: { at } });
  }
  const index = new Supercluster<{ at: number }, Joined>({
    ...OPTIONS,
    map: ({ at }) => ({
      first: at,
      south: latitude[at]!,
      north: latitude[at]!,
      west: longitude[at]!,
      east: longitude[at]!,
      town: names?.town[at] ?? -1,
      region: names?.region[at] ?? -1,
      country: names?.country[at] ?? -1,
    }),
  }).load(points);
  const { trees, stride, coords, clusterProps } = fieldsOf(index);
  const different = [...new Set(trees)];
  return {
    at: Uint32Array.from(points, ({ properties }) => properties.at),
    coords,
    trees: different.map(({ ids, numItems, data }) => ({
      points: ids.buffer,
      data: Int32Array.from(data.subarray(0, numItems * stride)),
    })),
    treeOf: trees.map((tree) => different.indexOf(tree)),
    joined: Float64Array.from(Array.from(clusterProps).flatMap((each) => COLUMNS.map((column) => each[column]))),
  };
}

/** What is handed over instead of copied. */
export function buffersOf({ at, coords, trees, joined }: BuiltClusters): ArrayBuffer[] {
  return [at.buffer, coords.buffer, joined.buffer, ...trees.flatMap(({ points, data }) => [points, data.buffer])];
}

/** Nothing is computed before it is asked for. */
export function openClusters({ at, coords, trees, treeOf, joined }: BuiltClusters): ClusterIndex {
  const index = new Supercluster<{ at: number }, Joined>(OPTIONS);
  const different = trees.map(({ points, data }) => Object.assign(KDBush.from(points), { data }));
  return giveFields(index, {
    trees: treeOf.map((tree) => different[tree] as unknown as Tree),
    numPoints: at.length,
    coords,
    ids: null,
    props: rows((row) => ({ at: at[row]! })),
    clusterProps: rows((row) => {
      const values = COLUMNS.map((column, i) => [column, joined[row * COLUMNS.length + i]!]);
      return Object.fromEntries(values) as unknown as Joined;
    }),
  });
}

const OPTIONS: Options<{ at: number }, Joined> = {
  ...{ radius: RADIUS, extent: 256, maxZoom: LAST_STEP },
  reduce: join,
};

/** Objects that exist only while they are looked at: there would be hundreds of thousands. */
function rows<T>(row: (number: number) => T): ArrayLike<T> {
  return new Proxy<ArrayLike<T>>([], { get: (_, name) => row(Number(name)) });
}

function join(all: Joined, more: Joined): void {
  all.first = Math.min(all.first, more.first);
  all.south = Math.min(all.south, more.south);
  all.north = Math.max(all.north, more.north);
  all.west = Math.min(all.west, more.west);
  all.east = Math.max(all.east, more.east);
  if (all.town !== more.town) all.town = -1;
  if (all.region !== more.region) all.region = -1;
  if (all.country !== more.country) all.country = -1;
}
