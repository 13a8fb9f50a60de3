/** @file Forward passes of a group: each batch holds texts, or inputs with pictures of like plans. */

import { VLM2VecError } from '../errors';
import { bucket, packedBucket, planText, type BatchLimits } from './batching';
import type { Engine, FeaturePiece, Features, VisionRun } from './engine';
import { joined } from './joined';
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
  /** Told of the stages that the group has gone through, where weights are streamed. */
  onPassed?: (stages: { done: number; total: number }) => void;
}

/**
 * The vectors of each input of each batch: one, or one per token. All pictures go through the vision tower first, then
 * all batches through the text tower, so that streamed weights are read once for the group.
 * // [batches][inputs][vectors][dims]
 */
export async function runGroup(
  engine: Engine,
  batches: readonly (readonly Prepared[])[],
  options: RunOptions,
): Promise<Float32Array[][][]> {
  const { limits, meter, all, signal, onProgress, onPassed } = options;
  const pictures = batches.map((batch) => batch.flatMap((prepared) => prepared.pictures));
  batches.forEach((batch, i) => {
    if (pictures[i]!.length > 0 && batch.some((prepared) => prepared.pictures.length === 0)) {
      throw new VLM2VecError('A batch mixes pictures and texts; please report this.');
    }
  });
  const hasPictures = pictures.some(({ length }) => length > 0);
  const stages = { done: 0, total: engine.stageCount({ pictures: hasPictures }) };
  const hooks = {
    signal,
    onStage: meter.onStage,
    onPassed: () => {
      stages.done++;
      onPassed?.({ ...stages });
    },
  };
  let features: (Features | null)[] = batches.map(() => null);
  if (hasPictures) {
    await engine.loadVision({ signal, onProgress });
    features = await meter.time('vision', seeAll(engine, pictures, hooks));
  }
  const runs = batches.map((batch, i) => ({ plan: planOf(batch, { limits, all }), features: features[i]! }));
  return meter.time('text', engine.embed(runs, hooks));
}

function planOf(batch: readonly Prepared[], { limits, all }: Pick<RunOptions, 'limits' | 'all'>) {
  const sequences = batch.map(({ sequence }) => sequence);
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const rounding = limits.buckets ? { length: bucket(longest), round: packedBucket } : {};
  return planText(sequences, { ...rounding, all });
}

/** A batch's pictures by runs of the tower: those of one plan share one. */
interface Sight {
  runs: VisionRun[];
  /** Where each picture's features are, in the batch's order. */
  pieces: FeaturePiece[];
}

/** Features of the pictures of each batch, in order; null of a batch without any. */
async function seeAll(
  engine: Engine,
  batches: readonly (readonly PreparedPicture[])[],
  hooks: Parameters<Engine['see']>[1],
): Promise<(Features | null)[]> {
  const sights = batches.map(sightOf);
  const seen = await engine.see(
    sights.flatMap(({ runs }) => runs),
    hooks,
  );
  const features: (Features | null)[] = [];
  let at = 0;
  try {
    for (const { runs, pieces } of sights) {
      const own = seen.slice(at, at + runs.length);
      at += runs.length;
      features.push(own.length > 1 ? await engine.joined(own, pieces) : (own[0] ?? null));
    }
    return features;
  } catch (error) {
    for (const each of [...seen, ...features]) await engine.drop(each);
    throw error;
  }
}

function sightOf(pictures: readonly PreparedPicture[]): Sight {
  const groups = new Map<string, number[]>();
  pictures.forEach(({ plan }, i) => groups.set(plan.key, [...(groups.get(plan.key) ?? []), i]));
  const runs: VisionRun[] = [];
  const pieces = new Array<FeaturePiece>(pictures.length);
  for (const indices of groups.values()) {
    const { plan } = pictures[indices[0]!]!;
    indices.forEach((index, i) => {
      pieces[index] = { from: runs.length, first: i * plan.features, rows: plan.features };
    });
    const pixels = () => joined(indices.map((i) => pictures[i]!.pixels));
    runs.push({ pixels, plan, pictures: indices.length });
  }
  return { runs, pieces };
}
