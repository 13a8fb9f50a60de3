/**
 * @file From the requested options to a loaded engine: adapter, ONNX Runtime build, and the rungs of the ladder from
 * the top down.
 */

import type { BundleManifest } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { InvalidInputError, UnsupportedError, VLM2VecError, WebGPUUnavailableError } from '../errors';
import type { Asked } from './asked';
import { expectNear, tooSmallFor, weightsFor } from './capability';
import { adapterFacts, noWebGPU, requestAdapter, requestGpu, subgroupsUsable, type AttentionMode } from './device';
import { Engine, GpuLost } from './engine';
import { isNode } from '../environment';
import { unpackedBytes, type Product } from '../onnx';
import type { TowerKind } from '../models';
import { pairsAreRight } from './int8-kernels';
import { climb, rungName, rungsFor, type Rung } from './ladder';
import { mainMemory } from './memory';
import { browserBuild, loadOrt, wasmMissing, wasmThreads, type Ort, type OrtOptions } from './ort';
import { measureF16Loss, runProbe, type Probed } from './probe';
import type {
  ActivationsChoice,
  AdapterFacts,
  Compute,
  DeviceChoice,
  OnProgress,
  OrtBuild,
  RungReport,
  WeightsChoice,
  WeightsMode,
} from './types';
import { recallVerdict, rememberVerdict, verdictKey } from './verdicts';

/** When the probe runs. `once`: until it has passed on this device; never on Node's CPU, where it was computed. */
export type ProbePolicy = 'once' | 'always' | 'never';

/** For tests only: no compatibility is promised. */
export interface InternalOptions {
  /** `as-is` switches the attention remedies of `device.ts` off. */
  attention?: AttentionMode;
  /** Loading fails if a node of any graph would run on the CPU. */
  strictPlacement?: boolean;
  /** How to multiply with quantized weights, whatever the rung. */
  product?: Product;
  /** Whether the text tower's weights are widened, whatever the device. */
  unpackText?: boolean;
  /** The browser build to use, whatever the engine can do. */
  build?: 'jspi' | 'asyncify';
  /** Largest Hub file, in bytes, that is fetched in one piece instead of in one verified pass. */
  wholeBytes?: number;
  /** Bytes per request of such a pass. */
  blockBytes?: number;
  /** Bytes that a conversion writes between two notes in its journal. */
  noteBytes?: number;
  /** Pause before a request is tried again, in milliseconds. */
  retryDelay?: number;
}

/**
 * Weights in memory at a time while a probe is computed beside other work: during conversion, or with another model
 * loaded.
 */
export const PROBE_BYTES = 64 * 1024 * 1024;

/** A tower that some inputs do not need is loaded with the other one if it is smaller than this. */
const LATER_BYTES = 64 * 1024 * 1024;
/**
 * A text tower is unpacked on WASM if that takes no more than this: ONNX Runtime would otherwise do it again for every
 * run, which for one text takes five times as long as the rest. The vision tower has enough rows for that not to
 * matter.
 */
const UNPACKED_BYTES = 256 * 1024 * 1024;

export interface ChoiceOptions extends OrtOptions {
  reader: BundleReader;
  manifest: BundleManifest;
  asked: Asked;
  device?: DeviceChoice;
  activations?: ActivationsChoice;
  compute?: Compute;
  probe?: ProbePolicy;
  /** Whether weights stay in memory. @default 'auto' */
  weights?: WeightsChoice;
  /**
   * Streams weights in parts of this many bytes instead of complete stages: rounding may differ, but it takes less
   * memory.
   */
  partBytes?: number;
  /**
   * When the vision stages are loaded: `later`, with the first picture. @default 'later' if they are large and stored
   * here
   */
  vision?: 'now' | 'later';
  /**
   * The same for the text stages and the token table. @default 'later' if they are large and pictures do not need them
   */
  text?: 'now' | 'later';
  signal?: AbortSignal;
  onProgress?: OnProgress;
  internal?: InternalOptions;
}

export interface Choice {
  engine: Engine;
  ort: Ort;
  build: OrtBuild;
  threads: number;
  rung: Rung;
  ladder: RungReport[];
}

/**
 * Loads the best rung that passes.
 * @param probed uses an engine to embed inputs, for the probe
 */
