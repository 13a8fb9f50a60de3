/** @file What `load` may be told, checked and brought into plain data, and the start of what does the work. */

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
   * `auto` takes WebGPU where it reproduces the model's probe, else WASM (Node: the CPU). An explicit device is
   * used or refused, never replaced. @default 'auto'
   */
  device?: DeviceChoice;
  /** Precision of everything between the weights. `auto`: f16 on GPUs where it passes the probe, else f32. */
  activations?: ActivationsChoice;
  /**
   * Products with quantized weights. `exact`: as in float32. `fast`: what is multiplied is rounded to 8 bits, which takes a third
   * to three quarters of the time on Node's CPU, and costs agreement; it must pass the probe. On GPUs (with subgroups) nobody
   * has timed it yet. @default 'exact'
   */
  compute?: Compute;
  /** Weights of a checkpoint that gets converted. A ready bundle has its own; another one is refused. @default 'q4' */
  dtype?: WeightDtype;
  /**
   * What a conversion to q4 does for its accuracy. `fast`: weights are rounded to the nearest. `best`: a second pass, which
   * runs made-up inputs through the model and reads the checkpoint once more, rounds them so that what they compute errs
   * least; a stored model that was converted without is converted again. @default 'fast'
   */
  effort?: Effort;
  /**
   * How the model is asked: the name of a shipped recipe, or a record of one's own. Default: the bundle's or the
   * checkpoint's own, found by its repository; `info.recipe.assumed` says where it had to be assumed.
   */
  recipe?: RecipeChoice;
  /** The base model of an adapter checkpoint, where the adapter's own note is not to be followed. */
  base?: ModelSource;
  /** An adapter for a base-model checkpoint. */
  adapter?: ModelSource;
  /**
   * Where Hub repositories are read from: a mirror, or a server that answers as the Hub does.
   * @default 'https://huggingface.co'
   */
  hubUrl?: string | URL;
  /**
   * Keep a bundle from a URL in this browser (Node: the user's cache), for use without a network. Converted checkpoints
   * are always kept. @default true for bundles of 64 MB and more, in browsers
   */
  store?: boolean;
  /** Ask the source whether it changed, though a stored model would do; what changed is converted or fetched again. */
  refresh?: boolean;
  /** Sent to `hubUrl` for private and gated repositories. Never stored. */
  accessToken?: string;
  /**
   * When fixed inputs are embedded and compared with what the model gave at conversion. `once`: until they agreed on
   * this device, browser and version. @default 'once'
   */
  probe?: ProbePolicy;
  /**
   * When the vision tower is loaded. `later`: with the first picture, which spares memory and time where only texts are
   * embedded; a bundle must then still be within reach, unless `model.prepare()` fetches it before. @default 'later' for towers
   * of 64 MiB and more that are stored on this device, unless the probe runs
   */
  vision?: 'now' | 'later';
  /**
   * The same of the text tower and the token table, which the pictures of some models do without (SigLIP 2): `later` then
   * spares them where only pictures are embedded. @default 'later' for those models, above 64 MiB, unless the probe runs
   */
  text?: 'now' | 'later';
  /**
   * Whether weights are in memory for as long as the model is loaded (`resident`), or are read anew from where they are
   * stored for each group of inputs (`streamed`): one weight file at a time, so that models larger than the GPU's
   * memory, or than WASM's, run. `auto`: streamed where this device cannot be expected to hold them. @default 'auto'
   */
  weights?: WeightsChoice;
  /** Folder of the built-in models, if not the package's own. */
  modelsUrl?: string | URL;
  /**
   * Browser: the worker to run in (it ends with the model), or a function that starts one; its script is, or imports,
   * `vlm2vec-web/worker`. `false` runs in the calling thread, which then stands still while a WASM model computes.
   * @default true: a worker of its own
   */
  worker?: boolean | Worker | (() => Worker);
  /** Ends the call with the signal's reason. What was stored by then is kept: the same call goes on from there. */
  signal?: AbortSignal;
  /** Download, conversion, verification, probe and loading, as they go. */
  onProgress?: OnProgress;
  /** @internal for tests */
  internal?: InternalOptions;
}

/** All of them: an option that is not known is refused, not ignored. */
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
 * @throws InvalidInputError for options that are unknown or make no sense
 * @throws UnsupportedError in a page that came neither by https nor from localhost
 */
export async function prepareLoad(source: ModelSource, options: LoadOptions): Promise<PreparedLoad> {
  if (globalThis.isSecureContext === false) {
    throw new UnsupportedError(
      'Browsers only let pages served over https (or from localhost) hash, lock and store. Serve the page over https.',
    );
  }
  expectOptions('load', options);
  expectKnown('load', options, LOAD_KEYS);
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

/** As seen from the page: a worker would count from its own address. */
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

/** The backend: in a worker of its own, in one that is given, or right here. */
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
