/**
 * @file The forward passes of a group: each batch contains either texts, or inputs whose pictures have the same kind of
 * plan.
 */

import { VLM2VecError } from '../errors';
import { bucket, packedBucket, planText, type BatchLimits } from './batching';
import type { Engine, FeaturePiece, Features, VisionRun } from './engine';
import type { TowerKind } from '../models';
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
  /** Called with the stages that are loaded during this run. */
  onProgress?: OnProgress;
  /** Called with the stages that the group has passed through, if weights are streamed. */
  onPassed?: (stages: { done: number; total: number }) => void;
}

/**
 * The vectors of each input of each batch: one, or one per token. All pictures pass through the vision tower first,
 * then all batches whose vectors it does not return pass through the text tower, so that streamed weights are read once
 * per group. // [batches][inputs][vectors][dims]
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
  const { routes } = engine.backbone;
  const taken = pictures.map(({ length }) => routes[length > 0 ? 'picture' : 'text']);
  const kinds = new Set(taken.flat());
  const stages = { done: 0, total: engine.stageCount(kinds) };
  const hooks = {
    signal,
    onStage: meter.onStage,
    onPassed: () => {
      stages.done++;
      onPassed?.({ ...stages });
    },
  };
  await loadTowers(engine, kinds, { signal, onProgress });
  let features: (Features | null)[] = batches.map(() => null);
  const vectors = new Array<Float32Array[][]>(batches.length);
  if (kinds.has('vision') && routes.picture.includes('text')) {
    features = await meter.time('vision', seeAll(engine, pictures, { hooks, take: featuresOf }));
  } else if (kinds.has('vision')) {
    const seen = await meter.time('vision', seeAll(engine, pictures, { hooks, take: vectorsOf }));
    seen.forEach((found, i) => (vectors[i] = found));
  }
  const read = [...batches.keys()].filter((i) => taken[i]!.includes('text'));
  if (read.length > 0) {
    const shares = engine.backbone.textTokens === undefined;
    const planOf = (batch: readonly Prepared[]) => planBatch(batch, { limits, all, shares });
    const runs = read.map((i) => ({ plan: planOf(batches[i]!), features: features[i]! }));
    const found = await meter.time('text', engine.embed(runs, hooks));
    read.forEach((i, at) => (vectors[i] = found[at]!));
  }
  return vectors;
}

/** Loads what of them was left for later. */
export async function loadTowers(
  engine: Engine,
  kinds: Iterable<TowerKind>,
  hooks: Pick<RunOptions, 'signal' | 'onProgress'>,
): Promise<void> {
  for (const kind of kinds) await engine.loadTower(kind, hooks);
}

function planBatch(
  batch: readonly Prepared[],
  { limits, ...options }: Pick<RunOptions, 'limits' | 'all'> & { shares: boolean },
) {
  const sequences = batch.map(({ sequence }) => sequence);
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const rounding = limits.buckets ? { length: bucket(longest), round: packedBucket } : {};
  return planText(sequences, { ...rounding, ...options });
}

/** A batch's pictures by runs of the tower: those with the same plan share one. */
interface Sight {
  runs: VisionRun[];
  /** Where each picture's features are, in the batch's order. */
  pieces: FeaturePiece[];
}

/** Processes the pictures of a batch, given the tower's result for each of its runs. */
type Take<T> = (engine: Engine, seen: readonly Features[], pieces: readonly FeaturePiece[]) => Promise<T>;

/** Features in order; null for a batch without pictures. */
const featuresOf: Take<Features | null> = async (engine, seen, pieces) =>
  seen.length > 1 ? engine.joined(seen, pieces) : (seen[0] ?? null);

/** // [inputs][1][dims] */
const vectorsOf: Take<Float32Array[][]> = (engine, seen, pieces) => engine.vectors(seen, pieces);

/** Runs all pictures through the vision tower, and returns what `take` makes of each batch's results. */
async function seeAll<T>(
  engine: Engine,
  batches: readonly (readonly PreparedPicture[])[],
  { hooks, take }: { hooks: Parameters<Engine['see']>[1]; take: Take<T> },
): Promise<T[]> {
  const sights = batches.map(sightOf);
  const seen = await engine.see(
    sights.flatMap(({ runs }) => runs),
    hooks,
  );
  const taken: T[] = [];
  let at = 0;
  try {
    for (const { runs, pieces } of sights) {
      const own = seen.slice(at, at + runs.length);
      at += runs.length;
      taken.push(await take(engine, own, pieces));
    }
    return taken;
  } catch (error) {
    for (const each of [...seen, ...taken]) if (isFeatures(each)) await engine.drop(each);
    throw error;
  }
}

const isFeatures = (given: unknown): given is Features =>
  typeof given === 'object' && given !== null && 'tensor' in given;

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
