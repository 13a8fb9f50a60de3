/** @file One forward pass: texts, or inputs with pictures of like plans. */

import { VLM2VecError } from '../errors';
import { bucket, packedBucket, planText, type BatchLimits } from './batching';
import type { Engine, FeaturePiece, Features, RunHooks } from './engine';
import type { Prepared, PreparedPicture } from './prepare';
import type { OnProgress } from './types';
import type { UsageMeter } from './usage';

export interface RunOptions {
  limits: BatchLimits;
  meter: UsageMeter;
  /** Whether every token's vector is wanted. */
  all: boolean;
  signal?: AbortSignal;
  /** Told of the vision stages, where they are loaded with this run. */
  onProgress?: OnProgress;
}

/** The vectors of each input: one, or one per token. // [inputs][vectors][dims] */
export async function runBatch(
  engine: Engine,
  batch: readonly Prepared[],
  options: RunOptions,
): Promise<Float32Array[][]> {
  const { limits, meter, all, signal, onProgress } = options;
  const hooks: RunHooks = { signal, onStage: meter.onStage };
  const sequences = batch.map(({ sequence }) => sequence);
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const rounding = limits.buckets ? { length: bucket(longest), round: packedBucket } : {};
  const plan = planText(sequences, { ...rounding, all });
  const pictures = batch.flatMap((prepared) => prepared.pictures);
  if (pictures.length === 0) return meter.time('text', engine.embed(plan, null, hooks));
  if (batch.some((prepared) => prepared.pictures.length === 0)) {
    throw new VLM2VecError('A batch mixes pictures and texts; please report this.');
  }
  await engine.loadVision({ signal, onProgress });
  const features = await meter.time('vision', seeAll(engine, pictures, hooks));
  return meter.time('text', engine.embed(plan, features, hooks));
}

/** Features of all pictures, in order; those of one plan share a run of the tower. */
async function seeAll(engine: Engine, pictures: readonly PreparedPicture[], hooks: RunHooks): Promise<Features> {
  const groups = new Map<string, number[]>();
  pictures.forEach(({ plan }, i) => groups.set(plan.key, [...(groups.get(plan.key) ?? []), i]));
  const seen: Features[] = [];
  const pieces = new Array<FeaturePiece>(pictures.length);
  try {
    for (const indices of groups.values()) {
      const { plan } = pictures[indices[0]!]!;
      indices.forEach((index, i) => {
        pieces[index] = { from: seen.length, first: i * plan.features, rows: plan.features };
      });
      seen.push(await engine.see(together(indices.map((i) => pictures[i]!.pixels)), plan, indices.length, hooks));
    }
  } catch (error) {
    for (const features of seen) await engine.drop(features);
    throw error;
  }
  return seen.length === 1 ? seen[0]! : engine.joined(seen, pieces);
}

function together(pixels: readonly Float32Array[]): Float32Array {
  if (pixels.length === 1) return pixels[0]!;
  const { length } = pixels[0]!;
  const all = new Float32Array(pixels.length * length);
  pixels.forEach((each, i) => all.set(each, i * length));
  return all;
}
