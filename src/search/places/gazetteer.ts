/**
 * @file Names of places, and where they are. Read from one file, gzip of UTF-8 lines, which `scripts/places.ts` makes:
 *
 *   the {@link MAGIC}; then for each region `#IT.07⇥Lazio` (country by ISO 3166, region by GeoNames; its name, or nothing), and its
 *   places from south to north: name, latitude less that of the one before, longitude (both in thousandths of a degree),
 *   {@link populationClass}, and where there are any its names in other languages, as `fold` makes them, with `|` between them
 */

import KDBush from 'kdbush';
import { IndexFormatError } from '../../errors';
import { fold } from '../words/fold';
import type { AreaBox } from '../types';
import { isInBox } from './box';

export const MAGIC = 'VLM2VEC PLACES 1';
/** More than the file has; a host may answer with anything. */
const MAX_BYTES = 64 << 20;

/** A region of a country: `Lazio`, `IT`. */
export interface Region {
  country: string;
  /** '' where it has none. */
  name: string;
}

/** 0 for up to a thousand people, four more for each power of ten. */
export function populationClass(population: number): number {
  return Math.max(0, Math.round(4 * Math.log10(Math.max(1, population) / 1000)));
}

export class Gazetteer {
  readonly regions: Region[] = [];
  readonly names: string[] = [];
  /** In degrees. // [places] */
  readonly latitude: Float32Array;
  /** In degrees. // [places] */
  readonly longitude: Float32Array;
  /** Of {@link regions}. // [places] */
  readonly region: Uint16Array;
  /** {@link populationClass} // [places] */
  readonly size: Uint8Array;
  readonly #others = new Map<number, string>();
  readonly #tree: KDBush;
  #byName: Map<string, number[]> | null = null;
  #bySize: Uint32Array | null = null;

  /** @param text of the file, unpacked @throws IndexFormatError */
  constructor(text: string) {
    const lines = text.split('\n');
    if (lines[0] !== MAGIC) throw new IndexFormatError('This is not a file of places: it begins with something else.');
    const count = lines.length;
    this.latitude = new Float32Array(count);
    this.longitude = new Float32Array(count);
    this.region = new Uint16Array(count);
    this.size = new Uint8Array(count);
    let north = 0;
    for (const line of lines) {
      const fields = line.split('\t');
      if (line.startsWith('#')) {
        this.regions.push({ country: line.slice(1, 3), name: fields[1] ?? '' });
        north = 0;
      } else if (fields.length > 3) {
        north += Number(fields[1]);
        this.#add(fields, north);
      }
    }
    this.#tree = new KDBush(Math.max(1, this.names.length), 64, Float32Array);
    if (this.names.length === 0) this.#tree.add(0, 100); // nowhere
    for (let i = 0; i < this.names.length; i++) this.#tree.add(this.longitude[i]!, this.latitude[i]!);
    this.#tree.finish();
  }

  /** @param bytes of the file @throws IndexFormatError for what is none */
  static async read(bytes: Uint8Array<ArrayBuffer>): Promise<Gazetteer> {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const decoder = new TextDecoder();
    let text = '';
    try {
      for (const reader = stream.getReader(); ;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        if (text.length > MAX_BYTES) throw new Error('it is too long');
      }
    } catch (cause) {
      throw new IndexFormatError(`The file of places cannot be read: ${(cause as Error).message}.`, {}, { cause });
    }
    return new Gazetteer(text);
  }

  #add([name, , longitude, size, others]: string[], north: number): void {
    const at = this.names.push(name!) - 1;
    this.latitude[at] = north / 1000;
    this.longitude[at] = Number(longitude) / 1000;
    const isPlace = Math.abs(this.latitude[at]) <= 90 && Math.abs(this.longitude[at]) <= 180;
    if (!isPlace || this.regions.length === 0)
      throw new IndexFormatError(`The file of places is damaged at “${name}”.`);
    this.region[at] = this.regions.length - 1;
    this.size[at] = Number(size);
    if (others) this.#others.set(at, others);
  }

  /** Places of this name in any language of the list. @param folded as `fold` makes it */
  named(folded: string): readonly number[] {
    return (this.#byName ??= this.#indexNames()).get(folded) ?? [];
  }

  #indexNames(): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    const note = (folded: string, at: number) => {
      const known = byName.get(folded);
      if (!known) byName.set(folded, [at]);
      else if (known.at(-1) !== at) known.push(at);
    };
    for (const [at, name] of this.names.entries()) {
      note(fold(name), at);
      for (const other of this.#others.get(at)?.split('|') ?? []) note(` ${other} `, at);
    }
    return byName;
  }

  /** The largest places of a box, largest first. */
  largest({ box, limit }: { box: AreaBox; limit: number }): number[] {
    const order = (this.#bySize ??= Uint32Array.from(this.names.keys()).sort((a, b) => this.size[b]! - this.size[a]!));
    const found: number[] = [];
    for (const at of order) {
      if (found.length >= limit) break;
      if (isInBox(box, this.latitude[at]!, this.longitude[at]!)) found.push(at);
    }
    return found;
  }

  /** How far a place reaches, in kilometres: with the square root of its people. Rome: 13, a village: 3. */
  reach(at: number): number {
    return 3 + Math.sqrt(1000 * 10 ** (this.size[at]! / 4)) / 150;
  }

  /** In kilometres, along the surface. */
  distance(at: number, latitude: number, longitude: number): number {
    return kilometres(this.latitude[at]!, this.longitude[at]!, latitude, longitude);
  }

  /**
   * The place that a point belongs to: of those in reach the one whose reach covers it best, so that a large city goes before the
   * village at its edge, and in the village the village.
   * @param within in kilometres
   */
  nearest(latitude: number, longitude: number, within: number): number | null {
    const north = within / 111;
    const east = Math.min(180, north / Math.max(0.01, Math.cos((latitude * Math.PI) / 180)));
    let best: number | null = null;
    let least = Infinity;
    for (const turn of [0, -360, 360]) {
      const middle = longitude + turn;
      if (middle + east < -180 || middle - east > 180) continue;
      for (const at of this.#tree.range(middle - east, latitude - north, middle + east, latitude + north)) {
        if (at >= this.names.length) continue;
        const distance = this.distance(at, latitude, longitude);
        const share = distance / this.reach(at);
        if (distance > within || share >= least) continue;
        least = share;
        best = at;
      }
    }
    return best;
  }
}

const RADIUS = 6371;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** By the haversine formula. */
function kilometres(latitude: number, longitude: number, otherLatitude: number, otherLongitude: number): number {
  const height = Math.sin(radians(otherLatitude - latitude) / 2) ** 2;
  const width = Math.sin(radians(otherLongitude - longitude) / 2) ** 2;
  const across = Math.cos(radians(latitude)) * Math.cos(radians(otherLatitude)) * width;
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(height + across)));
}
