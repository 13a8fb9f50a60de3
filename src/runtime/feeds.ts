/** @file The inputs of the two towers' graphs: tensors made from plans and numbers, as listed in `models/types.ts`. */

import type { Tensor } from 'onnxruntime-common';
import type { Backbone, PicturePlan, Positions, RotaryTables } from '../models';
import type { TextPlan } from './batching';
import type { Ort } from './ort';
import type { Feeds } from './stage';
import type { TowerRun } from './tower';
import type { Activations } from './types';

export interface FeederOptions {
  ort: Ort;
  backbone: Backbone;
  /** The recipe's positions. */
  positions: Positions;
  activations: Activations;
}

export class Feeder {
  readonly #options: FeederOptions;
  /** By the key of their lengths, the longest tables made so far. */
  readonly #longest = new Map<string, RotaryTables>();

  constructor(options: FeederOptions) {
    this.#options = options;
  }

  /**
   * The inputs for pictures with the same plan.
   * @param pixels of all of them. // [pictures * sequences * patches, patch length]
   */
  vision(pixels: Float32Array, plan: PicturePlan, pictures: number): TowerRun {
    const sequences = pictures * plan.sequences;
    const rows = sequences * plan.patches;
    const { picture } = this.#options.backbone;
    const tables = picture.rotary(plan);
    const mixture = picture.mixture?.(plan);
    return {
      first: {
        patches: this.#f32(pixels, [rows, pixels.length / rows]),
        ...(mixture && {
          position_rows: this.#i32(mixture.rows, [plan.patches, 4]),
          position_weights: this.#f32(mixture.weights, [plan.patches, 4]),
        }),
      },
      feeds: { ...(tables && this.#tables(tables)), batch_shape: this.#batchShape(sequences, plan.length) },
    };
  }

  /**
   * @param tokenRows of the plan's tokens. // [T, hiddenSize]
   * @param features of the pictures, in order; null without any. The caller frees them. // [V, featureSize]
   */
  text(plan: TextPlan, tokenRows: Float32Array, features: Tensor | null): TowerRun {
    const { batch, length } = plan;
    const { hiddenSize, featureSize = hiddenSize } = this.#options.backbone;
    const tokens = plan.tokens.length;
    const shown = { features: features ?? this.#noFeatures(featureSize) };
    const isDeep = featureSize > hiddenSize; // and several stages may read them
    return {
      first: { token_rows: this.#f32(tokenRows, [tokens, hiddenSize]), ...(isDeep ? {} : shown) },
      feeds: {
        ...(isDeep && { ...shown, feature_rows: this.#i32(featureRows(plan.rows, tokens), [plan.rows.length]) }),
        rows: this.#i32(plan.rows, [plan.rows.length]),
        padded: this.#i32(plan.padded, [batch * length]),
        packed: this.#i32(plan.packed, [plan.rows.length]),
        ...this.#textTables(plan),
        seqlens_k: this.#i32(plan.seqlensK, [batch]),
        total_sequence_length: this.#i32(Int32Array.of(length), []),
        batch_shape: this.#batchShape(batch, length),
        last: this.#i32(plan.last, [plan.last.length]),
      },
    };
  }

  /**
   * Each row's own angles with M-RoPE, else those of positions from 0 on; the longest tables made so far are kept and
   * cut.
   */
  #textTables({ length, longest, positions }: TextPlan): Feeds {
    const { rotary } = this.#options.backbone;
    if (rotary === null) return {};
    if (this.#options.positions === 'mrope') return this.#tables(rotary.rows(positions));
    const key = rotary.key(longest);
    let tables = this.#longest.get(key);
    if (!tables || tables.rows < length) this.#longest.set(key, (tables = rotary.sequence(length, key)));
    const { columns } = tables;
    const cut = (table: Float32Array) => table.subarray(0, length * columns);
    return this.#tables({ cos: cut(tables.cos), sin: cut(tables.sin), rows: length, columns });
  }

  #tables({ cos, sin, rows, columns }: RotaryTables): Feeds {
    return { cos: this.#f32(cos, [rows, columns]), sin: this.#f32(sin, [rows, columns]) };
  }

  #noFeatures(columns: number): Tensor {
    const { ort, activations } = this.#options;
    return activations === 'f16'
      ? new ort.Tensor('float16', new Uint16Array(columns), [1, columns])
      : new ort.Tensor('float32', new Float32Array(columns), [1, columns]);
  }

  #batchShape(batch: number, length: number): Tensor {
    return new this.#options.ort.Tensor('int64', BigInt64Array.of(BigInt(batch), BigInt(length), -1n), [3]);
  }

  #f32(data: Float32Array, dims: number[]): Tensor {
    return new this.#options.ort.Tensor('float32', data, dims);
  }

  #i32(data: Int32Array, dims: number[]): Tensor {
    return new this.#options.ort.Tensor('int32', data, dims);
  }
}

/** By row of a run: 0 for a token, i + 1 for the row i of the features. // [N] */
function featureRows(rows: Int32Array, tokens: number): Int32Array {
  return rows.map((row) => Math.max(0, row - tokens + 1));
}
