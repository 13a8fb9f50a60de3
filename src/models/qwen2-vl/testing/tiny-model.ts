/** @file A small random Qwen2-VL with the real head sizes, for tests. */

import type { Qwen2VLConfig } from '../config';

import { planStages } from '../../stages';
import { qwen2vlNetwork } from '../index';
import type { Tensor, Weights } from './reference-forward';

export const tinyConfig: Qwen2VLConfig = {
  hiddenSize: 256,
  intermediateSize: 352,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headDim: 128,
  ropeTheta: 1_000_000,
  mropeSection: [16, 24, 24],
  rmsEps: 1e-6,
  vocabSize: 64,
  maxPositions: 32768,
  imageTokenId: 60,
  visionStartTokenId: 59,
  vision: {
    depth: 3,
    embedDim: 160,
    heads: 2,
    headDim: 80,
    mlpDim: 640,
    patchSize: 14,
    mergeSize: 2,
    temporalPatchSize: 2,
    channels: 3,
  },
};

/** Its weights and graphs. */
export const tinyNetwork = (config: Qwen2VLConfig) => qwen2vlNetwork(config, { head: null });

/** Canonical name of the token table. */
export const EMBEDDINGS = 'model.embed_tokens.weight';

/** Uniform numbers in [0, 1) from a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed numbers. // [length] */
export function normals(length: number, seed: number, deviation = 1): Float32Array {
  const next = random(seed);
  return Float32Array.from(
    { length },
    () => deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

/**
 * A checkpoint of the given shape. Gains are near 1, biases are small, and matrices keep the variance of their input.
 */
export function randomWeights(config: Qwen2VLConfig, seed: number): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  const put = (name: string, shape: number[], deviation: number, mean = 0) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = normals(length, seed + weights.size, deviation).map((v) => v + mean);
    weights.set(name, { shape, data });
  };
  put(EMBEDDINGS, [config.vocabSize, config.hiddenSize], 1);
  for (const weight of planStages(tinyNetwork(config), () => 0).flatMap((stage) => stage.weights)) {
    const [out, inn] = weight.shape;
    const sizes = partSizes(config, weight.parts, out!);
    weight.parts.forEach((part, i) => {
      if (weight.rowTransform === 'fold-temporal') {
        const { channels, patchSize } = config.vision;
        put(part, [out!, channels, 2, patchSize, patchSize], 0.03);
      } else if (inn === undefined) {
        const gain = /norm\d?\.weight$|ln_q\.weight$/.test(part);
        put(part, [sizes[i]!], 0.2, gain ? 1 : 0);
      } else {
        put(part, [sizes[i]!, inn], 1 / Math.sqrt(inn));
      }
    });
  }
  return weights;
}

function partSizes({ heads, kvHeads }: Qwen2VLConfig, parts: string[], out: number): number[] {
  if (parts.length === 1) return [out];
  const unit = out / (heads + 2 * kvHeads);
  return [heads * unit, kvHeads * unit, kvHeads * unit];
}

/** Rows of the embedding table. // [ids.length, hiddenSize] */
export function tokenRows(config: Qwen2VLConfig, weights: Weights, ids: readonly number[]): Float32Array[] {
  const { data } = weights.get(EMBEDDINGS)!;
  return ids.map((id) => data.slice(id * config.hiddenSize, (id + 1) * config.hiddenSize));
}
