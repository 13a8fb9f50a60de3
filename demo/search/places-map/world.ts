/** @file The world as lines on Mercator's plane, from the file that `scripts/world-map.ts` writes. */
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { mercator } from './mercator';

/** A country's name, and its position. */
export interface CountryLabel {
  name: string;
  /** Degrees. */
  at: [longitude: number, latitude: number];
  /** Half of the height available there, on a plane whose side is 1. */
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

/** @param address of the file @throws if it cannot be downloaded or read */
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

/** Copies of the world overlap by this much, so that no seam shows. */
const OVERLAP = 2e-5;

/**
 * In one piece: whatever crosses the antimeridian continues beyond 1 or below 0, and a ring around the pole ends below
 * the square.
 */
function lineOf(coordinates: number[][]): Line {
  const found: number[] = [];
  let before = 0;
  for (const [longitude, latitude] of coordinates) {
    const [x, y] = mercator(longitude!, latitude!);
    const at = found.length === 0 ? x : x - Math.round(x - before);
    found.push(at, y);
    before = at;
  }
  const start = found[0]!;
  if (Math.abs(before - start) > 0.5) {
    const out = Math.sign(before - start) * OVERLAP;
    found.push(before + out, found.at(-1)!, before + out, 1, start - out, 1);
  }
  const line = { points: Float32Array.from(found), minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (let i = 0; i < found.length; i += 2) {
    line.minX = Math.min(line.minX, found[i]!);
    line.maxX = Math.max(line.maxX, found[i]!);
    line.minY = Math.min(line.minY, found[i + 1]!);
    line.maxY = Math.max(line.maxY, found[i + 1]!);
  }
  return line;
}
