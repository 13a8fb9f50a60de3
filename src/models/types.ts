/**
 * @file Weights, stages and graphs as the converter and the runtime see them, whatever the architecture. Shapes: B batch,
 * N tokens of all its sequences one after another (no padding between them), S length of the longest, P patches of one
 * sequence of the vision tower, V visual tokens of all pictures of the batch, T token rows, H hidden size, F columns of
 * features (H, or H once more for each layer that adds some), E rows that are pooled.
 *
 * Graph inputs and outputs of every stage (names are fixed):
 *
 * vision.0   in  patches [B*P, patch] f32                                       out hidden_out [.., D] f32
 * vision.k   in  hidden  [.., D] f32                                            out hidden_out
 * vision.n   …                                                                  out features [.., F] act
 *   vision stages with attention also take batch_shape int64[3] = [B, P, -1], and where the tower has rotary positions cos,
 *   sin [P, headDim/2] f32. All pictures of one run share one plan. A tower of one stage takes patches and gives features.
 *   Where positions are mixed of a table's rows, vision.0 also takes position_rows int32 and position_weights f32 [P, 4].
 *
 * text.0     in  token_rows [T, H] f32, features [V, F] act, rows int32 [N]     out hidden_out [N, H] f32
 *   rows[i] < T picks token_rows[i], rows[i] >= T picks the first H columns of features[rows[i]-T]. Without a picture,
 *   features is one row of zeros (V = 1). T >= 1.
 * text.k     in  hidden [N, H] f32                                              out hidden_out
 * text.m     …                                                                  out embedding [E, dims] f32, unit length
 *   stages with layers that add further columns of features also take these, and feature_rows int32 [N]: 0 where nothing is
 *   added, i + 1 where it is of features[i].
 *   the stage with the last attention also takes last int32 [E] (the rows, in N, to pool); behind it, hidden has E rows
 *   text stages with attention also take: cos, sin f32, [S, headDim/2] where {@link GraphOptions.positions} is `sequence`, else
 *   [N, headDim/2]; seqlens_k int32 [B] = tokens - 1; total_sequence_length int32 scalar = S; batch_shape
 *   int64[3] = [B, S, -1]; padded int32 [B*S] (which of the N rows stands at each place of the batch padded on the
 *   right; any in the padding); packed int32 [N] (at which place each row stands). Only attention sees padding. Rows
 *   of N that belong to no sequence are allowed, to round N up; they stand nowhere and their `packed` is arbitrary.
 *
 * `act` is float32 or float16 by {@link GraphOptions.activations}. `hidden`, the residual stream, is always f32;
 * between two slices of an MLP it has twice as many columns: what the slices read, then the stream with what they added
 * so far. Where a step returns what only a later stage needs, it has further columns, which all stages between pass on.
 * A graph cannot give a value the name of its input, so `hidden_out` of a stage is `hidden` of the next.
 */

import type { StoredTensor } from '../bundle/manifest';
import type { Product } from '../onnx';

/** The two networks of a model. */
export type TowerKind = 'vision' | 'text';

export interface GraphOptions {
  activations: 'f32' | 'f16';
  /**
   * What the rows of the text tower's rotary tables are. `sequence`: positions 0, 1, …, which attention counts itself;
   * `rows`: the N rows, each with its own position (M-RoPE), applied before attention, which then rotates nothing.
   * @default 'sequence'
   */
  positions?: 'sequence' | 'rows';
  /** How quantized weights are multiplied. @default 'float' */
  product?: Product;
}

/** Rotary tables of one run. */
export interface RotaryTables {
  cos: Float32Array; // [rows, headDim/2]
  sin: Float32Array; // [rows, headDim/2]
  rows: number;
  columns: number;
}

/** `first … last-1`. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The part of larger checkpoint tensors that a weight takes. */
export interface Slice {
  /** Shape that each of the tensors has in the checkpoint. */
  readonly of: readonly [rows: number, columns: number];
  /** Per part; all rows if absent. */
  readonly rows?: readonly Range[];
  /** Of every row; all columns if absent. */
  readonly columns?: Range;
}

/** A weight as the converter must produce it; how it is stored is described in docs/bundle.md. */
export interface PlannedWeight {
  /** Name in the graph, without a suffix: `layers.3.self_attn.qkv.weight`. */
  name: string;
  /** matrix: [out, in]; vector: [n] */
  shape: number[];
  /** Checkpoint tensors (canonical names) whose rows are concatenated, in order. */
  parts: string[];
  /** Absent: all of each part. */
  slice?: Slice;
  /**
   * How a checkpoint row becomes a stored row. `fold-temporal`: [C*2*p*p] → [C*p*p], the two temporal slices of a
   * patch kernel added (exact for still images). `none`: as it is.
   */
  rowTransform: 'none' | 'fold-temporal';
  /** Pixels of a patch, for `fold-temporal`. */
  patchArea?: number;
  /** Vectors (norms, biases) are always f32. A matrix with `quantize: false` is never stored below fp16. */
  quantize: boolean;
  /** Its role, if that decides how many bits it gets. */
  role?: WeightRole;
  /**
   * Its rows in order, if some may be stored separately: see `models/sections.ts`. One for each of `parts`, or all for
   * a single part.
   */
  sections?: readonly Section[];
}

/**
 * In attention: what makes queries, keys and values, and the projection of the heads' outputs. In an MLP: the projection back
 * to the residual stream.
 */
export type WeightRole = 'query' | 'key' | 'value' | 'output' | 'down';

/** Rows of a matrix that do one thing. */
export interface Section {
  /** `q`: the names of neighbours that are stored together are joined, and name the matrix. */
  readonly label: string;
  readonly rows: number;
  readonly role: WeightRole;
}

/** One stage before conversion. */
export interface StagePlan {
  name: string;
  kind: TowerKind;
  /** The tower's steps. */
  steps: Range;
  weights: PlannedWeight[];
}

/** What the graph builder needs to know about a stage; a bundle's stage has all of it. */
export interface GraphStage {
  kind: TowerKind;
  /** The steps of the tower that it runs; older bundles name blocks. One of the two is present. */
  steps?: Range;
  blocks?: Range;
  weights: { path: string };
  tensors: StoredTensor[];
}
