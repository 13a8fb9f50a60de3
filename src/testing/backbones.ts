/** @file Oracles of single architectures: `reference/fixtures/backbones`, made by public code (see `reference/backbones`). */

import { readFileSync } from 'node:fs';
import type { EmbedOptions } from '../runtime';
import type { DrawnWeights } from './drawn-checkpoint';
import { fixturePath } from './fixtures';

export type BackboneName = 'phi3-v' | 'llava-next' | 'siglip';

export interface BackboneCase {
  id: string;
  /** Absent of pictures that come alone. */
  text?: string;
  images?: (string | { synthetic: [width: number, height: number] })[];
  numCrops?: number;
  instruction?: string;
  /** All tokens; with a picture those before, the number of visual ones, those after. */
  ids: number[] | [before: number[], visual: number, after: number[]];
  /** Rows and columns of crops. */
  grid?: [rows: number, columns: number];
  /** Base64 of float32: the mean of each tile, the global view first. */
  tileMeans?: string;
  /** LLaVA, `pixels` of SigLIP too (patches): how many of them, the squeezed picture first, and the SHA-256 of all. // float32 [tiles, 3, 336, 336] */
  tiles?: number;
  pixels?: string;
  /** SHA-256 of the crops, without the global view. // float32 [rows · columns, 3, 336, 336] */
  cropPixels?: string;
  /** Every 1323rd number of the global view, in base64 of float32, and how far all of them are from its definition at most. */
  viewPixels?: string;
  viewError?: number;
  /** Base64 of float32. // [dims] */
  embedding: string;
}

export interface BackboneOracle {
  checkpoint: string;
  cases: BackboneCase[];
  /** `difference`: of a component, at most. */
  mistakes: { case: string; name: string; cosine: number; difference?: number }[];
  /** SigLIP: what makes a cosine a probability. */
  logit?: { scale: number; bias: number };
}

/** Vectors of some of a backbone's cases with an adapter merged. */
export interface AdaptedOracle {
  checkpoint: string;
  adapter: string;
  cases: { id: string; embedding: string; cosineToBase: number }[];
}

/** A checkpoint whose weights are drawn, with the config of its own, and the other files of a checkpoint of the fixtures. */
export interface Variant {
  name: string;
  config: Record<string, unknown>;
  /** Where it is another than the checkpoint's. */
  preprocessor?: Record<string, unknown>;
  weights: DrawnWeights;
  /** By name in files: what later releases call the weight. */
  newerNames?: Record<string, string>;
  cases: BackboneCase[];
  mistakes?: BackboneOracle['mistakes'];
}

export function variantsOf(name: BackboneName | 'qwen3-vl'): { files: string; variants: Variant[] } {
  return JSON.parse(readFileSync(fixturePath(`backbones/${name}-variants.json`), 'utf8')) as {
    files: string;
    variants: Variant[];
  };
}

export function adaptedOracle(name: 'llava-next+dora' | 'phi3-v+dora'): AdaptedOracle {
  return JSON.parse(readFileSync(fixturePath(`backbones/${name}.json`), 'utf8')) as AdaptedOracle;
}

export function backboneOracle(name: BackboneName): BackboneOracle {
  return JSON.parse(readFileSync(fixturePath(`backbones/${name}.json`), 'utf8')) as BackboneOracle;
}

/** As the case is asked. */
export function optionsOf({ numCrops }: Pick<BackboneCase, 'numCrops'>): EmbedOptions {
  return { orientation: 'stored', ...(numCrops === undefined ? {} : { numCrops }) };
}

/** Ids of a case with `placeholder` where the picture stands. */
export function idsOf({ images, ids }: BackboneCase, placeholder: number): number[] {
  if (images === undefined) return ids as number[];
  const [before, visual, after] = ids as [number[], number, number[]];
  return [...before, ...new Array<number>(visual).fill(placeholder), ...after];
}
