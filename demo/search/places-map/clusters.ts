/** @file Pictures that are close together on the map, as one mark with their number. */
import type { ClusterFeature, PointFeature } from 'supercluster';
import type { AreaBox, PhotoPlaceNames } from '../../../src/search';
import { LAST_STEP, openClusters, type BuiltClusters, type ClusterIndex, type Common, type Joined } from './built';
import { mercator } from './mercator';

export interface Mark {
  /** The same for as long as its step is shown. */
  key: string;
  /** On the plane. */
  x: number;
  y: number;
  count: number;
  /** The position of the first of them among all pictures. */
  first: number;
  /** In words, as precisely as is true for all of them; '' for nothing. */
  name: string;
  /** The box around them. */
  box: AreaBox;
  /** The step at which it splits; null if it never does. */
  splits: number | null;
  /** Their positions among all pictures, in that order. */
  members(): number[];
}

export class Clusters {
  /** Pictures with a place. */
  readonly located: number;
  readonly #index: ClusterIndex;
  readonly #names: PhotoPlaceNames | null;
  readonly #splitsOf = new Map<number, number | null>();

  /** @param names those that they were built with */
  constructor(built: BuiltClusters, names: PhotoPlaceNames | null) {
    this.located = built.at.length;
    this.#names = names;
    this.#index = openClusters(built);
  }

  /** Largest first. @param step of zoom: at each the plane's side is twice as long, 256 pixels at 0 */
  within({ west, south, east, north }: AreaBox, step: number): Mark[] {
    const found = this.#index.getClusters(
      [west, south, east < west ? east + 360 : east, north],
      Math.min(step, LAST_STEP + 1),
    );
    return found.map((feature) => this.#markOf(feature)).sort((a, b) => b.count - a.count || a.first - b.first);
  }

  #markOf({ geometry, properties }: PointFeature<{ at: number }> | ClusterFeature<Joined>): Mark {
    const [longitude, latitude] = geometry.coordinates as [number, number];
    const [x, y] = mercator(longitude, latitude);
    if (!('cluster' in properties)) {
      const { at } = properties;
      const box = { south: latitude, west: longitude, north: latitude, east: longitude };
      return {
        key: `p${at}`,
        x,
        y,
        count: 1,
        first: at,
        name: this.nameOfAll([at]),
        box,
        splits: null,
        members: () => [at],
      };
    }
    const { cluster_id: id, point_count: count, first, south, west, north, east } = properties;
    const isOnePlace = south === north && west === east;
    return {
      key: `c${id}`,
      ...{ x, y, count, first },
      name: this.#nameOf(properties),
      box: { south, west, north, east },
      splits: isOnePlace ? null : this.#splits(id),
      members: () =>
        this.#index
          .getLeaves(id, Infinity)
          .map(({ properties: { at } }) => at)
          .sort((a, b) => a - b),
    };
  }

  #splits(id: number): number | null {
    const known = this.#splitsOf.get(id);
    if (known !== undefined) return known;
    const step = this.#index.getClusterExpansionZoom(id);
    const splits = step > LAST_STEP ? null : step;
    this.#splitsOf.set(id, splits);
    return splits;
  }

  #nameOf({ town, region, country }: Common): string {
    const { names = [] } = this.#names ?? {};
    const first = names[town] ?? names[region];
    return [...new Set([first, names[country]])].filter(Boolean).join(', ');
  }

  /** What pictures have in common, in words. @param members as {@link Mark.members} */
  nameOfAll(members: readonly number[]): string {
    if (!this.#names || members.length === 0) return '';
    const common = { town: -1, region: -1, country: -1 };
    for (const kind of ['town', 'region', 'country'] as const) {
      const all = this.#names[kind];
      const one = all[members[0]!]!;
      if (members.every((at) => all[at] === one)) common[kind] = one;
    }
    return this.#nameOf(common);
  }
}
