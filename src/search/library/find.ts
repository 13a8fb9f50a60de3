/** @file From a query's vectors to its results, and lists of pictures without a query. */

import { InvalidInputError } from '../../errors';
import { combineVectors, filterRows, relevanceCut, zScore } from '../query';
import type { Facets, ListOptions, PhotoFilter, PhotoItem, PhotoProblem, SearchResult } from '../types';
import { topK } from '../vectors';
import type { Catalog } from './catalog';

const LIMIT = 200;

/** A vector, or the stored one of a picture. */
export type VectorPart = { vector: Float32Array; weight?: number } | { id: number; weight?: number };

/** A query with everything embedded. */
export interface VectorQuery {
  include: readonly VectorPart[];
  exclude: readonly VectorPart[];
  filter?: PhotoFilter;
  limit?: number;
  /** Pictures that are part of the query, and so no results. */
  omit: readonly number[];
}

/** @throws InvalidInputError where a part names no picture, or everything cancels out */
export function find(catalog: Catalog, query: VectorQuery): Omit<SearchResult, 'milliseconds' | 'revision'> {
  const { filter = {}, limit = LIMIT } = query;
  if (!Number.isInteger(limit) || limit < 1) throw new InvalidInputError(`limit is ${limit}; it has to be 1 or more.`);
  const { vectors } = catalog;
  const vector = combineVectors({
    include: query.include.map((part) => embedded(catalog, part)),
    exclude: query.exclude.map((part) => embedded(catalog, part)),
  });
  if (vectors.size === 0) return { hits: [], relevantCount: 0, weak: false, candidates: 0 };
  const items = catalog.rows;
  const rows = filterRows(items, filter);
  for (const id of query.omit) {
    const slot = catalog.picture(id)?.slot;
    if (slot !== undefined) rows.delete(slot);
  }
  const best = topK(vectors, vector, { limit, filter: rows });
  const { count, weak } = relevanceCut(best.scores, best.statistics);
  const hits = Array.from(best.rows, (row, i) => {
    const score = best.scores[i]!;
    return { id: items[row]!.id, score, z: zScore(score, best.statistics) };
  });
  return { hits, relevantCount: count, weak, candidates: best.candidates };
}

function embedded(catalog: Catalog, part: VectorPart): { vector: ArrayLike<number>; weight?: number } {
  if ('vector' in part) return part;
  const row = catalog.picture(part.id);
  if (!row) throw new InvalidInputError(`The index has no picture ${part.id}.`, { id: part.id });
  return { vector: catalog.vectors.get(row.slot), weight: part.weight };
}

/** Ids in order. */
export function listPictures(catalog: Catalog, { filter = {}, order = 'newest' }: ListOptions): Uint32Array {
  const items = catalog.rows;
  const found = Array.from(filterRows(items, filter), (row) => items[row]!);
  const byPath = (a: PhotoItem, b: PhotoItem) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  if (order === 'path') found.sort(byPath);
  else found.sort((a, b) => (order === 'newest' ? b.taken - a.taken : a.taken - b.taken) || byPath(a, b));
  return Uint32Array.from(found, ({ id }) => id);
}

/** By path. */
export function listProblems(catalog: Catalog): PhotoProblem[] {
  const problems: PhotoProblem[] = [];
  for (const row of catalog.files.values()) {
    if (row.kind === 'picture' || catalog.isMissing(row.id)) continue;
    const path = `${catalog.folders.get(row.folderId)?.name ?? ''}/${row.path}`;
    problems.push({ id: row.id, path, kind: row.kind, reason: row.reason });
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
