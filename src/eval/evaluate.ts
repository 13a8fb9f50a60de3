/** @file P@1 of MMEB's datasets, from vectors embedded here or earlier. */

import type { MmebData } from './dataset';
import { encodedSets, storedSets, vectorsOf, type EncodedSet, type EncodeOptions, type ScoreOptions } from './encode';
import type { EvalRows } from './rows';
import { bestCandidate } from './score';
import type { MmebSet } from './sets';
import type { VectorStore } from './vectors';

export interface EvaluateOptions extends EncodeOptions<MmebSet, EvalRows> {
  data: MmebData;
  /** Called after each dataset. */
  onSet?: (result: SetResult) => void;
}

export interface SetResult {
  set: MmebSet;
  queries: number;
  correct: number;
  /** Number of unique pairs of text and picture. */
  pairs: number;
  /** The candidate chosen for each query. */
  predictions: Uint32Array;
}

/**
 * Computes P@1 for each dataset.
 * @throws DatasetFormatError for damaged data and for inputs that the model refuses, by set and row
 */
export async function evaluate(options: EvaluateOptions): Promise<SetResult[]> {
  const results: SetResult[] = [];
  for await (const encoded of encodedSets(options, null)) {
    const result = await scoreSet(encoded, options.store);
    results.push(result);
    options.onSet?.(result);
  }
  return results;
}

/** Computes P@1 from stored vectors. Rejects with {@link InvalidInputError} if some are missing. */
export async function scoreOnly(options: ScoreOptions<MmebSet, EvalRows>): Promise<SetResult[]> {
  const results: SetResult[] = [];
  for await (const encoded of storedSets(options)) results.push(await scoreSet(encoded, options.store));
  return results;
}

async function scoreSet(
  { set, rows: { pairs, rows }, keys }: EncodedSet<MmebSet, EvalRows>,
  store: VectorStore,
): Promise<SetResult> {
  const vectors = await vectorsOf(keys, store);
  const predictions = Uint32Array.from(rows, ({ query, candidates }) =>
    bestCandidate(
      vectors[query]!,
      Array.from(candidates, (number) => vectors[number]!),
    ),
  );
  const correct = predictions.reduce((sum, prediction) => sum + (prediction === 0 ? 1 : 0), 0);
  return { set, queries: rows.length, correct, pairs: pairs.length, predictions };
}