export async function chooseRung(options: ChoiceOptions, probed: (engine: Engine) => Probed): Promise<Choice> {
  const { manifest, device = 'auto', activations = 'auto', compute = 'exact', probe = 'once', internal } = options;
  const fallback = isNode ? 'cpu' : 'wasm';
  if (device === (isNode ? 'wasm' : 'cpu')) {
    throw new UnsupportedError(
      `device: '${device}' does not exist ${isNode ? 'in Node' : 'in browsers'}; use '${fallback}'.`,
      {
        option: 'device',
      },
    );
  }
  checkChoice('device', device, ['auto', 'webgpu', fallback]);
  checkChoice('activations', activations, ['auto', 'f32', 'f16']);
  checkChoice('compute', compute, ['exact', 'fast']);
  checkChoice('probe', probe, ['once', 'always', 'never']);
  checkChoice('weights', options.weights ?? 'auto', ['auto', 'resident', 'streamed']);
  for (const tower of ['vision', 'text'] as const) checkChoice(tower, options[tower] ?? 'later', ['now', 'later']);
  const { numThreads } = options;
  if (numThreads !== undefined && !(Number.isInteger(numThreads) && numThreads > 0)) {
    throw new InvalidInputError(`numThreads is ${numThreads}; it must be a positive integer.`, {
      option: 'numThreads',
    });
  }

  const wanted = isNode || device === fallback ? null : await findAdapter(options);
  if (wanted instanceof WebGPUUnavailableError && device === 'webgpu') {
    throw new WebGPUUnavailableError(`${wanted.message} Use device: 'wasm' or 'auto'.`, wanted.details);
  }
  const unavailable = wanted instanceof WebGPUUnavailableError ? [notTried(wanted.message)] : [];
  const adapter = wanted instanceof WebGPUUnavailableError ? null : wanted;
  const gpu = isNode ? nodeGpu(device) : adapter && usableFeatures(adapter, internal);
  if (device === 'webgpu' && activations === 'f16' && gpu && !gpu.f16) {
    throw new UnsupportedError("activations: 'f16' needs a GPU with shader-f16, which this one lacks; use 'f32'.", {
      option: 'activations',
    });
  }
  const build = isNode ? 'node' : gpu ? (internal?.build ?? browserBuild('webgpu')) : browserBuild('wasm');
  const ort = await loadOrt(build, options);
  const rungs = rungsFor({
    ...{ device, activations, fallback, gpu, exact: manifest.dtype === 'fp32' },
    compute: isQuantized(manifest) ? compute : 'exact',
  });

  const ortVersion = ort.env.versions.web ?? ort.env.versions.node ?? ort.env.versions.common;
  const request = JSON.stringify([device, activations, compute, internal ?? null]);
  const key = await verdictKey({ manifest, adapter, build, ortVersion, request });
  const remembered = probe === 'once' ? await recallVerdict(key) : null;

  const isProbed = (rung: Rung) => {
    if (probe === 'never' || manifest.probe.length === 0) return false;
    const isKnown = rung.device === 'cpu' && rung.compute === 'exact';
    return probe === 'always' || (!isKnown && rungName(rung) !== remembered);
  };

  const room = { adapter, memory: mainMemory() };
  const modeOf = (rung: Rung): WeightsMode => {
    const { weights = 'auto' } = options;
    return weights === 'auto' ? weightsFor(manifest, { ...rung, ...room }) : weights;
  };
  /** Rungs whose weights did not fit, and are streamed instead. */
  const overfull: RungReport[] = [];
  const buildFitting = async (rung: Rung): Promise<Engine> => {
    const weights = modeOf(rung);
    if (weights === 'streamed') expectNear(options.reader, manifest);
    // The probe has pictures and texts: if it runs, one progress bar covers everything.
    const towers = isProbed(rung) ? ({ vision: 'now', text: 'now' } as const) : {};
    try {
      return await buildEngine(ort, rung, { ...options, weights, ...towers });
    } catch (error) {
      const isGiven = options.weights !== undefined && options.weights !== 'auto';
      if (isGiven || weights === 'streamed' || options.signal?.aborted || !isOverfull(error)) throw error;
      const milliseconds = { setUp: null, probe: null };
      const reason = `Its weights do not fit and are streamed: ${error.message}`;
      expectNear(options.reader, manifest);
      overfull.push({ ...rung, outcome: 'error', cosine: null, reason, milliseconds });
      return buildEngine(ort, rung, { ...options, weights: 'streamed' });
    }
  };

  /** Embeds with an engine made for it, one stage in memory at a time, beside the one being probed. */
  const embedOnce = async <T>(rung: Rung, work: (embedder: Probed) => Promise<T>): Promise<T> => {
    const engine = await buildEngine(ort, rung, {
      ...options,
      weights: 'streamed',
      partBytes: PROBE_BYTES,
      onProgress: undefined,
    });
    try {
      return await work(probed(engine));
    } finally {
      await engine.release();
    }
  };
  const check = (engine: Engine, rung: Rung) =>
    runProbe(probed(engine), {
      cases: manifest.probe,
      ...{ activations: rung.activations, compute: rung.compute },
      measure: () =>
        embedOnce({ device: fallback, activations: 'f16', subgroups: false, compute: 'exact' }, (embedder) =>
          measureF16Loss(embedder, manifest.probe),
        ),
      // ONNX Runtime's browser builds fail with a second engine beside the first; the next rung is f32 anyway.
      control: isNode
        ? (inputs) => embedOnce({ ...rung, activations: 'f32' }, (embedder) => embedder.embed(inputs))
        : null,
    });

  /**
   * The loss from int8 could hide wrong kernels of a GPU, so it must first pass with exact products, which hide
   * nothing.
   */
  const expectExact = async (fast: Rung) => {
    const rung: Rung = { ...fast, compute: 'exact' };
    const exact = { ...options, weights: modeOf(rung), vision: 'now', text: 'now', onProgress: undefined } as const;
    const engine = await buildEngine(ort, rung, exact);
    try {
      const { passed, reason } = await check(engine, rung);
      if (!passed) throw new WebGPUUnavailableError(`With exact products: ${reason}.`);
    } finally {
      await engine.release();
    }
  };

  const climbed = await climb(rungs, {
    remembered,
    signal: options.signal,
    build: async (rung) => {
      const since = performance.now();
      try {
        if (isProbed(rung) && rung.device === 'webgpu' && rung.compute === 'fast') await expectExact(rung);
        return await buildFitting(rung);
      } catch (error) {
        throw (isNode ? null : await wasmMissing(ort, since, error)) ?? error;
      }
    },
    check: async (engine, rung) => (isProbed(rung) ? check(engine, rung) : null),
    discard: (engine) => engine.release(),
  });
  const { rung } = climbed;
  const noted = climbed.ladder.flatMap((report) => [
    ...overfull.filter((each) => rungName(each) === rungName(report)),
    report,
  ]);
  const ladder = [...unavailable, ...noted];
  if (ladder.at(-1)!.outcome === 'passed') await rememberVerdict(key, rungName(rung));
  const threads = rung.device === 'wasm' ? (ort.env.wasm.numThreads ?? wasmThreads()) : 0;
  return { engine: climbed.built, ort, build, threads, rung, ladder };
}

