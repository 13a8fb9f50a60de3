/** @file Oracles of single architectures: `reference/fixtures/backbones`, made by public code (see `reference/backbones`). */

import { readFileSync } from 'node:fs';
import { fixturePath } from './fixtures';

export interface BackboneCase {
  id: string;
  text: string;
  images?: (string | { synthetic: [width: number, height: number] })[];
  numCrops?: number;
  /** All tokens; with a picture those before, the number of visual ones, those after. */
  ids: number[] | [before: number[], visual: number, after: number[]];
  /** Rows and columns of crops. */
  grid?: [rows: number, columns: number];
  /** Base64 of float32: the mean of each tile, the global view first. */
  tileMeans?: string;
  /** SHA-256 of the crops, without the global view. // float32 [rows · columns, 3, 336, 336] */
  cropPixels?: string;
  /** Base64 of float32. // [dims] */
  embedding: string;
}

export interface BackboneOracle {
  checkpoint: string;
  cases: BackboneCase[];
  mistakes: { case: string; name: string; cosine: number }[];
}

export function backboneOracle(name: 'phi3-v'): BackboneOracle {
  return JSON.parse(readFileSync(fixturePath(`backbones/${name}.json`), 'utf8')) as BackboneOracle;
}

/** Ids of a case with `placeholder` where the picture stands. */
export function idsOf({ images, ids }: BackboneCase, placeholder: number): number[] {
  if (images === undefined) return ids as number[];
  const [before, visual, after] = ids as [number[], number, number[]];
  return [...before, ...new Array<number>(visual).fill(placeholder), ...after];
}
