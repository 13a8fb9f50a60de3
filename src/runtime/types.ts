/** @file Types for callers of the runtime: devices, options, progress events, and what was chosen. */

import type { BundleSource, Logit, WeightDtype } from '../bundle/manifest';
import type { Progress } from '../bundle/progress';
import type { VLM2VecError } from '../errors';
import type { ImageInput, PictureOption } from '../image';
import type { Licence, Recipe, Role } from '../recipes';
import type { EmbedUsage } from './usage';

/** Where sessions may run. `wasm` exists in browsers, `cpu` in Node; `auto` uses the best one that passes the probe. */
export type DeviceChoice = 'auto' | 'webgpu' | 'wasm' | 'cpu';
/** Where sessions actually run. */
export type DeviceName = Exclude<DeviceChoice, 'auto'>;
/** Floating-point numbers between the weights: 32 bits, or 16 where a GPU has them. */
export type Activations = 'f32' | 'f16';
/** `auto`: f16 on GPUs if it passes the probe, otherwise f32. */
export type ActivationsChoice = 'auto' | Activations;

/**
 * Where weights are held: in memory as long as the model is loaded, or read again, stage after stage, for each group of
 * inputs.
 */
export type WeightsMode = 'resident' | 'streamed';
/** `auto`: resident if this device can be expected to hold them, otherwise streamed. */
export type WeightsChoice = 'auto' | WeightsMode;

/**
 * How products with quantized weights are computed. `exact`: as in float32, to within 2e-5 of a product. `fast`:
 * activations are rounded to 8 bits before they are multiplied, where kernels for that exist (Node's CPU, GPUs with
 * subgroups). `fast` must pass the probe; otherwise `exact` is used.
 */
export type Compute = 'exact' | 'fast';

/** The ONNX Runtime build: `jspi` and `asyncify` contain WebGPU and WASM; `wasm` is the small one without WebGPU. */
export type OrtBuild = 'jspi' | 'asyncify' | 'wasm' | 'node';

/**
 * Progress of loading, converting and embedding. Status names are those of transformers.js. `progress` refers to one
 * file, `progress_total` to the entire phase; `loaded` and `total` are bytes, or inputs in phase `embed`.
 */
export interface ProgressEvent extends Omit<Progress, 'status' | 'phase'> {
  /**
   * `initiate`: a file or phase begins; `download`: a request begins; `progress`: more of a file is done;
   * `progress_total`: more of the phase is done; `done`: a file is complete; `ready`: everything is complete.
   */
  status: Progress['status'] | 'download' | 'progress_total';
  /** What is being done. `wait`: another tab is writing the same bundle; `prepare` and `embed` count inputs. */
  phase: Progress['phase'] | 'prepare' | 'embed';
  /** In phase `embed` with streamed weights: the number of stages that the current group has passed, and the total. */
  stages?: { done: number; total: number };
}

/** Called with each progress event. */
export type OnProgress = (event: ProgressEvent) => void;

/** One thing to embed: a text, an image, or both in one sequence. */
export interface InputParts {
  /** The text given to the model after the instruction. It may contain the image token where the picture belongs. */
  text?: string;
  /** Read before the text, unless the text marks its place. It may be a list if the recipe takes several images. */
  image?: ImageInput | readonly ImageInput[];
  /** Overrides {@link EmbedOptions.instruction} for this input. */
  instruction?: string;
  /** Overrides {@link EmbedOptions.role} for this input. */
  role?: Role;
  /** Overrides {@link EmbedOptions.prefix} for this input. */
  prefix?: string;
}

/** What `embed` accepts: a string is a text; anything else without `text`/`image` keys is an image. */
export type EmbedInput = string | ImageInput | InputParts;

