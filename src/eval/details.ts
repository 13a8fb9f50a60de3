/** @file What a model chose for each query (the records of `vlm2vec eval --details`), and how two runs differ. */

import { InvalidInputError } from '../errors';
import { bootstrapInterval, type Interval } from './bootstrap';
import type { DocumentDetail } from './documents/evaluate';
import type { ScoreOptions } from './encode';
import type { EvalRows, Pair } from './rows';
import { bestCandidate } from './score';
import type { MmebSet } from './sets';
import { pairKey } from './vectors';

/** One query. Scores are cosines. */
export interface QueryDetail {
  set: string;
  /** Its row in the dataset, from 0. */
  row: number;
  query: Pair;
  right: Pair & { score: number };
  /** The candidate that was chosen, with its number; 0 is the right one. */
  chosen: Pair & { score: number; index: number };
  candidates: number;
  /** Rank of the right candidate: 1, plus 1 for each candidate that scores higher. */
  rank: number;
}

/** Yields the details of every query whose vectors are in the store, set by set. */
export async function* queryDetails(options: ScoreOptions<MmebSet, EvalRows>): AsyncGenerator<QueryDetail> {
  const { data, sets = data.sets, limit, signal, store } = options;
  for (const set of sets) {
    const { pairs, rows } = await data.rows(set, { limit, signal });
    const vectors: Float32Array[] = [];
    for (const pair of pairs) vectors.push(await store.get(await pairKey(pair, data.pictures, signal)));
    for (const [row, { query, candidates }] of rows.entries()) {
      const vector = vectors[query]!;
      const all = Array.from(candidates, (number) => vectors[number]!);
      const scores = all.map((candidate) => dot(vector, candidate));
      const index = bestCandidate(vector, all);
      const named = (at: number) => ({ ...pairs[candidates[at]!]!, score: scores[at]! });
      yield {
        ...{ set: set.name, row, query: pairs[query]!, right: named(0), chosen: { ...named(index), index } },
        ...{ candidates: all.length, rank: 1 + scores.filter((score) => score > scores[0]!).length },
      };
    }
  }
}

/** In float64. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

/** A line of `--details`, for either kind of dataset. */
export type AnyDetail = QueryDetail | DocumentDetail;

/** P@1 or NDCG@5 in per cent, with its 95 % interval. */
export interface Measured {
  value: number;
  interval: Interval;
}

export interface Comparison {
  /** A set's name, or `All`: the mean of the sets. */
  name: string;
  queries: number;
  a: Measured;
  b: Measured;
  /** b − a, by query. */
  difference: Measured;
  /** Number of queries where a, or b, is better; for P@1, those that only one run answers correctly. */
  onlyA: number;
  onlyB: number;
}

/** Compares two runs. @throws InvalidInputError if the runs do not have the same queries */
export function compareRuns(a: readonly AnyDetail[], b: readonly AnyDetail[]): Comparison[] {
  const other = new Map(b.map((detail) => [idOf(detail), detail]));
  if (other.size !== b.length) throw new InvalidInputError('The second run has a query twice.');
  if (a.length !== b.length) {
    throw new InvalidInputError(
      `The runs have ${a.length} and ${b.length} queries; only runs over the same queries can be compared.`,
    );
  }
  const bySet = new Map<string, [number, number][]>();
  for (const detail of a) {
    const twin = other.get(idOf(detail));
    if (!twin) {
      throw new InvalidInputError(
        `${detail.set}, row ${detail.row}: the second run has a different query there, or none.`,
      );
    }
    other.delete(idOf(detail));
    const found = bySet.get(detail.set) ?? [];
    found.push([valueOf(detail), valueOf(twin)]);
    bySet.set(detail.set, found);
  }
  if (bySet.size === 0) throw new InvalidInputError('The runs have no queries.');
  const sets = [...bySet.values()];
  return [...[...bySet].map(([name, values]) => comparison(name, [values])), comparison('All', sets)];
}

/** The score of one query, 0 to 1. */
const valueOf = (detail: AnyDetail): number => ('ndcg' in detail ? detail.ndcg : Number(detail.chosen.index === 0));

/** What must be equal for two answers to belong to the same question. */
function idOf(detail: AnyDetail): string {
  const { set, row, query, candidates } = detail;
  const right =
    'ndcg' in detail
      ? detail.relevant.map(({ id, grade }) => `${grade} ${id}`).sort()
      : [detail.right.text, detail.right.image];
  return JSON.stringify([set, row, query.text, query.image, ...right, candidates]);
}

/** // [sets][queries][a, b] */
function comparison(name: string, sets: readonly (readonly [number, number][])[]): Comparison {
  const every = sets.flat();
  const measured = (of: (pair: [number, number]) => number): Measured => {
    const values = sets.map((set) => set.map(of));
    const means = values.map((set) => set.reduce((sum, value) => sum + value, 0) / set.length);
    const { low, high } = bootstrapInterval(values);
    const value = (100 * means.reduce((sum, mean) => sum + mean, 0)) / means.length;
    return { value, interval: { low: 100 * low, high: 100 * high } };
  };
  return {
    ...{ name, queries: every.length, a: measured(([a]) => a), b: measured(([, b]) => b) },
    difference: measured(([a, b]) => b - a),
    onlyA: every.filter(([a, b]) => a > b).length,
    onlyB: every.filter(([a, b]) => b > a).length,
  };
}
