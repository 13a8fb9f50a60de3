/**
 * @file What `models/` offers to `convert/` and `runtime/`. Shapes: B batch, N tokens of all its sequences one after
 * another (no padding between them), S length of the longest, P patches per image, V visual tokens of all images of
 * the batch, T token rows, H hidden size.
 *
 * Graph inputs and outputs of every stage (names are fixed):
 *
 * vision.0   in  patches [B*P, 588] f32                                         out hidden_out [B*P, D] f32
 * vision.k   in  hidden  [B*P, D] f32                                           out hidden_out
 * vision.n   …                                                                  out features [B*P/4, H] act
 *   all vision stages also take: cos, sin [P, headDim/2] f32; batch_shape int64[3] = [B, P, -1]
 *   All images of one run share one grid. A tower of one stage takes patches and gives features.
 *
 * text.0     in  token_rows [T, H] f32, features [V, H] act, rows int32 [N]     out hidden_out [N, H] f32
 *   rows[i] < T picks token_rows[i], rows[i] >= T picks features[rows[i]-T]. Without an image, features is
 *   one row of zeros (V = 1). T >= 1.
 * text.k     in  hidden [N, H] f32                                              out hidden_out
 * text.m     also last int32 [B] (the row, in N, to pool)                       out embedding [B, H] f32, unit length
 *   all text stages also take: cos, sin [S, headDim/2] f32; seqlens_k int32 [B] = tokens - 1;
 *   total_sequence_length int32 scalar = S; batch_shape int64[3] = [B, S, -1];
 *   padded int32 [B*S] (which of the N rows stands at each place of the batch padded on the right; any in the
 *   padding); packed int32 [N] (at which place each row stands). Only attention sees padding. Rows of N that belong
 *   to no sequence are allowed, to round N up; they stand nowhere and their `packed` is arbitrary.
 *
 * `act` is float32 or float16 by {@link GraphOptions.activations}. `hidden`, the residual stream,
 * is always f32. A graph cannot give a value the name of its input, so `hidden_out` of a stage is `hidden` of the next.
 */

import type { StoredTensor } from '../bundle/manifest';

/** Numbers of a Qwen2-VL checkpoint, named as in the paper's and HF's configs. */
export interface Qwen2VLConfig {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  ropeTheta: number;
  rmsEps: number;
  vocabSize: number;
  maxPositions: number;
  imageTokenId: number;
  vision: {
    depth: number;
    /** Width of the tower (`embed_dim`). */
    embedDim: number;
    heads: number;
    headDim: number;
    /** Hidden width of the MLP. */
    mlpDim: number;
    patchSize: number;
    mergeSize: number;
    temporalPatchSize: number;
    channels: number;
  };
}

export interface GraphOptions {
  activations: 'f32' | 'f16';
}

/** Rotary tables of one run. */
export interface RotaryTables {
  cos: Float32Array; // [rows, headDim/2]
  sin: Float32Array; // [rows, headDim/2]
  rows: number;
  columns: number;
}

/** Patch rows and columns of an image. */
export interface Grid {
  height: number;
  width: number;
}

/** A weight as the converter must produce it. Layout of what is stored: see {@link StoredWeight}. */
export interface PlannedWeight {
  /** Name in the graph, without a suffix: `layers.3.self_attn.qkv.weight`. */
  name: string;
  /** matrix: [out, in]; vector: [n] */
  shape: number[];
  /** Checkpoint tensors (canonical names) whose rows follow each other, in order. */
  parts: string[];
  /**
   * How a checkpoint row becomes a stored row. `fold-temporal`: [C*2*p*p] → [C*p*p], the two temporal slices
   * added (exact for still images, spec section 5.3). `none`: as it is.
   */
  rowTransform: 'none' | 'fold-temporal';
  /** Vectors (norms, biases) are always f32. A matrix with `quantize: false` is never stored below fp16. */
  quantize: boolean;
}

/** One stage before conversion. */
export interface StagePlan {
  name: string;
  kind: 'vision' | 'text';
  blocks: { first: number; last: number };
  weights: PlannedWeight[];
}

/*
 * Stored weights. A planned matrix `W` [out, in] becomes these {@link StoredTensor}s, by its own dtype:
 *   fp32  `W` f32 [out, in]            fp16  `W` f16 [out, in]
 *   q8    `W.q` u8 [out, in/32, 32]    `W.scale` f16 [out, in/32]   `W.zp` u8 [out, in/32]            (zp optional)
 *   q4    `W.q` u8 [out, in/32, 16]    `W.scale` f16 [out, in/32]   `W.zp` u8 [out, ceil(in/32/2)]     (zp optional)
 * exactly as MatMulNBits wants them: element 2i of a q4 block in the low nibble; without `.zp` the zero point is
 * 2^(bits-1). A vector `b` becomes `b` f32 [n]. The graph builder looks at what is stored to choose MatMulNBits
 * (bits from the last axis of `.q`: 16 bytes → 4 bits, 32 → 8) or Gemm(transB=1).
 *
 * models/index.ts exports:
 *   parseConfig(configJson): Qwen2VLConfig                   — HF config.json of either generation → numbers, validated
 *   modelConfig(manifest): Qwen2VLConfig                     — reads manifest.config (stored as Qwen2VLConfig)
 *   planStages(config, storedBytes): StagePlan[]             — storedBytes(weight): number; no stage above MAX_STAGE_BYTES
 *   cutStage(config, stage, maxBytes): stage[]               — the same blocks in smaller parts, for little memory
 *   buildStageGraph(config, stage: GraphStage, options): Uint8Array
 *                                                            — an ONNX model; weights external, location is
 *                                                              `stage.weights.path`
 *   embeddingTensor: 'model.embed_tokens.weight'             — the table that becomes the row file
 *   visionRotary(config, grid): RotaryTables                 // [P, vision.headDim/2], merge-block order
 *   textRotary(config, length): RotaryTables                 // [length, headDim/2]
 */

/** What the graph builder needs to know of a stage: a {@link BundleStage} has all of it. */
export interface GraphStage {
  kind: 'vision' | 'text';
  blocks: { first: number; last: number };
  weights: { path: string };
  tensors: StoredTensor[];
}