/** Whether a bundle's weights will be streamed on the CPU of this machine, where `auto` may end up. */
export function streamsHere(manifest: BundleManifest, weights: WeightsChoice = 'auto'): boolean {
  if (weights !== 'auto') return weights === 'streamed';
  const room = { device: isNode ? 'cpu' : 'wasm', activations: 'f32', adapter: null, memory: mainMemory() } as const;
  return weightsFor(manifest, room) === 'streamed';
}

/**
 * A device of its own (in browsers), and what stays loaded on it. Also used to replace a lost device.
 * @param options `weights`: decided
 */
export async function buildEngine(
  ort: Ort,
  rung: Rung,
  options: ChoiceOptions & { weights: WeightsMode },
): Promise<Engine> {
  const { reader, manifest, asked, weights, partBytes, signal, onProgress, numThreads, internal } = options;
  let gpu = null;
  if (rung.device === 'webgpu' && !isNode) {
    const adapter = await requestAdapter();
    if (!adapter) throw new WebGPUUnavailableError('The browser no longer offers a WebGPU adapter. Reload the page.');
    gpu = await requestGpu(adapter, { subgroups: rung.subgroups, attention: internal?.attention });
  }
  const { strictPlacement } = internal ?? {};
  return Engine.load({
    product: internal?.product ?? (await productOf(rung, ort, manifest)),
    ...{
      ort,
      rung,
      gpu,
      manifest,
      reader,
      numThreads,
      strictPlacement,
      weights,
      partBytes,
      signal,
      onProgress,
    },
    later: laterTowers(options),
    backbone: asked.backbone,
    positions: asked.recipe.positions,
    unpackText: internal?.unpackText ?? (weights === 'resident' && isWorthUnpacking(rung, manifest)),
  });
}

