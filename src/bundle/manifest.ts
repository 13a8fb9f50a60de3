/**
 * @file `bundle.json`: what a bundle contains. The converter writes it, the store verifies files against it, and the
 * runtime builds graphs from it. Weights are stored once in ONNX layout; see docs/architecture.md.
 */

export const BUNDLE_FORMAT = 'vlm2vec-bundle';
/** Version of the bundles that are written; see `bundle/validate.ts` for those that can be read. */
export const BUNDLE_VERSION = 3;
export const MANIFEST_PATH = 'bundle.json';
/** Hashes are kept for pieces of this many bytes, so that a download resumes at a verified boundary. */
export const CHUNK_BYTES = 16 * 1024 * 1024;
/** No weight file is larger: outside the JSPI build ORT reads a whole file into JS memory. */
export const MAX_STAGE_BYTES = 256 * 1024 * 1024;

/** How weights are stored. */
export type WeightDtype = 'fp32' | 'fp16' | 'q8' | 'q4';

/**
 * How much work a conversion to q4 does for accuracy. `fast`: every weight is rounded to the nearest value. `best`: a
 * second pass rounds 4-bit matrices so that the error of their outputs, on synthetic inputs, is smallest; it reads the
 * checkpoint once more.
 */
export type Effort = 'fast' | 'best';

/** One file of the bundle. */
export interface BundleFile {
  /** Plain relative path, `/`-separated; never absolute, never `..`. */
  path: string;
  /** Its length. */
  bytes: number;
  /** Lower-case hex SHA-256 of the whole file. */
  sha256: string;
  /** Lower-case hex SHA-256 of each piece of 16 MiB, in order. */
  chunks: string[];
}

/** Element types inside a weight file. */
export type StoredDtype = 'f32' | 'f16' | 'u8';

/** One ONNX initializer inside a stage's weight file. */
export interface StoredTensor {
  /** Its name in the graph. */
  name: string;
  /** Type of its elements. */
  dtype: StoredDtype;
  /** Its shape in ONNX; see docs/bundle.md for quantized matrices. */
  shape: number[];
  /** Byte offset in the weight file; a multiple of 64. */
  offset: number;
  /** Number of bytes in the weight file. */
  bytes: number;
}

/** One graph + one weight file. Stage k's output is stage k+1's input. */
export interface BundleStage {
  /** `vision.0`, `vision.1`, …, `text.0`, … */
  name: string;
  /** Which part of the model it belongs to. */
  kind: 'vision' | 'text';
  /** The steps of the tower that this stage runs, `first … last-1`: attention, MLP, and the like. */
  steps?: { first: number; last: number };
  /** The blocks, instead of `steps`, in bundles made before version 3. */
  blocks?: { first: number; last: number };
  /** The f32 graph as a plain ONNX model that refers to the weight file. */
  graph: BundleFile;
  /** The weight file. */
  weights: BundleFile;
  /** The tensors in it. */
  tensors: StoredTensor[];
}

/** The token-embedding table as rows of fixed length; read by the runtime, never uploaded as a whole. */
export interface EmbeddingTable extends BundleFile {
  /** Number of tokens. */
  rows: number;
  /** Numbers per token. */
  columns: number;
  /** How they are stored. */
  dtype: WeightDtype;
  /** Bytes of one row. Layout per dtype: see `bundle/rows.ts`. */
  rowBytes: number;
}

/** Any JSON object. */
export type JsonObject = Record<string, unknown>;
/**
 * The most pixels that a picture may be resized to. This is more than fits into any model's context (32,768 visual
 * tokens of 28 × 28 are 25.7 million), and makes 400 MB of patches.
 */
export const MAX_PIXELS = 2 ** 25;
/** The largest upper limit: larger ones mean "no limit", and no picture has that many pixels. */
export const MAX_LIMIT = 2 ** 31;
/** The largest mean or deviation of a channel, and the smallest deviation. */
export const MAX_CHANNEL = 1000;
export const LEAST_DEVIATION = 1e-6;

