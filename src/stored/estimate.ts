/** @file What a model will cost, determined before any of it is downloaded, so that the user can be asked. */

import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import { bundleFiles } from '../bundle/validate';
import { resolveCheckpoint } from '../checkpoint/index';
import { plannedStorage, recipeBeforeWeights } from '../convert/index';
import { isNode } from '../environment';
import { NetworkError } from '../errors';
import {
  adapterFacts,
  largestWeight,
  mainMemory,
  noWebGPU,
  requestAdapter,
  type AdapterFacts,
  weightsOf,
  type WeightsMode,
} from '../runtime/index';
import { findSource } from '../sources/find';
import { isRoundedAs } from '../sources/keep';
import { checkpointParts } from '../sources/trees';
import { DEFAULT_DTYPE, type OpenOptions } from '../sources/types';
import type { SourceSpec } from '../sources/spec';

/** All sizes in bytes. */
export interface Estimate {
  /** The name it has, or will have, in the model store; null if it is read directly from its source. */
  name: string | null;
  /** `stored`: nothing has to be done; `unfinished`: begun earlier, and the figures are for the whole model. */
  state: 'new' | 'unfinished' | 'stored';
  /** Bytes to download. For a conversion: bytes to read, whether from the network or from disk. */
  download: number;
  /** Bytes that will be stored. For a conversion this is an upper bound, a few per cent too high. */
  store: number;
  /**
   * Additional bytes needed while it runs: the measurements of the second pass of `effort: 'best'`. Otherwise
   * conversions write directly to their final place.
   */
  temporary: number;
  /** The weights on the GPU. */
  gpu: number;
  /** How the weights are or will be stored. */
  dtype: WeightDtype;
  /** The browser's storage, as far as it reports this: used, allowed and left. Null in Node. */
  storage: {
    usage: number | null;
    quota: number | null;
    free: number | null;
    /** Whether it fits; null if the browser does not say. */
    fits: boolean | null;
  };
  /** Whether this device can run it. */
  device: {
    /** The GPU; null without WebGPU. */
    adapter: AdapterFacts | null;
    /** Whether WebGPU can run it. WASM can run it if there is enough memory, but much more slowly. */
    webgpu: boolean;
    /** Whether half-precision activations are supported. */
    f16: boolean;
    /** A message to display that says why WebGPU cannot run it. */
    reason: string | null;
    /** The largest single buffer it needs. */
    largestBuffer: number;
    /**
     * Whether all weights are likely to fit into memory (of the GPU, if it can run the model); otherwise they are
     * streamed.
     */
    weights: WeightsMode;
  };
}

/** Estimates from a listing and configs, or from `bundle.json`. */
export async function estimateSource(spec: SourceSpec, options: OpenOptions): Promise<Estimate> {
  const { modelStore, name, manifest: found } = await findSource(spec, options);
  const manifest = found && isRoundedAs(found, options) ? found : null; // else it is converted again
  const sizes = manifest ? bundleSizes(manifest) : await checkpointSizes(spec, options);
  const entries = name === null ? [] : (await modelStore.list()).filter((entry) => entry.name === name);
  const stored = entries.some(({ finished }) => finished) && !(found && !manifest);
  const kept = name === null ? 0 : sizes.store;
  const temporary = stored || name === null ? 0 : sizes.temporary;
  return {
    name,
    state: stored ? 'stored' : entries.length > 0 ? 'unfinished' : 'new',
    download: stored || spec.kind === 'folder' ? 0 : sizes.download,
    store: kept,
    temporary,
    gpu: sizes.gpu,
    dtype: sizes.dtype,
    storage: await storageFor(stored ? 0 : Math.max(0, kept + temporary - (entries[0]?.bytes ?? 0))),
    device: await deviceFor(sizes),
  };
}

/**
 * Whether a finished bundle of the source is in the model store. A source that is unreachable and not in the store
 * counts as not stored.
 */
