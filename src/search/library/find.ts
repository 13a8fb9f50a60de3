/** @file Finds the results for a query's vectors, and lists pictures without a query. */

import { InvalidInputError } from '../../errors';
import { combineVectors, relevanceCut, zScore } from '../query';
import type { Matching } from '../query/understand';
import type {
  Facets,
  ListOptions,
  Pass,
  PhotoDates,
  PhotoFilter,
  PhotoItem,
  PhotoProblem,
  SearchHit,
  SearchResult,
} from '../types';
import { topK, type Bitset } from '../vectors';
import type { Catalog } from './catalog';
import { rowsThrough } from './through';
import { failureIn, slotIn } from './layers';
import type { PictureRow } from './rows';
import type { Shelf } from './shelf';

export const LIMIT = 200;

/** A vector, or the stored one of a picture. */
export type VectorPart = { vector: Float32Array; weight?: number } | { id: number; weight?: number };

/** A query with everything embedded. */
export interface VectorQuery {
  include: readonly VectorPart[];
  exclude: readonly VectorPart[];
  filter?: PhotoFilter;
  limit?: number;
  /** What was typed. */
  matching?: Matching;
  /** Pictures that are part of the query, and therefore not results. */
  omit: readonly number[];
}

/** Results among the vectors of one model. */
export type Found = Pick<SearchResult, 'hits' | 'relevantCount' | 'weak' | 'candidates'>;

export interface FindOptions {
  /** @default 'first' */
  pass?: Pass;
  /** Used instead of the query's. */
  limit?: number;
  /** Only these pictures. */
  only?: (item: PhotoItem) => boolean;
}

/** A query as a comparison of vectors. */
export interface Comparison {
  /** // [dims] */
  vector: Float32Array;
  /** Rows of the vectors that may be results. */
  rows: Bitset;
  limit: number;
  shelf: Shelf;
}

/** @throws InvalidInputError if a part names no picture, or everything cancels out */
export function comparisonOf(
  catalog: Catalog,
  query: VectorQuery,
  { pass = 'first', limit = limitOf(query), only }: FindOptions = {},
): Comparison {
  const { filter = {} } = query;
  const { shelf, slotOf } = sideOf(catalog, pass);
  const vector = combineVectors({
    include: query.include.map((part) => embedded(catalog, part, pass)),
    exclude: query.exclude.map((part) => embedded(catalog, part, pass)),
  });
  const { items } = shelf;
  const rows = rowsThrough(catalog, items, filter);
  for (const id of query.omit) {
    const row = catalog.picture(id);
    const slot = row && slotOf(row);
    if (slot !== undefined) rows.delete(slot);
  }
  if (only) for (const row of rows) if (!only(items[row]!)) rows.delete(row);
  return { vector, rows, limit, shelf };
}

/** @throws InvalidInputError if a part names no picture, or everything cancels out */
export function find(catalog: Catalog, query: VectorQuery, options: FindOptions = {}): Found {
  const { vector, rows, limit, shelf } = comparisonOf(catalog, query, options);
  const { pass = 'first' } = options;
  if (shelf.vectors.size === 0) return { hits: [], relevantCount: 0, weak: false, candidates: 0 };
  const best = topK(shelf.vectors, vector, { limit, filter: rows });
  const { count, weak } = relevanceCut(best.scores, best.statistics);
  const hits = Array.from(best.rows, (row, i): SearchHit => {
    const score = best.scores[i]!;
    return { id: shelf.items[row]!.id, score, z: zScore(score, best.statistics), pass };
  });
  return { hits, relevantCount: count, weak, candidates: best.candidates };
}

/** @throws InvalidInputError */
export function limitOf({ limit = LIMIT }: VectorQuery): number {
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw new InvalidInputError(`limit is ${limit}; it must be 1 or more.`);
}

/** The vectors of a pass, and the position of a picture's vector among them. */
function sideOf(catalog: Catalog, pass: Pass): { shelf: Shelf; slotOf(row: PictureRow): number | undefined } {
  if (pass === 'first') return { shelf: catalog.shelf, slotOf: ({ slot }) => slot };
  const { deep } = catalog;
  if (!deep) throw new InvalidInputError('The index has no deep model in use.', { option: 'pass' });
  return { shelf: deep.shelf, slotOf: (row) => slotIn(row, deep.key) };
}

function embedded(catalog: Catalog, part: VectorPart, pass: Pass): { vector: ArrayLike<number>; weight?: number } {
  if ('vector' in part) return part;
  const { shelf, slotOf } = sideOf(catalog, pass);
  const row = catalog.picture(part.id);
  const slot = row && slotOf(row);
  if (slot === undefined) throw new InvalidInputError(`The index has no picture ${part.id}.`, { id: part.id });
  return { vector: shelf.vectors.get(slot), weight: part.weight };
}

/** Ids in order. */
export function listPictures(catalog: Catalog, { filter = {}, order = 'newest' }: ListOptions): Uint32Array {
  const items = catalog.rows;
  const found = Array.from(rowsThrough(catalog, items, filter), (row) => items[row]!);
  const byPath = (a: PhotoItem, b: PhotoItem) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  if (order === 'path') found.sort(byPath);
  else found.sort((a, b) => (order === 'newest' ? b.taken - a.taken : a.taken - b.taken) || byPath(a, b));
  return Uint32Array.from(found, ({ id }) => id);
}

/** In the order of `ids`. */
export function datesOf(catalog: Catalog, ids: Uint32Array): PhotoDates {
  const taken = new Float64Array(ids.length).fill(NaN); // [ids]
  const dated = new Uint8Array(ids.length); // [ids]
  ids.forEach((id, i) => {
    const row = catalog.picture(id);
    if (!row) return;
    taken[i] = row.taken;
    dated[i] = Number(row.dated);
  });
  return { taken, dated };
}

/** By path. */
export function listProblems(catalog: Catalog): PhotoProblem[] {
  const problems: PhotoProblem[] = [];
  const { deep } = catalog;
  for (const row of catalog.files.values()) {
    if (catalog.isMissing(row.id)) continue;
    const path = `${catalog.folders.get(row.folderId)?.name ?? ''}/${row.path}`;
    if (row.kind !== 'picture') problems.push({ id: row.id, path, kind: row.kind, pass: 'first', reason: row.reason });
    else if (deep) {
      const reason = failureIn(row, deep.key);
      if (reason !== undefined) problems.push({ id: row.id, path, kind: 'failed', pass: 'deep', reason });
    }
  }
  return problems.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function facetsOf(catalog: Catalog): Facets {
  const cameras = new Map<string, number>();
  const folders = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  let from = Infinity;
  let to = -Infinity;
  for (const item of catalog.rows) {
    if (!item) continue;
    if (item.camera !== null) count(cameras, item.camera);
    for (let end = item.path.indexOf('/'); end >= 0; end = item.path.indexOf('/', end + 1)) {
      count(folders, item.path.slice(0, end));
    }
    from = Math.min(from, item.taken);
    to = Math.max(to, item.taken);
  }
  return {
    cameras: Array.from(cameras, ([name, each]) => ({ name, count: each })).sort((a, b) => b.count - a.count),
    folders: Array.from(folders, ([path, each]) => ({ path, count: each })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    taken: from <= to ? { from, to } : null,
  };
}
