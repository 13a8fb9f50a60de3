/** @file The tensors of a base model, with an adapter merged into whichever rows are read. */

import { CheckpointMismatchError } from '../errors';
import { readFactors, type Adapter } from './adapter';
import { mergeRows, type LowRankFactors } from './merge';
import { quote } from './quote';
import type { TensorInfo, TensorStore } from './types';
import { readViewRows, rowsAndColumns, type TensorView } from './view';

/** Factors are kept for the next rows of a weight: q, k, v and one more. The largest of a 7B model take 0.7 MB. */
const CACHED_FACTORS = 4;

export class MergedTensors implements TensorStore {
  readonly #views: ReadonlyMap<string, TensorView>;
  readonly #adapter: Adapter | null;
  readonly #factors = new Map<string, LowRankFactors>(); // the most recently used last

  /** `views` by canonical name. */
  constructor(views: ReadonlyMap<string, TensorView>, adapter: Adapter | null) {
    this.#views = views;
    this.#adapter = adapter;
  }

  names(): readonly string[] {
    return [...this.#views.keys()];
  }

  info(name: string): TensorInfo | undefined {
    const view = this.#views.get(name);
    return view && { name, dtype: view.dtype, shape: view.shape, place: { source: view.source, start: view.start } };
  }

  async readRows(name: string, first: number, count: number, signal?: AbortSignal): Promise<Float32Array> {
    const view = this.#views.get(name);
    if (!view) throw new CheckpointMismatchError(`the checkpoint has no tensor ${quote(name)}`, { tensor: name });
    const rows = await readViewRows(view, first, count, signal);
    const factors = await this.#factorsOf(name, signal);
    if (factors) mergeRows(rows, first, rowsAndColumns(view.shape).columns, factors);
    return rows;
  }

  async #factorsOf(name: string, signal?: AbortSignal): Promise<LowRankFactors | null> {
    const weight = this.#adapter?.weights.get(name);
    if (!weight) return null;
    const factors = this.#factors.get(name) ?? (await readFactors(weight, signal));
    this.#factors.delete(name);
    this.#factors.set(name, factors);
    if (this.#factors.size > CACHED_FACTORS) this.#factors.delete(this.#factors.keys().next().value!);
    return factors;
  }
}
