/**
 * @file Layers: vectors that models other than the index's own made of its pictures. Each has a file; rows say where in
 * it.
 */

import { sha256Hex } from '../../bundle/digest';
import type { DeepEntry, LayerRow, MetaRow, PictureRow } from './rows';

/** The key of a model's layer: a name for a file. */
export async function layerKey(modelId: string): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(modelId))).slice(0, 16);
}

export function layersOf({ layers = [] }: Pick<MetaRow, 'layers'>): readonly LayerRow[] {
  return layers;
}

/** The position of a picture's vector in a layer; undefined if it has none. */
export function slotIn({ deep }: Pick<PictureRow, 'deep'>, key: string): number | undefined {
  const entry = deep?.[key];
  return entry && 'slot' in entry ? entry.slot : undefined;
}

/** Why a picture has no vector in a layer, and will not get one; undefined if it has one, or has not been tried. */
export function failureIn({ deep }: Pick<PictureRow, 'deep'>, key: string): string | undefined {
  const entry = deep?.[key];
  return entry && 'reason' in entry ? entry.reason : undefined;
}

/** A row with another entry for a layer; or without one, if `entry` is null. */
export function withEntry(row: PictureRow, key: string, entry: DeepEntry | null): PictureRow {
  const { deep, ...rest } = row;
  const entries = Object.entries(deep ?? {}).filter(([each]) => each !== key);
  if (entry) entries.push([key, entry]);
  return entries.length > 0 ? { ...rest, deep: Object.fromEntries(entries) } : rest;
}
