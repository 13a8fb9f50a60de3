/**
 * @file Makes `world/world.bin`, land and borders of the search page's map of places, from Natural Earth's 1:50m
 * countries. Run it once for a new list:
 *
 *   npm install --no-save world-atlas@2.0.2 polylabel@2.1.0 && npx tsx scripts/world-map.ts
 *
 * It is gzipped TopoJSON: `land`; `countries`, each with its name, where the name fits best, and how much room there
 * is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { latitudeOf, longitudeOf, mercator } from '../demo/search/places-map/mercator.ts';
import type { CountryLabel } from '../demo/search/places-map/world.ts';

const PACKAGES = path.resolve(import.meta.dirname, '../node_modules');
type Ring = [number, number][];
/** The point of a polygon that is furthest from its edges, with that distance. */
type Polylabel = (rings: Ring[], precision: number) => [number, number] & { distance: number };
const { default: polylabel } = (await import(pathToFileURL(path.join(PACKAGES, 'polylabel/polylabel.js')).href)) as {
  default: Polylabel;
};

type World = Topology<{ land: GeometryCollection; countries: GeometryCollection<{ name: string }> }>;
const world = JSON.parse(readFileSync(path.join(PACKAGES, 'world-atlas/countries-50m.json'), 'utf8')) as World;

const { countries } = world.objects;
const labels = feature(world, countries).features.map(({ geometry, properties: { name } }): CountryLabel => {
  if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') throw new Error(`${name} is no area`);
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  // For an archipelago, the island with the most room, all measured on the plane in which the map is drawn.
  const spots = polygons.map((rings) =>
    polylabel(
      rings.map((ring) => ring.map(([x, y]) => mercator(x!, y!))),
      1e-5,
    ),
  );
  const best = spots.reduce((a, b) => (b.distance > a.distance ? b : a));
  const at = [longitudeOf(best[0]), latitudeOf(best[1])].map((degrees) => Number(degrees.toFixed(2)));
  return { name, at: at as [number, number], room: Number(best.distance.toPrecision(2)) };
});
const made: Topology = {
  ...world,
  objects: {
    land: world.objects.land,
    countries: {
      ...countries,
      geometries: countries.geometries.map(({ id: _id, ...geometry }, i) => ({ ...geometry, properties: labels[i]! })),
    },
  },
};
const bytes = gzipSync(JSON.stringify(made), { level: 9 });
writeFileSync(path.resolve(import.meta.dirname, '../world/world.bin'), bytes);
console.log(`world/world.bin: ${bytes.length} bytes, ${labels.length} countries`);
