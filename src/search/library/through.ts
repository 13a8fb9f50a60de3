/** @file Which pictures pass a filter, including conditions that only the index can check. */

import { filterRows } from '../query';
import type { PhotoFilter, PhotoItem } from '../types';
import type { Bitset } from '../vectors';
import type { Catalog } from './catalog';

/**
 * @param items by row
 * @throws InvalidInputError if there is no such album
 */
export function rowsThrough(
  { albums }: Pick<Catalog, 'albums'>,
  items: readonly (PhotoItem | null)[],
  filter: PhotoFilter,
): Bitset {
  const members = filter.album === undefined ? null : albums.members(filter.album);
  const rows = filterRows(items, filter);
  if (members) for (const row of rows) if (!members.has(items[row]!.hash)) rows.delete(row);
  return rows;
}
