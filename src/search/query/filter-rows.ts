/** @file Filters by date, camera, folder and area, as the set of rows that pass. */

import type { PhotoFilter, PhotoItem } from '../types';
import { Bitset } from '../vectors';
import { areaTest } from './area';

/**
 * The rows of the items that meet all conditions of the filter.
 * @param items items by row; null and undefined (a row without an item) meet no filter
 */
export function filterRows(
  items: ArrayLike<Pick<PhotoItem, 'taken' | 'camera' | 'path' | 'place'> | null | undefined>,
  { from = -Infinity, to = Infinity, camera, folder = '', area }: PhotoFilter,
): Bitset {
  const cameras = camera === undefined ? null : new Set(typeof camera === 'string' ? [camera] : camera);
  const isInside = area && areaTest(area);
  const name = folder.replace(/\/+$/, '');
  const inside = `${name}/`;
  return Bitset.where(items.length, (row) => {
    const item = items[row];
    if (!item) return false;
    if (!(item.taken >= from && item.taken < to)) return false;
    if (cameras && (item.camera === null || !cameras.has(item.camera))) return false;
    if (isInside && !(item.place && isInside(item.place))) return false;
    return name === '' || item.path.startsWith(inside) || item.path === name;
  });
}
