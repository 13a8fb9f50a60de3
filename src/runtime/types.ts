/** @file What callers of the runtime say and get: devices, options, progress events, and what was decided. */

import type { BundleSource, Logit, WeightDtype } from '../bundle/manifest';
import type { Progress } from '../bundle/progress';
import type { VLM2VecError } from '../errors';
import type { ImageInput, PictureOption } from '../image';
import type { Licence, Recipe, Role } from '../recipes';
import type { EmbedUsage } from './usage';

/** Where sessions may run. `wasm` exists in browsers, `cpu` in Node; `auto` takes the best that passes the probe. */
export type DeviceChoice = 'auto' | 'webgpu' | 'wasm' | 'cpu';
/** Where sessions do run. */
export type DeviceName = Exclude<DeviceChoice, 'auto'>;
/** Floating-point numbers between the weights: 32 bits, or 16 where a GPU has them. */
export type Activations = 'f32' | 'f16';
/** `auto`: f16 on GPUs where it passes the probe, else f32. */
export type ActivationsChoice = 'auto' | Activations;

/** Where weights are: in memory for as long as the model is loaded, or read anew, stage after stage, for each group of inputs. */
export type WeightsMode = 'resident' | 'streamed';
/** `auto`: resident where this device can be expected to hold them, else streamed. */
export type WeightsChoice = 'auto' | WeightsMode;

/**
 * Products with quantized weights. `exact`: as in float32, to 2e-5 of a product. `fast`: what is multiplied is rounded to 8
 * bits, where there are kernels for that (Node's CPU, GPUs with subgroups). `fast` must pass the probe, else `exact` is used.
 */
export type Compute = 'exact' | 'fast';

/** The ONNX Runtime build: `jspi` and `asyncify` carry WebGPU and WASM, `wasm` is the small one without WebGPU. */
export type OrtBuild = 'jspi' | 'asyncify' | 'wasm' | 'node';

/**
 * Progress of loading, converting and embedding. Status names are transformers.js'. `progress` is about one file,
 * `progress_total` about all of the phase; `loaded` and `total` are bytes, in phase `embed` inputs.
 */
export interface ProgressEvent extends Omit<Progress, 'status' | 'phase'> {
  /**
   * `initiate`: a file or phase begins; `download`: a request begins; `progress`: more of a file is done;
   * `progress_total`: more of the phase; `done`: a file is whole; `ready`: all is.
   */
  status: Progress['status'] | 'download' | 'progress_total';
  /** What is being done. `wait`: another tab is writing the same bundle; `prepare` and `embed` count inputs. */
  phase: Progress['phase'] | 'prepare' | 'embed';
  /** Of phase `embed` where weights are streamed: stages that the current group has gone through, and in all. */
  stages?: { done: number; total: number };
}

/** Takes progress events as they come. */
export type OnProgress = (event: ProgressEvent) => void;

/** One thing to embed: a text, an image, or both in one sequence. */
export interface InputParts {
  /** As given to the model, behind the instruction. May hold the image token where the picture goes. */
  text?: string;
  /** Read before the text, unless the text says where. A list where the recipe takes several. */
  image?: ImageInput | readonly ImageInput[];
  /** Overrides {@link EmbedOptions.instruction} for this input. */
  instruction?: string;
  /** Overrides {@link EmbedOptions.role} for this input. */
  role?: Role;
  /** Overrides {@link EmbedOptions.prefix} for this input. */
  prefix?: string;
}

/** What `embed` takes: a string is a text; anything else without `text`/`image` keys is an image. */
export type EmbedInput = string | ImageInput | InputParts;

