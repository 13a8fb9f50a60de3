/** @file Which pictures are selected: one, several, or a range from the last one touched, as file managers do. */

export interface Selection {
  readonly ids: ReadonlySet<number>;
  /** Where a range begins; null before the first choice. */
  readonly anchor: number | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

/** Adds the picture, or removes it. */
export function toggle({ ids }: Selection, id: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/**
 * Adds everything from the anchor to the picture, in the order shown. Without an anchor in it, adds the picture alone.
 */
export function extend({ ids, anchor }: Selection, id: number, order: Uint32Array): Selection {
  const from = anchor === null ? -1 : order.indexOf(anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return { ids: new Set([...ids, id]), anchor: id };
  return { ids: new Set([...ids, ...order.slice(Math.min(from, to), Math.max(from, to) + 1)]), anchor };
}

export function selectAll(order: Uint32Array): Selection {
  return { ids: new Set(order), anchor: order[0] ?? null };
}
