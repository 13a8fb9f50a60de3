/** @file Golden vectors of recipes: `reference/fixtures/recipes`, made by the authors' own code (see its README). */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RgbImage } from '../image';
import { fixturePath } from './fixtures';

export interface GoldenCase {
  id: string;
  role: 'query' | 'document' | null;
  instruction?: string;
  prefix?: string;
  text?: string;
  images?: (string | { synthetic: [width: number, height: number] })[];
  /** The prompt before its markers are repeated. */
  string: string;
  ids: number[];
  /** Rows and columns of patches of each picture. */
  grids: [rows: number, columns: number][];
  /** Time, row, column of every token, with M-RoPE. */
  positions?: [number[], number[], number[]];
  dims?: number;
  /** Where the authors' code was told to cut. */
  maxTokens?: number;
  /** Base64 of little-endian float32. // [dims] */
  embedding?: string;
  /** // [rows, 128] */
  embeddings?: string;
  /** Which rows are kept, where not all are. */
  rows?: number[];
  /** The authors' code throws. */
  refused?: boolean;
}

export interface Golden {
  recipe: string;
  checkpoint: string;
  adapter?: string;
  positions: '1d' | 'mrope';
  cases: GoldenCase[];
  /** `difference`: the largest of a component, where the cosine is too coarse. */
  mistakes: { case: string; name: string; cosine: number; difference?: number }[];
  /** A text beyond the recipe's limit: how many tokens are left of it, the last of them, and all, as int32, hashed. */
  limit?: { text: string; tokens: number; last: number[]; sha256: string };
  /** MaxSim of the authors' scorer. */
  scores?: { queries: string[]; documents: string[]; /** // [queries][documents] */ values: number[][] };
}

const FOLDER = 'recipes';

export const GOLDEN_RECIPES: readonly string[] = readdirSync(fixturePath(FOLDER))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

export function golden(recipe: string): Golden {
  return JSON.parse(readFileSync(fixturePath(`${FOLDER}/${recipe}.json`), 'utf8')) as Golden;
}

export function floats(base64: string): Float32Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** Patches of all pictures of a case. */
export function patchesOf({ grids }: GoldenCase): number {
  return grids.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
}

/** The case as `embed` takes it: pictures as paths or pixels. */
export function goldenInput({ text, images = [] }: Pick<GoldenCase, 'text' | 'images'>): {
  text?: string;
  image?: (string | RgbImage)[];
} {
  const pictures = images.map((image) =>
    typeof image === 'string' ? path.resolve(fixturePath(image)) : syntheticImage(...image.synthetic),
  );
  return { ...(text === undefined ? {} : { text }), ...(pictures.length === 0 ? {} : { image: pictures }) };
}

/** The formula of `reference/recipes/README.md`, in integers. */
export function syntheticImage(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const whole = Math.floor;
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[at++] = whole((x * x + 3 * y * y) / 512) % 256;
      data[at++] = (whole(x / 16) * 37 + whole(y / 16) * 91 + whole((x * y) / 256)) % 256;
      data[at++] = (7 * x + 13 * y + 2 * ((x * y) % 97)) % 256;
    }
  }
  return { width, height, data };
}
