/** @file The options of `load`, checked and turned into plain data, and the start of the backend that does the work. */

import type { Effort, WeightDtype } from './bundle/manifest';
import { importing } from './net';
import { InvalidInputError, UnsupportedError } from './errors';
import { expectHooks, expectKnown, expectOptions } from './hooks';
import { recipeOption, type RecipeChoice } from './recipes';
import {
  isNode,
  type ActivationsChoice,
  type Compute,
  type DeviceChoice,
  type InternalOptions,
  type OnProgress,
  type OrtOptions,
  type ProbePolicy,
  type WeightsChoice,
} from './runtime';
import type { Backend, LoadSettings } from './backend/local';
import { specify, type ModelSource, type SourceSpec } from './sources/spec';

/** Options of `VLM2Vec.load` and `models.add`. */
export interface LoadOptions extends OrtOptions {
  /**
   * `auto` uses WebGPU if it reproduces the model's probe, otherwise WASM (in Node: the CPU). An explicit device is
   * either used or refused, never replaced. @default 'auto'
   */
  device?: DeviceChoice;
  /**
   * Precision of the activations, that is, of everything between the weights. `auto`: f16 on GPUs if it passes the
   * probe, otherwise f32.
   */
  activations?: ActivationsChoice;
  /**
   * How products with quantized weights are computed. `exact`: as in float32. `fast`: activations are rounded to 8 bits
   * before they are multiplied, which takes a third to three quarters of the time on Node's CPU but agrees less
   * closely; it must pass the probe. On GPUs (with subgroups) it has not been timed yet. @default 'exact'
   */
  compute?: Compute;
  /**
   * How the weights of a converted checkpoint are stored. A ready-made bundle has its own; asking for a different one
   * is refused.
   * @default 'q4'
   */
  dtype?: WeightDtype;
  /**
   * How much work a conversion to q4 does for accuracy. `fast`: weights are rounded to the nearest value. `best`: a
   * second pass, which runs synthetic inputs through the model and reads the checkpoint once more, rounds them so that
   * the error of their outputs is smallest; a stored model that was converted without it is converted again. @default
   * 'fast'
   */
  effort?: Effort;
  /**
   * How inputs are presented to the model: the name of a built-in recipe, or a record of your own. Default: the recipe
   * of the bundle or checkpoint, determined from its repository; `info.recipe.assumed` says if it had to be assumed.
   */
  recipe?: RecipeChoice;
  /** The base model for an adapter checkpoint, if it is not the one that the adapter names. */
  base?: ModelSource;
  /** An adapter for a base-model checkpoint. */
  adapter?: ModelSource;
  /**
   * Where Hub repositories are read from: a mirror, or a server with the same interface as the Hub.
   * @default 'https://huggingface.co'
   */
  hubUrl?: string | URL;
  /**
   * Whether to store a bundle from a URL in this browser (in Node: in the user's cache) for offline use. Converted
   * checkpoints are always stored. @default true for bundles of 64 MB and more, in browsers
   */
  store?: boolean;
  /**
   * Whether to ask the source for changes even if the model is stored; if it has changed, it is converted or fetched
   * again.
   */
  refresh?: boolean;
  /** Sent to `hubUrl` for private and gated repositories. Never stored. */
  accessToken?: string;
  /**
   * When to run the probe, which embeds fixed inputs and compares the results with those recorded at conversion.
   * `once`: until they have agreed on this device, with this browser and version. @default 'once'
   */
  probe?: ProbePolicy;
  /**
   * When the vision tower is loaded. `later`: with the first picture, which saves memory and time if only texts are
   * embedded. The bundle must still be reachable then, unless `model.prepare()` has fetched the tower before. @default
   * 'later' for towers of 64 MiB and more that are stored on this device, unless the probe runs
   */
  vision?: 'now' | 'later';
  /**
   * The same for the text tower and the token table, which some models do not need for pictures (SigLIP 2): `later`
   * then saves loading them if only pictures are embedded. @default 'later' for those models, above 64 MiB, unless the
   * probe runs
   */
  text?: 'now' | 'later';
  /**
   * Whether weights stay in memory as long as the model is loaded (`resident`), or are read from storage again for each
   * group of inputs (`streamed`): one weight file at a time, so that models larger than the memory of the GPU or of
   * WASM can run. `auto`: streamed if this device cannot be expected to hold them. @default 'auto'
   */
  weights?: WeightsChoice;
  /** Folder of the built-in models, if not the package's own. */
  modelsUrl?: string | URL;
  /**
   * Browser: the worker to run in (it ends with the model), or a function that starts one; its script is, or imports,
   * `vlm2vec-web/worker`. `false` runs the model in the calling thread, which is blocked while a WASM model computes.
   * @default true: a worker of its own
   */
  worker?: boolean | Worker | (() => Worker);
  /**
   * Aborts the call, which then rejects with the signal's reason. Everything stored by then is kept, and repeating the
   * call continues from there.
   */
  signal?: AbortSignal;
  /** Called with the progress of download, conversion, verification, probe and loading. */
  onProgress?: OnProgress;
  /** @internal for tests */
  internal?: InternalOptions;
}