/** Settings for building prompts. */
export interface PromptConfig {
  /** `<|image_pad|>` */
  imageToken: string;
  /** Its number in the vocabulary; −1 if it is not a token but only marks the place of a picture. */
  imageTokenId: number;
  /** The longest sequence, in tokens. */
  maxTokens: number;
}

/** A fixed input with the embedding that the CPU computed at conversion. */
export interface ProbeCase {
  /** A name to display. */
  name: string;
  /** The whole prompt. */
  text: string;
  /** A picture that every platform draws identically: see `bundle/probe-picture.ts`. */
  picture: { width: number; height: number; seed: number } | null;
  /** Base64 of little-endian float32. // [dims] */
  embedding: string;
  /**
   * The loss caused by f16 activations on the CPU at conversion: 1 − cosine to `embedding`. It is not measured for
   * every case, and absent from bundles made before it was recorded.
   */
  f16Loss?: number;
}

/** What a bundle was made from. */
export interface BundleSource {
  /** The base model: repository or folder, and commit if there is one. */
  base: { id: string; revision: string | null };
  /** The adapter that was merged into it; null if there is none. */
  adapter: { id: string; revision: string | null; kind: 'lora' | 'rslora' | 'dora' } | null;
}

/** Weights of one kind that are stored in the same way: `layers.*.self_attn.v` of all layers together. */
export interface WeightKind {
  /** Their names, with an asterisk for the number of the block. */
  kind: string;
  /** `8`, `4 zp` (with zero points), `f16`, `f32`; for the token table, the bundle's dtype. */
  stored: string;
  /** How many tensors there are. */
  tensors: number;
  /** How many numbers they hold. */
  weights: number;
  /** Bytes in the bundle. */
  bytes: number;
  /**
   * The error caused by this way of storing: square root of squared error over squared norm, to four digits; 0 if all
   * numbers are zero.
   */
  error: number;
  /**
   * With feedback: the error of the outputs on synthetic inputs, as a fraction of the error with rounding to the
   * nearest value.
   */
  outputs?: number;
}

/** Turns a cosine into the probability that two inputs belong together: sigmoid(scale · cosine + bias). */
export interface Logit {
  /** `exp(logit_scale)` of the checkpoint. */
  scale: number;
  /** `logit_bias` */
  bias: number;
}

/** `bundle.json`. */
export interface BundleManifest {
  /** Identifies the kind of file. */
  format: typeof BUNDLE_FORMAT;
  /** Version of the format. */
  version: typeof BUNDLE_VERSION;
  /** The architecture, one of those that the package supports. */
  architecture: string;
  /**
   * How inputs are presented to its checkpoint: a record of `recipes/`; null in a bundle of version 1 that does not
   * say.
   */
  recipe: JsonObject | null;
  /** Why that recipe was assumed, if nothing named it. */
  assumed: string | null;
  /** Length of an embedding. */
  dims: number;
  /** How weights are stored; some may have more bits. */
  dtype: WeightDtype;
  /**
   * How 4-bit matrices were rounded, if not to the nearest value: so that the error of their outputs on synthetic
   * inputs is smallest.
   */
  rounding?: 'feedback';
  /**
   * How each kind of weight is stored and the error this causes, in the bundle's order; absent from bundles made before
   * it was recorded.
   */
  weights?: WeightKind[];
  /** Where the weights come from. */
  source: BundleSource;
  /** The architecture's own settings; their type is in `models/`. */
  config: JsonObject;
  /** Number of slices into which each MLP of the text tower is cut, so that every step fits into a weight file. */
  mlpSlices: number;
  /** The stages, in the order in which they run. */
  stages: BundleStage[];
  /** The token embeddings. */
  embeddings: EmbeddingTable;
  /** The checkpoint's own tokenizer files. */
  tokenizer: { files: BundleFile[] };
  /** How pictures become patches: `plan` names the method; the rest are the architecture's own settings. */
  image: JsonObject;
  /** Settings for building prompts. */
  prompts: PromptConfig;
  /** For models trained to tell which picture and text belong together. */
  logit?: Logit;
  /** The inputs with which the runtime tests itself on each new device. */
  probe: ProbeCase[];
}
