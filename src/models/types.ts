/**
 * @file What `models/` offers to `convert/` and `runtime/`. Shapes: B batch, S padded sequence length,
 * P patches per image, V visual tokens of all images of the batch, T token rows, H hidden size.
 *
 * Graph inputs and outputs of every stage (names are fixed):
 *
 * vision.0   in  patches [B*P, 588] f32                                         out hidden [B*P, D] act
 * vision.k   in  hidden  [B*P, D] act                                           out hidden
 * vision.n   …                                                                  out features [B*P/4, H] act
 *   all vision stages also take: cos, sin [P, headDim/2] f32; batch_shape int64[3] = [B, P, -1]
 *   All images of one run share one grid. A tower of one stage takes patches and gives features.
 *
 * text.0     in  token_rows [T, H] f32, features [V, H] act, rows int32 [B*S]   out hidden [B*S, H] act
 *   rows[i] < T picks token_rows[i], rows[i] >= T picks features[rows[i]-T]. Without an image, features is
 *   one row of zeros (V = 1). T >= 1.
 * text.k     in  hidden [B*S, H] act                                            out hidden
 * text.m     also last int32 [B] (the row, in B*S, to pool)                     out embedding [B, H] f32, unit length
 *   all text stages also take: cos, sin [S, headDim/2] f32; seqlens_k int32 [B] = tokens - 1;
 *   total_sequence_length int32 scalar = S; batch_shape int64[3] = [B, S, -1]
 *
 * `act` is float32 or float16 by {@link GraphOptions.activations}.
 */

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

/*
 * models/index.ts exports (built to this contract):
 *   modelConfig(manifest): Qwen2VLConfig                            — reads manifest.config
 *   buildStageGraph(manifest, stage, options): Uint8Array           — an ONNX model; weights stay external, location
 *                                                                     is `stage.weights.path`
 *   visionRotary(config, grid): RotaryTables                        // [P, vision.headDim/2], merge-block order
 *   textRotary(config, length): RotaryTables                        // [length, headDim/2]
 * bundle/rows.ts exports:
 *   decodeRow(table: EmbeddingTable, bytes: Uint8Array, out: Float32Array): void
 */
