/** @file The world as lines on Mercator's plane, of the file that `scripts/world-map.ts` makes. */
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { mercator } from './mercator';

/** A country's name, and where it goes. */
export interface CountryLabel {
  name: string;
  /** Degrees. */
  at: [longitude: number, latitude: number];
  /** Half of the height that is free there, on a plane whose side is 1. */
  room: number;
}

/** A ring of land, a hole in it, or a border. */
export interface Line {
  /** Points on the plane, x and y in turns. // [points · 2] */
  points: Float32Array;
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
}

export interface World {
  /** Rings of each piece of land: its shore, then its lakes. */
  land: Line[][];
  borders: Line[];
  /** Most room first. */
  countries: CountryLabel[];
}

type File = Topology<{ land: GeometryCollection; countries: GeometryCollection<CountryLabel> }>;

/** @param address of the file @throws where it cannot be had or read */
export async function loadWorld(address: string): Promise<World> {
  const response = await fetch(address);
  if (!response.ok || !response.body) throw new Error(`The map could not be loaded: status ${response.status}.`);
  return readWorld(response.body);
}

export async function readWorld(gzip: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<World> {
  const file = (await new Response(gzip.pipeThrough(new DecompressionStream('gzip'))).json()) as File;
  const { land, countries } = file.objects;
  const polygons = feature(file, land).features.flatMap(({ geometry }) => {
    if (geometry.type === 'Polygon') return [geometry.coordinates];
    return geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
  });
  const inner = mesh(file, countries, (a, b) => a !== b);
  return {
    land: polygons.map((rings) => rings.map(lineOf)),
    borders: inner.coordinates.map(lineOf),
    countries: countries.geometries.map(({ properties }) => properties as CountryLabel).sort((a, b) => b.room - a.room),
  };
}

/** Land that the antimeridian cuts overlaps a little, so that no seam shows. */
const OVERLAP = 2e-5;

function lineOf(coordinates: number[][]): Line {
  const points = new Float32Array(coordinates.length * 2); // [points · 2]
  const line = { points, minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  coordinates.forEach(([longitude, latitude], i) => {
    const [x, y] = mercator(longitude!, latitude!);
    points[2 * i] = x <= 0 ? -OVERLAP : x >= 1 ? 1 + OVERLAP : x;
    points[2 * i + 1] = y;
    line.minX = Math.min(line.minX, x);
    line.maxX = Math.max(line.maxX, x);
    line.minY = Math.min(line.minY, y);
    line.maxY = Math.max(line.maxY, y);
  });
  return line;
}