/** Options of `VLM2Vec.embed`. */
export interface EmbedOptions {
  /** Task instruction, if the recipe takes one. With VLM2Vec it is put before each text, as in its training data. */
  instruction?: string;
  /**
   * Whether inputs are queries or documents, if the recipe words these differently. Default: neither with VLM2Vec,
   * which uses the text as given; `document` with a recipe of templates.
   */
  role?: Role;
  /** What queries search for, if the recipe words them accordingly. Default: depends on what the query consists of. */
  find?: 'text' | 'image';
  /** Name of one of the recipe's prefixes, which is put before each text. */
  prefix?: string;
  /**
   * Length of the vectors, if the recipe offers shorter ones (Matryoshka): they are cut and scaled to unit length
   * again.
   */
  dims?: number;
  /**
   * Texts are cut after this many tokens, as with the reference's `max_len`. An input with an image is refused instead,
   * because cutting image tokens would be meaningless. Default: the model's limit, beyond which both are refused.
   */
  maxTokens?: number;
  /** Images with fewer pixels are enlarged to about this many. Default: the checkpoint's own number. */
  minPixels?: number;
  /**
   * Images with more pixels are reduced to at most this many. Fewer pixels take less time but show less detail.
   * Default: the checkpoint's own number.
   */
  maxPixels?: number;
  /**
   * The most tiles that a picture is cut into, for models that cut pictures into tiles. Default: the checkpoint's own
   * number.
   */
  numCrops?: number;
  /**
   * Pictures that declare more pixels than this are refused before they are decoded. A pixel takes 3 bytes, and 7 or
   * more while a browser decodes it. Default 250 million.
   */
  maxInputPixels?: number;
  /** `stored` ignores the EXIF orientation, as the reference implementation does. Default `exif`. */
  orientation?: 'exif' | 'stored';
  /**
   * `shared`: similar inputs share forward passes, and so do the texts of calls that overlap. The size of a pass
   * determines how quantized weights are multiplied, so the last bits of a vector depend on what is embedded with it.
   * `single`: each input has a pass of its own, and its vector is the same to the last bit whatever it is embedded with;
   * short texts then take several times as long. Default `shared`.
   */
  batching?: 'shared' | 'single';
  /**
   * What happens to a list if one input cannot be read or has no place in the recipe. `throw`: the call rejects with
   * that input's error; `skip`: the result contains null in its place, and {@link onSkip} is called. Default `throw`.
   */
  onError?: 'throw' | 'skip';
  /** Called for each input that is skipped. */
  onSkip?: (skipped: SkippedInput) => void;
  /**
   * Whether pixels among the inputs (`RgbImage`) are transferred to the model's worker instead of being copied; their
   * arrays are empty afterwards. Default false.
   */
  transferPixels?: boolean;
  /** Aborts the call between batches and stages; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Called with `progress_total` after every input in phase `prepare` and after every batch in phase `embed`; `loaded`
   * and `total` count inputs. If weights are streamed, `progress` of phase `embed` is sent after every stage, with
   * `stages` and a `progress` that counts them. If the vision tower is loaded with the first picture, events of phase
   * `load` report that.
   */
  onProgress?: OnProgress;
  /** Called once, when everything is embedded, with the number of tokens and the time by stage. */
  onUsage?: (usage: EmbedUsage) => void;
  /**
   * Whether `usage.stages` reports how long each stage took and how much it computed. The call then waits for the GPU
   * after each stage, so it takes a little longer. Default false.
   */
  stageTimes?: boolean;
}

/** An input that was skipped. */
export interface SkippedInput {
  /** Its position in the list. */
  index: number;
  /** Why it was skipped; the message names the input. */
  error: VLM2VecError;
}

/** How inputs are presented to the model. */
export interface RecipeInfo extends Pick<
  Recipe,
  | 'name'
  | 'title'
  | 'positions'
  | 'pooling'
  | 'score'
  | 'prefixes'
  | 'dims'
  | 'resize'
  | 'scores'
  | 'source'
  | 'transparency'
> {
  /** The licence of the published weights, including whether they may be used commercially. */
  licence: Licence;
  /** Whether prompts are the caller's own strings, so that MMEB's tasks apply. */
  isRaw: boolean;
  /**
   * Why the recipe had to be assumed, if neither the checkpoint nor an option names it, or in what way the checkpoint
   * differs from the published one. Vectors are wrong if it is not the recipe that the model was trained with. Null
   * otherwise.
   */
  assumed: string | null;
  /** The default instruction and the roles for which the caller may give another; null if the instruction is fixed. */
  instruction: { default: string; roles: readonly Role[] } | null;
}

/** What an input of a search may consist of. */
export interface InputsInfo {
  /** Whether words and a picture may be read together, as one input. */
  together: boolean;
  /** Whether the caller may give an instruction. */
  instruction: boolean;
}

/** How pictures are resized. */
export interface PictureInfo {
  /** How pictures are resized and cut: `native` keeps their aspect ratio. */
  plan: string;
  /** The options of `embed` that this model accepts. */
  options: readonly PictureOption[];
  /**
   * Images with fewer pixels are enlarged, unless the recipe or a call says otherwise; absent if there is no such
   * limit.
   */
  minPixels?: number;
  /** Images with more pixels are reduced. */
  maxPixels?: number;
  /** Pixels per patch side. */
  patchSize?: number;
  /** Patches per side of a visual token. */
  mergeSize?: number;
}

