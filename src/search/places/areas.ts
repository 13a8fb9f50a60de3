/**
 * @file What the name of a place covers: towns by their extent, regions and countries by the towns around a picture.
 */

import { fold } from '../words/fold';
import type { AreaBox, Place } from '../types';
import { boxAround, boxOfCircle } from './box';
import type { Gazetteer } from './gazetteer';

/** Pictures further from every town are in none; in kilometres. */
const TOWN = 25;
/** … and in no country that could be told. */
const COUNTRY = 100;

/** Where a picture was taken, in words. */
export interface Whereabouts {
  /** Null far from towns. */
  town: number | null;
  /** Of the gazetteer. */
  region: number;
}

/** What a name may stand for, each of them. */
export interface Area {
  towns: readonly number[];
  regions: ReadonlySet<number>;
  countries: ReadonlySet<string>;
}

/** Languages whose names for countries are known; town names are in the gazetteer. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'];
/** Names that lists of countries do not have. */
const ALSO: Record<string, string> = { usa: 'US', uk: 'GB', america: 'US', holland: 'NL', turkey: 'TR', britain: 'GB' };

export class Places {
  readonly gazetteer: Gazetteer;
  readonly #known = new Map<string, Whereabouts | null>();
  #countries: Map<string, string> | null = null;
  #regions: Map<string, number[]> | null = null;
  readonly #english = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
  readonly #folded = new Map<string, string>();

  constructor(gazetteer: Gazetteer) {
    this.gazetteer = gazetteer;
  }

  /** Null at sea, and far from everywhere. */
  at({ latitude, longitude }: Place): Whereabouts | null {
    const key = `${latitude.toFixed(3)} ${longitude.toFixed(3)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { gazetteer } = this;
    const near = gazetteer.nearest(latitude, longitude, TOWN);
    const any = near ?? gazetteer.nearest(latitude, longitude, COUNTRY);
    const found = any === null ? null : { town: near, region: gazetteer.region[any]! };
    this.#known.set(key, found);
    return found;
  }

  /** `Rome, Italy`, or with the region alone `Arizona, United States`. */
  nameOf({ town, region }: Whereabouts): string {
    const { name, country } = this.gazetteer.regions[region]!;
    const first = town === null ? name : this.gazetteer.names[town]!;
    return [...new Set([first, this.countryName(country)])].filter(Boolean).join(', ');
  }

  /** Town, region and country, folded, for words to be looked for in. */
  foldedAt(point: Place): string {
    const found = this.at(point);
    if (!found) return ' ';
    const key = `${found.town} ${found.region}`;
    let folded = this.#folded.get(key);
    if (folded === undefined) {
      const { name, country } = this.gazetteer.regions[found.region]!;
      const town = found.town === null ? '' : this.gazetteer.names[found.town]!;
      folded = [town, name, this.countryName(country)].map(fold).join('');
      this.#folded.set(key, folded);
    }
    return folded;
  }

  countryName(code: string): string {
    return this.#english.of(code) ?? code;
  }

  /** Null for what is no name of a place. */
  named(words: string): Area | null {
    const folded = fold(words);
    const towns = this.gazetteer.named(folded);
    const regions = new Set((this.#regions ??= this.#indexRegions()).get(folded) ?? []);
    const country = (this.#countries ??= this.#indexCountries()).get(folded);
    if (towns.length + regions.size === 0 && country === undefined) return null;
    return { towns, regions, countries: new Set(country === undefined ? [] : [country]) };
  }

  /** Whether a point is in an area, and in which part of it. */
  whereIn(area: Area, point: Place): Whereabouts | 'country' | null {
    const { gazetteer } = this;
    for (const town of area.towns) {
      const north = Math.abs(gazetteer.latitude[town]! - point.latitude);
      if (north > 0.5) continue; // 55 km: no town reaches so far
      if (gazetteer.distance(town, point.latitude, point.longitude) > gazetteer.reach(town)) continue;
      return { town, region: gazetteer.region[town]! };
    }
    if (area.regions.size + area.countries.size + area.towns.length === 0) return null;
    const found = this.at(point);
    if (!found) return null;
    if (found.town !== null && area.towns.includes(found.town)) return found;
    if (area.regions.has(found.region)) return { town: null, region: found.region };
    return area.countries.has(gazetteer.regions[found.region]!.country) ? 'country' : null;
  }

  /** The box around a part of an area, as {@link whereIn} tells it. */
  boxOf(area: Area, where: Whereabouts | 'country'): AreaBox {
    const { gazetteer } = this;
    if (where !== 'country' && where.town !== null) {
      const [latitude, longitude] = [gazetteer.latitude[where.town]!, gazetteer.longitude[where.town]!];
      return boxOfCircle({ latitude, longitude }, gazetteer.reach(where.town));
    }
    const isInside = (region: number) =>
      where === 'country' ? area.countries.has(gazetteer.regions[region]!.country) : region === where.region;
    const towns = [...gazetteer.names.keys()].filter((town) => isInside(gazetteer.region[town]!));
    const of = (degrees: Float32Array) => towns.map((town) => degrees[town]!);
    return boxAround(of(gazetteer.latitude), of(gazetteer.longitude))!;
  }

  #indexRegions(): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    for (const [at, { name }] of this.gazetteer.regions.entries()) {
      if (name) byName.set(fold(name), [...(byName.get(fold(name)) ?? []), at]);
    }
    return byName;
  }

  #indexCountries(): Map<string, string> {
    const byName = new Map<string, string>();
    const codes = new Set(this.gazetteer.regions.map(({ country }) => country));
    for (const language of LANGUAGES) {
      const names = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' });
      for (const code of codes) {
        const name = /^[A-Z]{2}$/.test(code) ? names.of(code) : undefined;
        if (name) byName.set(fold(name), code);
      }
    }
    for (const [name, code] of Object.entries(ALSO)) if (codes.has(code)) byName.set(fold(name), code);
    return byName;
  }
}
