/**
 * @file `bundle.json`: what a bundle holds. The converter writes it, the store verifies against it, the
 * runtime builds graphs from it. Weights are stored once in ONNX layout; see docs/architecture.md.
 */

export const BUNDLE_FORMAT = 'vlm2vec-bundle';
/** Of bundles that are written; see `bundle/validate.ts` for those that are read. */
export const BUNDLE_VERSION = 3;
export const MANIFEST_PATH = 'bundle.json';
/** Hashes are kept for pieces of this many bytes, so that a download resumes at a verified boundary. */
export const CHUNK_BYTES = 16 * 1024 * 1024;
/** No weight file is larger: outside the JSPI build ORT reads a whole file into JS memory. */
export const MAX_STAGE_BYTES = 256 * 1024 * 1024;

/** How weights are stored. */
export type WeightDtype = 'fp32' | 'fp16' | 'q8' | 'q4';

/**
 * What a conversion to q4 does for its accuracy. `fast`: every weight is rounded to the nearest. `best`: a second pass rounds
 * 4-bit matrices so that their outputs, over made-up inputs, err least; it reads the checkpoint once more.
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
  /** As the graph calls it. */
  name: string;
  /** Type of its elements. */
  dtype: StoredDtype;
  /** As ONNX has it; see docs/bundle.md for quantized matrices. */
  shape: number[];
  /** Byte offset in the weight file; a multiple of 64. */
  offset: number;
  /** In the weight file. */
  bytes: number;
}

/** One graph + one weight file. Stage k's output is stage k+1's input. */
export interface BundleStage {
  /** `vision.0`, `vision.1`, …, `text.0`, … */
  name: string;
  /** Which half of the model it belongs to. */
  kind: 'vision' | 'text';
  /** The steps of the tower that this stage runs, `first … last-1`: attention, MLP, and the like. */
  steps?: { first: number; last: number };
  /** Instead of `steps`, in bundles that were made before version 3: the blocks. */
  blocks?: { first: number; last: number };
  /** The f32 graph as a plain ONNX model that refers to the weight file. */
  graph: BundleFile;
  /** The weight file. */
  weights: BundleFile;
  /** What lies in it. */
  tensors: StoredTensor[];
}

/** The token-embedding table as rows of fixed length; read by the runtime, never uploaded whole. */
export interface EmbeddingTable extends BundleFile {
  /** Tokens. */
  rows: number;
  /** Numbers of a token. */
  columns: number;
  /** How they are stored. */
  dtype: WeightDtype;
  /** Bytes of one row. Layout per dtype: see `bundle/rows.ts`. */
  rowBytes: number;
}

/** Any JSON object. */
export type JsonObject = Record<string, unknown>;
/**
 * The most pixels that a picture may be resized to: beyond any model's context (32,768 visual tokens of 28 × 28 are 25.7
 * million), and 400 MB of patches.
 */
export const MAX_PIXELS = 2 ** 25;
/** The largest upper limit: larger ones say "none", and no picture has as many pixels. */
export const MAX_LIMIT = 2 ** 31;
/** The largest mean or deviation of a channel, and the least deviation. */
export const MAX_CHANNEL = 1000;
export const LEAST_DEVIATION = 1e-6;

/** What prompts are made with. */
export interface PromptConfig {
  /** `<|image_pad|>` */
  imageToken: string;
  /** Its number in the vocabulary; −1 where it is no token, but a mark that pictures stand at. */
  imageTokenId: number;
  /** The longest sequence, in tokens. */
  maxTokens: number;
}

/** A fixed input with the embedding that the CPU gave at conversion. */
export interface ProbeCase {
  /** For people. */
  name: string;
  /** The whole prompt. */
  text: string;
  /** A picture every platform draws alike: see `bundle/probe-picture.ts`. */
  picture: { width: number; height: number; seed: number } | null;
  /** Base64 of little-endian float32. // [dims] */
  embedding: string;
  /**
   * What f16 activations cost on the CPU at conversion: 1 − cosine to `embedding`. Not measured for every case, and for
   * none in bundles of before it was kept.
   */
  f16Loss?: number;
}

/** What a bundle was made of. */
export interface BundleSource {
  /** The base model: repository or folder, and commit where there is one. */
  base: { id: string; revision: string | null };
  /** The adapter that was merged into it; null without one. */
  adapter: { id: string; revision: string | null; kind: 'lora' | 'rslora' | 'dora' } | null;
  /** SHA-256 over the names and bytes of all tensors as merged, where computed. */
}

/** Weights of one kind that are stored alike: `layers.*.self_attn.v` of all layers together. */
export interface WeightKind {
  /** Their names, with a star for the number of the block. */
  kind: string;
  /** `8`, `4 zp` (with zero points), `f16`, `f32`; of the token table the bundle's dtype. */
  stored: string;
  /** How many tensors there are. */
  tensors: number;
  /** How many numbers they hold. */
  weights: number;
  /** In the bundle. */
  bytes: number;
  /** What storing cost: root of squared error over squared norm, to four digits; 0 where all are zero. */
  error: number;
  /** With feedback: the error of the outputs, over made-up inputs, in parts of what rounding to the nearest gives. */
  outputs?: number;
}

/** What makes a cosine the probability that two inputs belong together: sigmoid(scale · cosine + bias). */
export interface Logit {
  /** `exp(logit_scale)` of the checkpoint. */
  scale: number;
  /** `logit_bias` */
  bias: number;
}

/** `bundle.json`. */
export interface BundleManifest {
  /** Says what the file is. */
  format: typeof BUNDLE_FORMAT;
  /** Of the format. */
  version: typeof BUNDLE_VERSION;
  /** Which of the architectures that the package knows. */
  architecture: string;
  /** How its checkpoint is asked: a record of `recipes/`; null where a bundle of version 1 does not say. */
  recipe: JsonObject | null;
  /** Why that recipe was assumed, where nothing named it. */
  assumed: string | null;
  /** Length of an embedding. */
  dims: number;
  /** How weights are stored; single ones may have more bits. */
  dtype: WeightDtype;
  /** How 4-bit matrices were rounded, where not to the nearest: so that their outputs, over made-up inputs, err least. */
  rounding?: 'feedback';
  /** How each kind of weight is stored and what that cost, in the bundle's order; absent from bundles of before it was kept. */
  weights?: WeightKind[];
  /** Where the weights come from. */
  source: BundleSource;
  /** The architecture's own numbers; type in `models/`. */
  config: JsonObject;
  /** In how many slices each MLP of the text tower is cut, so that every step fits a weight file. */
  mlpSlices: number;
  /** In the order in which they run. */
  stages: BundleStage[];
  /** The token embeddings. */
  embeddings: EmbeddingTable;
  /** The checkpoint's own tokenizer files. */
  tokenizer: { files: BundleFile[] };
  /** How pictures become patches: `plan` names the way, the rest are the architecture's own numbers. */
  image: JsonObject;
  /** What prompts are made with. */
  prompts: PromptConfig;
  /** Of models that were trained to tell which picture and text belong together. */
  logit?: Logit;
  /** What the runtime tests itself with on each new device. */
  probe: ProbeCase[];
}
