/** @file Pictures that are close together on the map, as one mark with their number. */
import Supercluster, { type ClusterFeature, type PointFeature } from 'supercluster';
import type { AreaBox, PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { mercator } from './mercator';

/** The size of a mark in CSS pixels: two never cover each other by more than a corner. */
const RADIUS = 62;
/** From the next step on, every picture has its own mark, unless another was taken at the very same place. */
export const LAST_STEP = 17;

/** What all pictures of a mark have in common: numbers of `PhotoPlaceNames.names`, −1 for none. */
interface Common {
  town: number;
  region: number;
  country: number;
}

/** A mark's pictures while they are joined. Clusters never cross the antimeridian. */
interface Joined extends Common, AreaBox {
  /** The first of them, in the order that pictures have. */
  first: number;
}

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
  readonly #index: Supercluster<{ at: number }, Joined>;
  readonly #names: PhotoPlaceNames | null;
  readonly #splitsOf = new Map<number, number | null>();

  /** @param names null before they are known */
  constructor({ latitude, longitude }: PhotoPlaces, names: PhotoPlaceNames | null) {
    const points: PointFeature<{ at: number }>[] = [];
    for (let at = 0; at < latitude.length; at++) {
      if (Number.isNaN(latitude[at])) continue;
      const coordinates = [longitude[at]!, latitude[at]!];
      points.push({ type: 'Feature', geometry: { type: 'Point', coordinates }, properties: { at } });
    }
    this.located = points.length;
    this.#names = names;
    this.#index = new Supercluster<{ at: number }, Joined>({
      radius: RADIUS,
      extent: 256,
      maxZoom: LAST_STEP,
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
      reduce: join,
    }).load(points);
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
