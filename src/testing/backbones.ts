/** @file Vectors of whole architectures: `reference/fixtures/backbones`, made by public code (see its README). */

import { readFileSync } from 'node:fs';
import { fixturePath } from './fixtures';

export interface BackboneCase {
  id: string;
  text: string;
  images?: (string | { synthetic: [width: number, height: number] })[];
  /** All of them, or with a picture those before it, its number of visual tokens, and those behind it. */
  ids: number[] | [before: number[], visual: number, after: number[]];
  /** Of the picture. */
  tiles?: number;
  /** SHA-256 of float32 [tiles, 3, 336, 336]. */
  pixels?: string;
  /** Base64 of little-endian float32. // [dims] */
  embedding: string;
}

export interface BackboneFixture {
  checkpoint: string;
  cases: BackboneCase[];
  mistakes: { case: string; name: string; cosine: number }[];
}

export interface AdaptedBackboneFixture {
  checkpoint: string;
  adapter: string;
  cases: { id: string; embedding: string; cosineToBase: number }[];
}

export function backboneFixture<T = BackboneFixture>(name: string): T {
  return JSON.parse(readFileSync(fixturePath(`backbones/${name}.json`), 'utf8')) as T;
}
