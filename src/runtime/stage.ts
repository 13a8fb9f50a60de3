/** @file One stage of the bundle as an ONNX Runtime session. */

import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { BundleStage } from '../bundle/manifest';
import {
  buildStageGraph,
  cutStage,
  planStages,
  storedWeights,
  textTables,
  type Network,
  type Positions,
} from '../models';
import { countFlops, unpackWeights, type Product } from '../onnx';
import type { Gpu } from './device';
import type { WeightPart } from './files';
import type { Rung } from './ladder';
import type { Ort, Session } from './ort';
import { pinStreams } from './pinned-blob';
import { ortQueue } from './queue';

export type Feeds = Record<string, Tensor>;

/** A stage, or some of its blocks, and the bytes that hold its weights. */
export interface StagePart extends WeightPart {
  stage: BundleStage;
}

/** The stage as one; with `maxBytes`, in parts of that size, if its blocks are small enough. */
export function partsOf(network: Network, stage: BundleStage, maxBytes?: number): StagePart[] {
  const file = stage.weights;
  if (maxBytes === undefined) return [{ stage, file }];
  return cutStage(network, stage, maxBytes).map((part) => {
    const start = Math.min(...part.tensors.map(({ offset }) => offset));
    const end = Math.max(...part.tensors.map(({ offset, bytes }) => offset + bytes));
    return { stage: part, file, range: { start, end } };
  });
}

export interface StageOptions {
  ort: Ort;
  network: Network;
  positions: Positions;
  rung: Rung;
  /** How quantized weights are multiplied on this rung. */
  product: Product;
  /** The text tower's quantized weights are widened to float32 as they are loaded: eight times the memory of `q4`. */
  unpackText?: boolean;
  /** The device of a browser's WebGPU rung. */
  gpu: Gpu | null;
  /** Keeps the output on the GPU, for the next stage. */
  keepOnGpu: boolean;
  /** CPU threads in Node. */
  numThreads?: number;
  /**
   * In Node, ORT takes memory for runs in few large pieces, which it keeps until the session ends. For sessions that
   * end soon: each tensor's own piece would leave gaps that the process does not give back.
   */
  arena?: boolean;
  /** Fails to load if any node would run on the CPU instead of the GPU; for tests. */
  strictPlacement?: boolean;
  /** Rejects as soon as the device is lost, even if ORT never answers. */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  /** The graph, if not the stage's own. */
  build?: (stage: BundleStage) => Uint8Array;
  signal?: AbortSignal;
}

/** What a run gives. */
export interface Outputs {
  /** The stage's own. */
  output: Tensor;
  /** By name. */
  others: Feeds;
}

/** A loaded stage: a graph made for the device, its weights uploaded. */
export class Stage {
  readonly name: string;
  readonly #session: Session;
  /** Counted as float products: what has to be computed, whichever kernels do it. */
  readonly #graph: () => Uint8Array;

  private constructor(name: string, session: Session, graph: () => Uint8Array) {
    this.name = name;
    this.#session = session;
    this.#graph = graph;
  }

  /** @param stored the part's weights, as returned by `BundleFiles.weights` */
  static async load(
    { stage, file, range }: StagePart,
    stored: string | Blob | Uint8Array,
    options: StageOptions,
  ): Promise<Stage> {
    const { network, positions, rung, product } = options;
    const start = typeof stored === 'string' ? 0 : (range?.start ?? 0); // a path is that of the whole file
    const tensors = stage.tensors.map((tensor) => ({ ...tensor, offset: tensor.offset - start }));
    const { own, weights } =
      options.unpackText && stage.kind === 'text'
        ? await unpacked({ ...stage, tensors }, stored, network)
        : { own: { ...stage, tensors }, weights: stored };
    const graph = (product: Product) =>
      options.build?.(own) ??
      buildStageGraph(network, own, {
        activations: rung.activations,
        positions: textTables(positions),
        product,
      });
    const session = await createSession(graph(product), externalWeights(file.path, weights), options);
    return new Stage(stage.name, session, () => graph('float'));
  }

  /** Runs the stage on those of `feeds` that its graph takes. Call this within the queue. */
  async run(feeds: Feeds): Promise<Tensor> {
    return (await this.runAll(feeds)).output;
  }

