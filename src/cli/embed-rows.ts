/** @file Results as rows of an output. */

import { isMultiVector, type Embedding } from '../multi-vector';
import type { EmbedOptions, Runtime } from '../runtime';
import type { RecordResult } from './embed-chunk';
import type { InputRecord } from './inputs/record';
import type { SinkPlace } from './outputs/places';
import type { OutputRow } from './outputs/sink';

/**
 * In JSON lines an input without an id has none; elsewhere its id is its number.
 * @param place null for stdout
 * @param tokens the additional fields of JSON lines
 */
export function rowOf({ record, embedding, error }: RecordResult, place: SinkPlace | null, tokens?: object): OutputRow {
  const { id, number, kept } = record;
  const isJson = place === null || place.kind === 'jsonl';
  const fields = { id: isJson ? id : (id ?? String(number)), ...kept };
  if (error !== undefined) return { fields, error };
  const vectors = isMultiVector(embedding) ? rowsOf(embedding) : [embedding];
  if (isJson) return { fields, vectors, tokens };
  if (place.kind === 'npy') return { fields, vectors };
  const { input, imagePath } = record;
  return { fields: { id: fields.id, text: input.text ?? null, image: imagePath, ...kept }, vectors };
}

/** // [count][dims] */
function rowsOf({ data, count, dims }: Exclude<Embedding, Float32Array>): Float32Array[] {
  return Array.from({ length: count }, (_, row) => data.subarray(row * dims, (row + 1) * dims));
}

/**
 * Ids as the model reads them; the grid as HF's `image_grid_thw`, [1, patch rows, patch columns], or `grids` for
 * several
 * pictures; with three axes, the position of each token on each axis.
 */
export async function rawTokens(runtime: Runtime, { input }: InputRecord, options: EmbedOptions): Promise<object> {
  const { ids, grids, positions } = await runtime.tokens(input, options);
  const all = grids.map(({ height, width }) => [1, height, width]);
  return { ids, ...(all.length > 1 ? { grids: all } : { grid: all[0] ?? null }), ...(positions && { positions }) };
}
