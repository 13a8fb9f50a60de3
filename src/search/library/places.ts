/** @file Where the pictures of an index were taken: in degrees, as names, and with the towns around them, for maps. */

import type { Places } from '../places/areas';
import { Turns } from '../turns';
import type { AreaBox, PhotoPlaceNames, PhotoPlaces, Town, TownOptions } from '../types';
import type { Catalog } from './catalog';

const ANYWHERE: AreaBox = { south: -90, west: -180, north: 90, east: 180 };

/** In the order of `ids`. */
export function placesOf(catalog: Pick<Catalog, 'picture'>, ids: Uint32Array): PhotoPlaces {
  const latitude = new Float64Array(ids.length).fill(NaN); // [ids]
  const longitude = new Float64Array(ids.length).fill(NaN); // [ids]
  ids.forEach((id, i) => {
    const place = catalog.picture(id)?.place;
    if (!place) return;
    latitude[i] = place.latitude;
    longitude[i] = place.longitude;
  });
  return { latitude, longitude };
}

/** In the order of `ids`. @param places null without a gazetteer */
export async function placeNamesOf(
  catalog: Pick<Catalog, 'picture'>,
  places: Places | null,
  ids: Uint32Array,
  signal?: AbortSignal,
): Promise<PhotoPlaceNames> {
  const names: string[] = [];
  const known = new Map<string, number>();
  /** @param key distinguishes places with the same name */
  const numberOf = (key: string, name: string): number => {
    if (!name) return -1;
    const at = known.get(key) ?? names.push(name) - 1;
    known.set(key, at);
    return at;
  };
  const town = new Int32Array(ids.length).fill(-1); // [ids]
  const region = new Int32Array(ids.length).fill(-1); // [ids]
  const country = new Int32Array(ids.length).fill(-1); // [ids]
  const turns = new Turns(signal);
  for (let i = 0; places && i < ids.length; i++) {
    if (turns.due) await turns.give();
    const place = catalog.picture(ids[i]!)?.place;
    const at = place && places.at(place);
    if (!at) continue;
    const { gazetteer } = places;
    const around = gazetteer.regions[at.region]!;
    if (at.town !== null) town[i] = numberOf(`town ${at.town}`, gazetteer.names[at.town]!);
    region[i] = numberOf(`region ${at.region}`, around.name);
    country[i] = numberOf(`country ${around.country}`, places.countryName(around.country));
  }
  return { town, region, country, names };
}

/** The towns, largest first. @param places null without a gazetteer */
export function townsOf(places: Places | null, { box = ANYWHERE, limit = 100 }: TownOptions): Town[] {
  if (!places) return [];
  const { gazetteer } = places;
  return gazetteer.largest({ box, limit }).map((at) => ({
    name: gazetteer.names[at]!,
    latitude: gazetteer.latitude[at]!,
    longitude: gazetteer.longitude[at]!,
    size: gazetteer.size[at]!,
  }));
}