/** Options of `VLM2Vec.embed`. */
export interface EmbedOptions {
  /** Task instruction, where the recipe takes one; with VLM2Vec it is put before each text, as in its training data. */
  instruction?: string;
  /**
   * The side that inputs are on, where the recipe words sides differently. Default: with VLM2Vec neither, the text as
   * given; with a recipe of templates `document`.
   */
  role?: Role;
  /** What queries look for, where the recipe words them by that. Default: by what the query is made of. */
  find?: 'text' | 'image';
  /** Name of one of the recipe's prefixes, set before each text. */
  prefix?: string;
  /** Length of vectors, where the recipe offers shorter ones (Matryoshka): cut, and of unit length again. */
  dims?: number;
  /**
   * Texts are cut after this many tokens, as the reference's `max_len` does; an input with an image is refused
   * instead, for cutting image tokens has no meaning. Default: the model's limit, beyond which both are refused.
   */
  maxTokens?: number;
  /** Images of fewer pixels are enlarged to about so many. Default: the checkpoint's own number. */
  minPixels?: number;
  /** Images of more are reduced to at most so many. Fewer cost less time and see less. Default: the checkpoint's own. */
  maxPixels?: number;
  /** Tiles that a picture is cut into at most, for models that cut pictures. Default: the checkpoint's own. */
  numCrops?: number;
  /**
   * Pictures that declare more pixels than this are refused before they are decoded. A pixel takes 3 bytes, and while a
   * browser decodes it 7 or more. Default 250 million.
   */
  maxInputPixels?: number;
  /** `stored` ignores the EXIF orientation, as the reference implementation does. Default `exif`. */
  orientation?: 'exif' | 'stored';
  /**
   * `shared`: like inputs share forward passes, whose size chooses how quantized weights are multiplied, so that the last bits
   * of a vector depend on what else is in the list. `single`: each input has a pass of its own, and its vector is the same to
   * the bit whatever is embedded with it; short texts take several times as long. Default `shared`.
   */
  batching?: 'shared' | 'single';
  /**
   * What becomes of a list where one input cannot be read or has no place in the recipe. `throw`: the call ends with its
   * error; `skip`: its place holds null, and {@link onSkip} is told. Default `throw`.
   */
  onError?: 'throw' | 'skip';
  /** Told of each input that is skipped. */
  onSkip?: (skipped: SkippedInput) => void;
  /**
   * Pixels among the inputs (`RgbImage`) go to the model's worker without a copy; their arrays are empty afterwards.
   * Default false.
   */
  transferPixels?: boolean;
  /** Ends the call with the signal's reason, between batches and stages. */
  signal?: AbortSignal;
  /**
   * `progress_total` of phase `prepare` after every input, of phase `embed` after every batch; `loaded` and `total`
   * count inputs. Where weights are streamed, `progress` of phase `embed` after every stage, with `stages` and a `progress`
   * that counts them. Where the vision tower is loaded with the first picture, events of phase `load` tell of that.
   */
  onProgress?: OnProgress;
  /** Called once, when all is embedded: tokens, and time by stage. */
  onUsage?: (usage: EmbedUsage) => void;
  /**
   * `usage.stages` says what each stage took and how much it computed. The GPU is waited for after each, so the call
   * takes a little longer. Default false.
   */
  stageTimes?: boolean;
}

/** An input that was left out. */
export interface SkippedInput {
  /** Its place in the list. */
  index: number;
  /** Why; its message names the input. */
  error: VLM2VecError;
}

/** How the model is asked. */
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
  /** Of the published weights, with whether they may be used commercially. */
  licence: Licence;
  /** Whether prompts are the caller's own strings, and MMEB's tasks have a meaning. */
  isRaw: boolean;
  /**
   * Why it was assumed, where neither the checkpoint nor an option names it, or what of the checkpoint is not as the published
   * one is known to be: vectors are wrong if it is not the recipe that the model was trained with. Null otherwise.
   */
  assumed: string | null;
  /** Whether the caller's own instruction is taken, and on which sides; null where it is fixed. */
  instruction: { default: string; roles: readonly Role[] } | null;
}

/** What an input of a search may be made of. */
export interface InputsInfo {
  /** Words and a picture together, as one input. */
  together: boolean;
  /** An instruction of the caller's own. */
  instruction: boolean;
}

/** How pictures are sized. */
export interface PictureInfo {
  /** The way pictures are resized and cut: `native` keeps their aspect. */
  plan: string;
  /** Options of `embed` that this model takes. */
  options: readonly PictureOption[];
  /** Images of fewer pixels are enlarged, unless the recipe or a call says otherwise; absent without such a limit. */
  minPixels?: number;
  /** Images of more are reduced. */
  maxPixels?: number;
  /** Pixels per patch side. */
  patchSize?: number;
  /** Patches per side of a visual token. */
  mergeSize?: number;
}

