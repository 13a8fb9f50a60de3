/** @file NDCG@5 of visual-document datasets, and what a model found for each question. */

import { encodedSets, storedSets, vectorsOf, type EncodedSet, type EncodeOptions, type ScoreOptions } from '../encode';
import type { Pair } from '../rows';
import type { VectorStore } from '../vectors';
import type { DocumentRows } from './data';
import { bestPages, ndcg, rankOf, scoresOf } from './ndcg';
import type { DocumentSet } from './sets';

export interface DocumentResult {
  set: DocumentSet;
  /** Number of pages that are candidates. */
  pages: number;
  /** Number of unique pairs of text and picture. */
  pairs: number;
  /** NDCG@5 by query, 0 to 1. */
  scores: number[];
}

export type DocumentScoreOptions = ScoreOptions<DocumentSet, DocumentRows>;

/**
 * Embeds what is not stored yet, and computes scores.
 * @throws DatasetFormatError for damaged data and for inputs that the model refuses, naming dataset and page
 */
export async function evaluateDocuments(options: EncodeOptions<DocumentSet, DocumentRows>): Promise<DocumentResult[]> {
  const results: DocumentResult[] = [];
  for await (const encoded of encodedSets(options, null)) results.push(await scoreSet(encoded, options.store));
  return results;
}

/** Computes scores from stored vectors. Rejects with {@link InvalidInputError} if some are missing. */
export async function scoreDocuments(options: DocumentScoreOptions): Promise<DocumentResult[]> {
  const results: DocumentResult[] = [];
  for await (const encoded of storedSets(options)) results.push(await scoreSet(encoded, options.store));
  return results;
}

async function scoreSet(
  { set, rows, keys }: EncodedSet<DocumentSet, DocumentRows>,
  store: VectorStore,
): Promise<DocumentResult> {
  const scores: number[] = [];
  for await (const { best, grades } of found(rows, keys, store)) scores.push(ndcgOf(best, grades));
  return { set, pages: rows.pages.length, pairs: rows.pairs.length, scores };
}

const ndcgOf = (best: readonly number[], grades: ReadonlyMap<number, number>) =>
  ndcg(
    best.map((page) => grades.get(page) ?? 0),
    [...grades.values()],
  );

/** Yields the five best pages and all scores for each query. */
async function* found({ queries, pages }: DocumentRows, keys: readonly string[], store: VectorStore) {
  const vectors = await vectorsOf(
    pages.map(({ pair }) => keys[pair]!),
    store,
  ); // [pages][dims]
  for (const query of queries) {
    const scores = scoresOf(await store.get(keys[query.pair]!), vectors);
    yield { ...query, scores, best: bestPages(scores) };
  }
}

/** A page that was found, or should have been. Scores are cosines; grade 0 means that it is not relevant. */
export interface PageDetail {
  id: string;
  image: string;
  score: number;
  grade: number;
  /** Rank among all pages, from 1. */
  rank: number;
}

/** One query: a line of `vlm2vec eval --details`. */
export interface DocumentDetail {
  set: string;
  /** Its row among the queries that count, from 0. */
  row: number;
  id: string;
  query: Pair;
  /** NDCG@5, 0 to 1. */
  ndcg: number;
  /** All relevant pages, best grade first. */
  relevant: PageDetail[];
  /** The five best pages. */
  found: PageDetail[];
  /** Number of candidate pages. */
  candidates: number;
}

/** Yields the details of every query, dataset by dataset. */
export async function* documentDetails(options: DocumentScoreOptions): AsyncGenerator<DocumentDetail> {
  for await (const { set, rows, keys } of storedSets(options)) {
    const { pages, pairs } = rows;
    let row = 0;
    for await (const { id, pair, grades, scores, best } of found(rows, keys, options.store)) {
      const detail = (page: number): PageDetail => ({
        ...{ id: pages[page]!.id, image: pairs[pages[page]!.pair]!.image!, score: scores[page]! },
        ...{ grade: grades.get(page) ?? 0, rank: rankOf(page, scores) },
      });
      yield {
        ...{ set: set.name, row: row++, id, query: pairs[pair]!, ndcg: ndcgOf(best, grades) },
        relevant: [...grades.keys()].map(detail).sort((a, b) => b.grade - a.grade || a.rank - b.rank),
        ...{ found: best.map(detail), candidates: pages.length },
      };
    }
  }
}