  /**
   * The same, with the additional outputs of its graph.
   * @param into tensors on the CPU that the outputs are written to, if not to new ones: for Node
   */
  async runAll(feeds: Feeds, into: Partial<Outputs> = {}): Promise<Outputs> {
    const [outputName, ...otherNames] = this.#session.outputNames as [string, ...string[]];
    const inputs: Feeds = {};
    for (const name of this.#session.inputNames) inputs[name] = feeds[name]!;
    const fetches: Record<string, Tensor | null> = { [outputName]: into.output ?? null };
    for (const name of otherNames) fetches[name] = into.others?.[name] ?? null;
    const { [outputName]: output, ...others } = await this.#session.run(inputs, fetches);
    return { output: output!, others };
  }

  /** Floating-point operations of a run on `feeds`. */
  flops(feeds: Feeds): number {
    const shapes = Object.entries(feeds).map(([name, tensor]) => {
      const { dims, type, location } = tensor;
      // Tensors on the GPU have a shape but no data here.
      return [name, { dims, data: type === 'int64' && location === 'cpu' ? tensor.data : undefined }] as const;
    });
    return countFlops(this.#graph(), Object.fromEntries(shapes));
  }

  /** Call this within the queue. */
  release(): Promise<void> {
    return this.#session.release();
  }
}

/** By itself: a function made beside `weights` that outlives this call, as the stage's `graph` does, would keep them in memory. */
function createSession(
  model: Uint8Array,
  weights: InferenceSession.SessionOptions,
  options: StageOptions,
): Promise<Session> {
  const { ort, unlessLost, signal } = options;
  const sessionOptions = { ...providerOptions(options), ...weights };
  return ortQueue.add(() => unlessLost(ort.InferenceSession.create(model, sessionOptions)), signal);
}

async function unpacked<S extends BundleStage>(stage: S, data: string | Blob | Uint8Array, network: Network) {
  if (typeof data === 'string') return { own: stage, weights: data };
  const bytes = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
  const names = new Set(stage.tensors.map(({ name }) => name));
  const isStored = (name: string) => names.has(name) || names.has(`${name}.q`);
  const stored = planStages(network, () => 0).flatMap(({ weights }) =>
    weights.flatMap((weight) => storedWeights(weight, isStored)),
  );
  const columns = new Map(stored.map(({ name, shape }) => [name, shape[1]]));
  const found = unpackWeights({ tensors: stage.tensors, bytes }, (name) => columns.get(name));
  return { own: { ...stage, tensors: found.tensors }, weights: found.bytes };
}

/** How sessions of a rung are created. */
export function providerOptions(
  options: Pick<StageOptions, 'rung' | 'gpu' | 'keepOnGpu' | 'strictPlacement' | 'numThreads' | 'arena'>,
): InferenceSession.SessionOptions {
  const { rung, gpu, keepOnGpu, strictPlacement, numThreads, arena = false } = options;
  if (rung.device !== 'webgpu') {
    const threads = rung.device === 'cpu' && numThreads !== undefined ? { intraOpNumThreads: numThreads } : {};
    // The arena grows by powers of two and never shrinks: 0.7 GB more after 128 captions on a 2B, and no faster.
    const memory = rung.device === 'cpu' ? { enableCpuMemArena: arena } : {};
    return { executionProviders: [rung.device], graphOptimizationLevel: 'all', ...threads, ...memory };
  }
  // Node's own WebGPU provider accepts no device, and returns outputs on the CPU.
  if (!gpu) return { executionProviders: ['webgpu'], graphOptimizationLevel: 'all' };
  return {
    executionProviders: [
      {
        name: 'webgpu',
        device: gpu.device,
        // Error scopes around every run cost time; we notice a lost or failing device ourselves.
        validationMode: 'disabled',
        enableMatmulFp32Accumulation: rung.activations === 'f16',
      },
    ],
    graphOptimizationLevel: 'all',
    preferredOutputLocation: keepOnGpu ? 'gpu-buffer' : 'cpu',
    ...(strictPlacement ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  };
}

/** ONNX Runtime maps weights in a folder itself; others are passed to it. */
function externalWeights(path: string, data: string | Blob | Uint8Array): InferenceSession.SessionOptions {
  if (data instanceof Blob) return { externalData: [{ path, data: pinStreams(data) }] };
  if (typeof data !== 'string') return { externalData: [{ path, data }] };
  const folder = data.slice(0, data.length - path.length);
  return { extra: { session: { model_external_initializers_file_folder_path: folder } } };
}