/** One combination of device and settings (a rung of the ladder) that was tried. */
export interface RungReport {
  /** What it runs on. */
  device: DeviceName;
  /** Number format of the activations. */
  activations: Activations;
  /** Whether the GPU device has the `subgroups` feature. */
  subgroups: boolean;
  /** How quantized weights are multiplied. */
  compute: Compute;
  /**
   * `passed` and `failed`: result of the probe; `skipped`: not probed; `remembered`: passed earlier on this device;
   * `error`: could not be set up; `unavailable`: not tried, and `reason` says why.
   */
  outcome: 'passed' | 'failed' | 'skipped' | 'remembered' | 'error' | 'unavailable';
  /** The lowest cosine with the bundle's probe embeddings; null if it was not probed. */
  cosine: number | null;
  /** A message to display that says why it failed. */
  reason: string | null;
  /** Time for setting it up and for its probe, in milliseconds; null for a step that was not reached. */
  milliseconds: { setUp: number | null; probe: number | null };
}

/** The GPU as the browser names it. */
export interface AdapterFacts {
  /** `nvidia`, `apple`, …; empty if the browser does not say, like the three below. */
  vendor: string;
  /** Family of the GPU: `ampere`, `metal-3`, … */
  architecture: string;
  /** The vendor's identifier for the GPU. */
  device: string;
  /** A description to display. */
  description: string;
  /** Whether shaders may compute in 16 bits (`shader-f16`). */
  f16: boolean;
  /** 0 if the browser does not say or has no subgroups. */
  subgroupMinSize: number;
  /** In bytes. */
  maxBufferSize: number;
  /** In bytes: how much of a buffer a shader can access. */
  maxStorageBufferBindingSize: number;
}

/** What was loaded, and which device and settings were chosen. Plain data. */
export interface ModelInfo {
  /**
   * Identifies everything embeddings depend on (weights, tokenizer, settings), in hex: vectors are comparable if this
   * is equal.
   */
  id: string;
  /** Where the bundle was loaded from. */
  label: string;
  /** `qwen2_vl` */
  architecture: string;
  /** Length of an embedding. */
  dims: number;
  /** How its weights are stored. */
  dtype: WeightDtype;
  /** Base model and adapter, with their commits. */
  source: BundleSource;
  /** Device on which it runs. */
  device: DeviceName;
  /** Number format of the activations. */
  activations: Activations;
  /** Whether its weights stay in memory or are read for each group of inputs. */
  weights: WeightsMode;
  /** How quantized weights are multiplied. */
  compute: Compute;
  /**
   * How that is done on this device. `float`: in float32 or float16; `pair`: the same to within 2e-5, with products of
   * few rows and an 8-bit matrix computed as two int8 products; `int8`: activations are rounded to int8 in blocks of
   * 32.
   */
  product: 'float' | 'pair' | 'int8';
  /** Which build of ONNX Runtime is used. */
  build: OrtBuild;
  /** The GPU in use; null without one. */
  adapter: AdapterFacts | null;
  /** Whether the GPU device has the `subgroups` feature. */
  subgroups: boolean;
  /** WASM threads (1 without cross-origin isolation); 0 on other devices. */
  threads: number;
  /** Size of all weight files and the embedding table. */
  bytes: number;
  /** Length of the longest sequence. */
  maxTokens: number;
  /** The token that stands for an image in texts: `<|image_pad|>`. */
  imageToken: string;
  /** How pictures are resized, and the pixel limits that apply unless a call gives others. */
  image: PictureInfo;
  /** How inputs are presented to it. */
  recipe: RecipeInfo;
  /** What an input of a search may consist of: a two-tower model reads a text or a picture, but no instruction. */
  inputs: InputsInfo;
  /**
   * Turns a cosine into the probability that a picture and a text belong together: sigmoid(scale · cosine + bias).
   * Absent if the model has no such numbers.
   */
  logit?: Logit;
  /** Every rung of the ladder that was tried, in order; the last one is in use. */
  ladder: RungReport[];
  /** How often the GPU was lost and rebuilt. */
  recoveries: number;
  /**
   * Its name in the model store, if it was loaded from there. Absent if the caller of the runtime has no model store.
   */
  stored?: string | null;
  /** Whether the browser promised not to evict stored data; null if it was not asked or has not answered. */
  persisted?: boolean | null;
}