/** Whether a device failed for lack of memory, as far as that is known. */
function isOverfull(error: unknown): error is Error {
  if (error instanceof GpuLost) return true;
  if (error instanceof WebGPUUnavailableError) return error.details.kind === 'GPUOutOfMemoryError';
  return error instanceof Error && !(error instanceof VLM2VecError) && /memory|alloc/i.test(error.message);
}

/**
 * ONNX Runtime has int8 kernels on Node's CPU, where level 0 is slow with 8 bits and few rows, and on GPUs with
 * subgroups (packed dot products, DP4A).
 */
async function productOf({ device, activations, compute }: Rung, ort: Ort, manifest: BundleManifest): Promise<Product> {
  if (device === 'webgpu' && compute === 'fast') return 'int8';
  if (device !== 'cpu' || activations !== 'f32' || !isQuantized(manifest)) return 'float';
  if (compute === 'fast') return 'int8';
  return (await pairsAreRight(ort)) ? 'pair' : 'float';
}

function isQuantized({ dtype }: BundleManifest): boolean {
  return dtype === 'q8' || dtype === 'q4';
}

function isWorthUnpacking({ device, activations }: Rung, manifest: BundleManifest): boolean {
  return device === 'wasm' && activations === 'f32' && unpackedText(manifest) <= UNPACKED_BYTES;
}

/** Bytes that the text tower's quantized weights take as float32. */
function unpackedText({ stages }: BundleManifest): number {
  return stages.reduce((sum, { kind, tensors }) => sum + (kind === 'text' ? unpackedBytes(tensors) : 0), 0);
}

/**
 * Towers that are loaded with the first input that needs them. Weights on the network are excluded, since they may be
 * out of reach by then.
 */
function laterTowers({ manifest, asked, reader, ...options }: ChoiceOptions): TowerKind[] {
  const { routes } = asked.backbone;
  return (['vision', 'text'] as const).filter((kind) => {
    const isOptional = Object.values(routes).some((route) => !route.includes(kind));
    const isLarge = towerBytes(manifest, kind) >= LATER_BYTES && !reader.isRemote;
    return (options[kind] ?? (isOptional && isLarge ? 'later' : 'now')) === 'later';
  });
}

/** The files of a tower; the text tower includes the token table. */
function towerBytes({ stages, embeddings }: BundleManifest, tower: TowerKind): number {
  const table = tower === 'text' ? embeddings.bytes : 0;
  return stages.reduce((sum, { kind, weights }) => sum + (kind === tower ? weights.bytes : 0), table);
}

/** The adapter's facts, or why no adapter can hold the bundle. */
async function findAdapter({ manifest }: ChoiceOptions): Promise<AdapterFacts | WebGPUUnavailableError> {
  const adapter = await requestAdapter();
  if (!adapter) {
    return new WebGPUUnavailableError(noWebGPU());
  }
  const facts = adapterFacts(adapter);
  return tooSmallFor(manifest, facts) ?? facts;
}

function notTried(reason: string): RungReport {
  const rung: Rung = { device: 'webgpu', activations: 'f32', subgroups: false, compute: 'exact' };
  return { ...rung, outcome: 'unavailable', cosine: null, reason, milliseconds: { setUp: null, probe: null } };
}

function usableFeatures(adapter: AdapterFacts, internal: InternalOptions | undefined) {
  const subgroups = internal?.attention === 'as-is' ? adapter.subgroupMinSize > 0 : subgroupsUsable(adapter);
  return { f16: adapter.f16, subgroups };
}

/** Node's provider says nothing about its GPU: f16 is tried, and the probe decides. */
function nodeGpu(device: DeviceChoice) {
  return device === 'webgpu' ? { f16: true, subgroups: false } : null;
}

function checkChoice(option: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new InvalidInputError(
    `${option}: '${value}' is unknown; use ${known.map((name) => `'${name}'`).join(' or ')}.`,
    {
      option,
    },
  );
}