/** One step of the ladder that was tried. */
export interface RungReport {
  /** What it runs on. */
  device: DeviceName;
  /** Numbers between the weights. */
  activations: Activations;
  /** Whether the GPU device has the `subgroups` feature. */
  subgroups: boolean;
  /** How quantized weights are multiplied. */
  compute: Compute;
  /**
   * `passed` and `failed` by the probe; `skipped`: not probed; `remembered`: passed before on this device; `error`:
   * could not be set up; `unavailable`: not tried, `reason` says why.
   */
  outcome: 'passed' | 'failed' | 'skipped' | 'remembered' | 'error' | 'unavailable';
  /** The worst cosine with the bundle's probe embeddings, where probed. */
  cosine: number | null;
  /** Why it failed, for people. */
  reason: string | null;
  /** What setting it up and what its probe took, in milliseconds; null where it did not come to that. */
  milliseconds: { setUp: number | null; probe: number | null };
}

/** The GPU as the browser names it. */
export interface AdapterFacts {
  /** `nvidia`, `apple`, …; '' where the browser does not say, as for the three below. */
  vendor: string;
  /** Family of the GPU: `ampere`, `metal-3`, … */
  architecture: string;
  /** The vendor's number of the GPU. */
  device: string;
  /** For people. */
  description: string;
  /** Whether shaders may compute in 16 bits (`shader-f16`). */
  f16: boolean;
  /** 0 where the browser does not say or has no subgroups. */
  subgroupMinSize: number;
  /** In bytes. */
  maxBufferSize: number;
  /** In bytes: what of a buffer a shader can see. */
  maxStorageBufferBindingSize: number;
}

/** What was loaded and what was decided. Plain data. */
export interface ModelInfo {
  /** Names what embeddings depend on (weights, tokenizer, settings), in hex: vectors compare where this is equal. */
  id: string;
  /** Where the bundle lies. */
  label: string;
  /** `qwen2_vl` */
  architecture: string;
  /** Length of an embedding. */
  dims: number;
  /** How its weights are stored. */
  dtype: WeightDtype;
  /** Base model and adapter, with their commits. */
  source: BundleSource;
  /** Where it runs. */
  device: DeviceName;
  /** Numbers between the weights. */
  activations: Activations;
  /** Whether its weights are in memory, or read for each group of inputs. */
  weights: WeightsMode;
  /** How quantized weights are multiplied. */
  compute: Compute;
  /**
   * What that is on this device. `float`: in float32 or float16; `pair`: the same to 2e-5, few rows of an 8-bit matrix as two
   * products of int8; `int8`: what is multiplied is rounded to int8 in blocks of 32.
   */
  product: 'float' | 'pair' | 'int8';
  /** Which ONNX Runtime. */
  build: OrtBuild;
  /** The GPU in use; null without one. */
  adapter: AdapterFacts | null;
  /** Whether the GPU device has the `subgroups` feature. */
  subgroups: boolean;
  /** WASM threads (1 without cross-origin isolation); 0 on other devices. */
  threads: number;
  /** Bytes of all weight files and the embedding table. */
  bytes: number;
  /** Longest sequence. */
  maxTokens: number;
  /** What stands for an image in texts: `<|image_pad|>`. */
  imageToken: string;
  /** How pictures are sized, and the pixel limits that hold unless a call gives others. */
  image: PictureInfo;
  /** How it is asked. */
  recipe: RecipeInfo;
  /** What an input of a search may be made of: a model of two towers reads a text or a picture, and no instruction. */
  inputs: InputsInfo;
  /**
   * What makes a cosine the probability that a picture and a text belong together, sigmoid(scale · cosine + bias); absent where
   * the model has no such numbers.
   */
  logit?: Logit;
  /** Every step of the ladder that was tried, in order; the last one is in use. */
  ladder: RungReport[];
  /** How often the GPU was lost and rebuilt. */
  recoveries: number;
  /** Its name in the model store, where it was loaded from there. Absent where a caller of the runtime has no model store. */
  stored?: string | null;
  /** Whether the browser promised not to evict what is stored; null where it was not asked, or has not answered. */
  persisted?: boolean | null;
}