export async function isKept(spec: SourceSpec, options: OpenOptions): Promise<boolean> {
  try {
    const { modelStore, name } = await findSource(spec, options);
    return (await modelStore.list()).some((entry) => entry.finished && entry.name === name);
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

interface Sizes {
  download: number;
  store: number;
  temporary: number;
  gpu: number;
  largestBuffer: number;
  dtype: WeightDtype;
}

function bundleSizes(manifest: BundleManifest): Sizes {
  const store = bundleFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0);
  const gpu = manifest.stages.reduce((sum, { weights }) => sum + weights.bytes, 0);
  const largestBuffer = Math.max(0, ...manifest.stages.flatMap(({ tensors }) => tensors.map(({ bytes }) => bytes)));
  return { download: store, store, temporary: 0, gpu, largestBuffer, dtype: manifest.dtype };
}

/** The files of a repository that a conversion reads. */
const READ = /^(model|pytorch_model|adapter_model)[\w.-]*\.(safetensors|bin|json)$|^[\w-]+\.json$|^merges\.txt$/;

/** The graphs and the manifest of a bundle take about this much. */
const GRAPHS_BYTES = 100_000;

async function checkpointSizes(spec: SourceSpec, options: OpenOptions): Promise<Sizes> {
  const { dtype = DEFAULT_DTYPE, effort, signal } = options;
  const isTwice = effort === 'best' && dtype === 'q4';
  const { base, adapter, config } = await resolveCheckpoint(await checkpointParts(spec, options));
  const recipe =
    options.recipe ?? recipeBeforeWeights({ base: base.label, adapter: adapter?.tree.label ?? null, config });
  const { store, moments, ...planned } = plannedStorage(config, dtype, recipe.head);
  let download = 0;
  let besides = GRAPHS_BYTES;
  for (const tree of adapter ? [adapter.tree, base] : [base]) {
    const paths = await tree.list();
    const hasSafetensors = paths.some((path) => /^(adapter_)?model[\w.-]*\.safetensors$/.test(path));
    for (const path of paths) {
      if (!READ.test(path) || (hasSafetensors && path.endsWith('.bin'))) continue;
      const { size } = await tree.open(path, signal);
      const isText = /\.(json|txt)$/.test(path);
      download += isTwice && !isText ? 2 * size : size;
      if (isText) besides += size; // most of these are the tokenizer's, which are kept
    }
  }
  return { download, dtype, ...planned, store: store + besides, temporary: isTwice ? moments : 0 };
}

async function storageFor(bytes: number): Promise<Estimate['storage']> {
  const { usage = null, quota = null } = (await globalThis.navigator?.storage?.estimate?.().catch(() => null)) ?? {};
  const free = usage === null || quota === null ? null : Math.max(0, quota - usage);
  return { usage, quota, free, fits: free === null ? null : bytes <= free };
}

async function deviceFor({ largestBuffer, gpu: stored, dtype }: Sizes): Promise<Estimate['device']> {
  const adapter = await requestAdapter();
  const memory = mainMemory();
  const onCpu = weightsOf(
    { stored, dtype },
    { device: isNode ? 'cpu' : 'wasm', activations: 'f32', adapter: null, memory },
  );
  if (!adapter) {
    return { adapter: null, webgpu: false, f16: false, reason: noWebGPU(), largestBuffer, weights: onCpu };
  }
  const facts = adapterFacts(adapter);
  const limit = largestWeight(facts);
  const webgpu = largestBuffer <= limit;
  const reason = webgpu
    ? null
    : `Its largest weight takes ${largestBuffer} bytes in one GPU buffer; this GPU allows ${limit}.`;
  const room = { device: 'webgpu', activations: facts.f16 ? 'f16' : 'f32', adapter: facts, memory } as const;
  const weights = webgpu ? weightsOf({ stored, dtype }, room) : onCpu;
  return { adapter: facts, webgpu, f16: facts.f16, reason, largestBuffer, weights };
}
