/** @file The index at one point in time, for operations that compare all its pictures. */

import { equalGroups, writeImage } from '../vectors';
import type { Catalog } from './catalog';
import type { Library } from './library';
import type { Snapshot } from '../survey/protocol';

/** A copy of all vectors, for the survey worker. */
export function snapshotOf({ catalog, contentRevision }: Library): Snapshot {
  const hashes = new Set<string>();
  const distinct: number[] = [];
  for (const [row, item] of catalog.rows.entries()) {
    if (!item || hashes.has(item.hash)) continue;
    hashes.add(item.hash);
    distinct.push(row);
  }
  return {
    revision: contentRevision,
    image: writeImage(catalog.vectors),
    ids: Uint32Array.from(catalog.rows, (item) => item?.id ?? 0),
    distinct: Uint32Array.from(distinct),
  };
}

/** Ids of files with the same bytes. */
export function exactGroups({ rows: items }: Catalog): number[][] {
  const groups = equalGroups(items.map((item) => item?.hash));
  return groups.map((rows) => rows.map((row) => items[row]!.id));
}