/** All options: an unknown one is refused, not ignored. */
const LOAD_KEYS = new Set([
  'device',
  'activations',
  'compute',
  'dtype',
  'effort',
  'recipe',
  'base',
  'adapter',
  'hubUrl',
  'accessToken',
  'store',
  'refresh',
  'probe',
  'vision',
  'text',
  'weights',
  'modelsUrl',
  'worker',
  'wasmPaths',
  'numThreads',
  'signal',
  'onProgress',
  'internal',
]);

/** A call of `load`, ready for the backend. */
export interface PreparedLoad {
  spec: SourceSpec;
  settings: LoadSettings;
  worker: boolean | Worker | (() => Worker);
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/**
 * @param call the function that was called, for messages
 * @throws InvalidInputError for unknown or meaningless options
 * @throws UnsupportedError in a page served neither over https nor from localhost
 */
export async function prepareLoad(source: ModelSource, options: LoadOptions, call = 'load'): Promise<PreparedLoad> {
  if (globalThis.isSecureContext === false) {
    throw new UnsupportedError(
      'Browsers only let pages served over https (or from localhost) hash, lock and store. Serve the page over https.',
    );
  }
  expectOptions(call, options);
  expectKnown(call, options, LOAD_KEYS);
  const { worker = !isNode, modelsUrl, base, adapter, hubUrl, wasmPaths, signal, onProgress, ...settings } = options;
  expectHooks({ signal, onProgress });
  signal?.throwIfAborted();
  if (settings.dtype !== undefined && !['fp32', 'fp16', 'q8', 'q4'].includes(settings.dtype)) {
    throw new InvalidInputError(`dtype: '${settings.dtype}' is unknown; use fp32, fp16, q8 or q4.`, {
      option: 'dtype',
    });
  }
  if (settings.effort !== undefined && !['fast', 'best'].includes(settings.effort)) {
    throw new InvalidInputError(`effort: '${settings.effort}' is unknown; use fast or best.`, { option: 'effort' });
  }
  if (settings.recipe !== undefined) recipeOption(settings.recipe); // refuses what is wrong before anything is fetched
  const spec = await specify(source, modelsUrl);
  const parts = {
    base: base === undefined ? undefined : await specify(base, modelsUrl),
    adapter: adapter === undefined ? undefined : await specify(adapter, modelsUrl),
  };
  const places = {
    ...(hubUrl === undefined ? {} : { hubUrl: absolute(hubUrl, 'hubUrl').replace(/\/+$/, '') }),
    ...(wasmPaths === undefined ? {} : { wasmPaths: absoluteWasm(wasmPaths) }),
  };
  return { spec, settings: { ...settings, ...parts, ...places }, worker, signal, onProgress };
}

/** Resolved against the page: a worker would resolve it against its own address. */
function absolute(url: string | URL, option: string): string {
  const base = typeof document === 'undefined' ? globalThis.location?.href : document.baseURI;
  if (!URL.canParse(String(url), base))
    throw new InvalidInputError(`${option}: '${String(url)}' is not a URL.`, { option });
  return new URL(url, base).href;
}

function absoluteWasm(paths: NonNullable<OrtOptions['wasmPaths']>): NonNullable<OrtOptions['wasmPaths']> {
  if (isNode) return paths; // refused where it would be used
  if (typeof paths === 'string' || paths instanceof URL) return absolute(paths, 'wasmPaths').replace(/\/*$/, '/');
  return Object.fromEntries(
    Object.entries(paths).map(([file, url]) => [file, absolute(url as string | URL, 'wasmPaths')]),
  );
}

/** Starts the backend: in a worker of its own, in a given worker, or in this thread. */
export async function startBackend(worker: boolean | Worker | (() => Worker)): Promise<Backend> {
  if (worker === false) {
    const { LocalBackend } = await importing(() => import('./backend/local'));
    return new LocalBackend();
  }
  if (isNode)
    throw new UnsupportedError('worker: Node runs the model in the calling thread; leave the option out.', {
      option: 'worker',
    });
  const { WorkerBackend } = await importing(() => import('./backend/worker-client'));
  if (typeof worker === 'function') return new WorkerBackend(worker);
  if (worker !== true) return new WorkerBackend(() => worker);
  const { startModelWorker } = await importing(() => import('./backend/start-worker'));
  return new WorkerBackend(startModelWorker);
}
