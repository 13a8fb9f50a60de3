/**
 * @file A loaded model on one rung: the stages of its towers in order, tensors staying on the GPU in between. It deals
 * only with tensors and indices; prompts, pictures and batches are prepared elsewhere.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleManifest, BundleStage } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { WebGPUUnavailableError } from '../errors';
import type { Backbone, PicturePlan, Positions, TowerKind } from '../models';
import type { TextPlan } from './batching';
import type { Gpu } from './device';
import type { Product } from '../onnx';
import { letEventsIn } from '../environment';
import { Feeder } from './feeds';
import { BundleFiles, type WeightPart } from './files';
import type { Rung } from './ladder';
import { LiveStages } from './live-stages';
import type { Place } from './matmul-rate';
import type { Ort } from './ort';
import { TaskQueue } from '../task-queue';
import { ortQueue } from './queue';
import { partsOf } from './stage';
import { TokenRows } from './token-rows';
import { free, ResidentTower, StreamedTower, type Tower, type TowerHooks, type TowerRun } from './tower';
import type { OnProgress, WeightsMode } from './types';

export interface EngineOptions {
  ort: Ort;
  rung: Rung;
  product: Product;
  gpu: Gpu | null;
  manifest: BundleManifest;
  backbone: Backbone;
  /** The recipe's positions. */
  positions: Positions;
  reader: BundleReader;
  numThreads?: number;
  strictPlacement?: boolean;
  /** Widens the text tower's weights as they are loaded; see `stage.ts`. */
  unpackText?: boolean;
  /** `streamed`: one stage at a time is loaded for each group of runs, which saves memory but takes longer. */
  weights: WeightsMode;
  /** Streamed stages are cut into parts of this many bytes, if their blocks are small enough. @default not cut */
  partBytes?: number;
  /** Towers whose resident weights are left to {@link Engine.loadTower}. */
  later: readonly TowerKind[];
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** Options that a load takes from the call that causes it. */
type LoadHooks = Pick<EngineOptions, 'signal' | 'onProgress'>;

/** The GPU was lost while a call was running; the runtime rebuilds and repeats. Never reaches callers. */
export class GpuLost extends Error {
  override name = 'GpuLost';
}

/** How long after a failed run the browser may take to report that the device is gone. */
const LOSS_REPORT_MS = 250;

/** The results of the vision tower: features for the text stages, or vectors; may be on the GPU. */
export interface Features {
  readonly tensor: Tensor; // [V, featureSize] or [V, dims]
}

/** Some rows of one of several feature tensors. */
export interface FeaturePiece {
  from: number;
  first: number;
  rows: number;
}

/** Pictures with the same plan, which run together. */
export interface VisionRun {
  /** Pixels of all of them. // [pictures * sequences * patches, patch length] */
  pixels(): Float32Array;
  plan: PicturePlan;
  pictures: number;
}

/** Sequences that run together. */
export interface TextRun {
  plan: TextPlan;
  /** Features of all their pictures; null without any. */
  features: Features | null;
}

export class Engine {
  readonly rung: Rung;
  readonly product: Product;
  readonly gpu: Gpu | null;
  readonly weights: WeightsMode;
  readonly #ort: Ort;
  readonly #options: Omit<EngineOptions, keyof LoadHooks>;
  readonly #backbone: Backbone;
  readonly #stages: LiveStages;
  readonly #towers: Readonly<Record<TowerKind, Tower>>;
  /** One call loads a tower, others wait for it; if it is aborted, the next goes on. */
  readonly #loading: Readonly<Record<TowerKind, TaskQueue>> = { vision: new TaskQueue(), text: new TaskQueue() };
  /** Stages of the text tower. */
  #rows: TokenRows | null = null;
  readonly #feeder: Feeder;
  /** Rejects when the device is lost; never resolves. */
  readonly #lost: Promise<never>;
  #isLost = false;
  /** What the GPU last complained about; nobody else listens. */
  #complaint: GPUError | null = null;

  private constructor(options: EngineOptions) {
    const { ort, rung, gpu, product, weights, backbone, positions, numThreads, strictPlacement, unpackText } = options;
    this.#options = options;
    this.#ort = ort;
    this.rung = rung;
    this.product = product;
    this.gpu = gpu;
    this.weights = weights;
    this.#backbone = backbone;
    this.#feeder = new Feeder({ ort, backbone, positions, activations: rung.activations });
    const unlessLost = <T>(work: Promise<T>) => this.#unlessLost(work);
    this.#stages = new LiveStages({
      ...{ ort, rung, gpu, product, numThreads, strictPlacement, positions, unpackText, unlessLost },
      network: backbone,
    });
    const turns = new TaskQueue();
    this.#towers = { vision: this.#tower('vision', turns), text: this.#tower('text', turns) };
    this.#lost = new Promise((_, reject) => {
      void gpu?.device.lost.then(({ reason, message }) => {
        this.#isLost = true;
        reject(new GpuLost(`The GPU device was lost (${reason}): ${message}`));
      });
    });
    this.#lost.catch(() => undefined);
    gpu?.device.addEventListener('uncapturederror', ({ error }) => {
      this.#complaint ??= error;
    });
  }

  /** Loads the resident weights, stage after stage; only one stage's weights are in JS memory at a time. */
  static async load(options: EngineOptions): Promise<Engine> {
    const { reader, later, signal } = options;
    const engine = new Engine(options);
    const kinds = (['vision', 'text'] as const).filter((kind) => !later.includes(kind));
    const wanted = kinds.flatMap((kind) => engine.#lacking(kind));
    try {
      const files = new BundleFiles(reader, wanted, options);
      for (const kind of kinds) await engine.#fill(kind, files, signal);
      return engine;
    } catch (error) {
      await engine.release();
      throw error;
    }
  }

  get backbone(): Backbone {
    return this.#backbone;
  }

  /** Loads what a tower lacks; call this before {@link see} and {@link embed}. */
  async loadTower(kind: TowerKind, hooks: LoadHooks = {}): Promise<void> {
    if (this.#lacking(kind).length === 0) return;
    await this.#loading[kind].add(async () => {
      const files = new BundleFiles(this.#options.reader, this.#lacking(kind), hooks);
      await this.#fill(kind, files, hooks.signal);
    }, hooks.signal);
  }

  /** How many stages these towers have; {@link TowerHooks.onPassed} is called for each. */
  stageCount(kinds: Iterable<TowerKind>): number {
    return [...kinds].reduce((sum, kind) => sum + this.#towers[kind].parts.length, 0);
  }

  /** Where its sessions are created. */
  get place(): Place {
    const { numThreads } = this.#options;
    const unlessLost = <T>(work: Promise<T>) => this.#unlessLost(work);
    return { ort: this.#ort, rung: this.rung, gpu: this.gpu, product: this.product, numThreads, unlessLost };
  }

  /** True once the device is gone: nothing here works any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Runs the vision tower. Its results, one for each run, must be passed to {@link embed}, which frees them, to {@link
   * joined} or to {@link vectors}.
   */
  async see(runs: readonly VisionRun[], hooks: TowerHooks = {}): Promise<Features[]> {
    const tensors = await this.#towers.vision.run(
      runs.map(
        ({ pixels, plan, pictures }) =>
          async () =>
            this.#feeder.vision(pixels(), plan, pictures),
      ),
      hooks,
    );
    return tensors.map((tensor) => ({ tensor }));
  }

  /**
   * Features of pictures of several plans as one tensor, in the order of `pieces`. Frees those passed to it.
   * @param pieces which rows of which features, in order
   */
  async joined(seen: readonly Features[], pieces: readonly FeaturePiece[]): Promise<Features> {
    const { hiddenSize, featureSize = hiddenSize } = this.#backbone;
    try {
      const data = await this.#dataOf(seen);
      const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
      const Row = data[0]!.constructor as Float32ArrayConstructor; // float16 has another type
      const all = new Row(rows * featureSize);
      let at = 0;
      for (const { from, first, rows: count } of pieces) {
        all.set(data[from]!.subarray(first * featureSize, (first + count) * featureSize), at);
        at += count * featureSize;
      }
      const type = seen[0]!.tensor.type as 'float32';
      return { tensor: new this.#ort.Tensor(type, all, [rows, featureSize]) };
    } finally {
      for (const features of seen) await this.drop(features);
    }
  }

  /**
   * The unit vectors that the vision tower returned, in the order of `pieces`, if pictures end there. Frees what was
   * passed to it, even on failure. // [pieces][rows][dims]
   */
  async vectors(seen: readonly Features[], pieces: readonly FeaturePiece[]): Promise<Float32Array[][]> {
    try {
      const data = await this.#dataOf(seen);
      this.#expectNoComplaint();
      const { dims } = this.#backbone;
      const row = (from: number, index: number) => data[from]!.slice(index * dims, (index + 1) * dims);
      return pieces.map(({ from, first, rows }) => Array.from({ length: rows }, (_, i) => row(from, first + i)));
    } finally {
      for (const features of seen) await this.drop(features);
    }
  }

  #dataOf(seen: readonly Features[]): Promise<Float32Array[]> {
    return Promise.all(seen.map(({ tensor }) => ortQueue.add(async () => (await tensor.getData()) as Float32Array)));
  }

  /**
   * Runs the text tower and returns the unit vectors of each sequence of each run: one, or one per token. Frees the
   * runs' features, even on failure.
   */
  async embed(runs: readonly TextRun[], hooks: TowerHooks = {}): Promise<Float32Array[][][]> {
    let embeddings: Tensor[];
    try {
      embeddings = await this.#towers.text.run(
        runs.map((run) => () => this.#textFeeds(run, hooks.signal)),
        hooks,
      );
      this.#expectNoComplaint();
    } finally {
      for (const { features } of runs) await this.drop(features);
    }
    return embeddings.map((embedding, i) => vectorsOf(embedding, runs[i]!.plan.pooled));
  }

  async #textFeeds({ plan, features }: TextRun, signal?: AbortSignal): Promise<TowerRun> {
    return this.#feeder.text(plan, await this.#rows!.gather(plan.tokens, signal), features?.tensor ?? null);
  }

  /** Frees features that will not be used; calling it twice does no harm. */
  drop(features: Features | null): Promise<void> {
    return ortQueue.add(async () => free(features?.tensor ?? null));
  }

  /** Frees sessions and device. The engine must not be used afterwards. */
  async release(): Promise<void> {
    await this.#stages.releaseAll();
    this.gpu?.device.destroy();
  }

  #tower(kind: BundleStage['kind'], turns: TaskQueue): Tower {
    const { manifest, backbone, reader, weights, partBytes, rung, gpu } = this.#options;
    const stages = manifest.stages.filter((stage) => stage.kind === kind);
    const maxBytes = weights === 'streamed' ? partBytes : undefined;
    const options = {
      parts: stages.flatMap((stage) => partsOf(backbone, stage, maxBytes)),
      stages: this.#stages,
      blocks: rung.device === 'wasm',
      unlessLost: <T>(work: Promise<T>) => this.#unlessLost(work),
      isLost: () => this.#isLost,
      submitted: async () => gpu?.device.queue.onSubmittedWorkDone(),
    };
    const isEnd = Object.values(backbone.routes).some((route) => route.at(-1) === kind);
    if (weights === 'resident') return new ResidentTower({ ...options, keepsLast: !isEnd });
    return new StreamedTower({ ...options, reader, turns });
  }

  /** Files of a tower that are to stay in memory but are not loaded yet. */
  #lacking(kind: TowerKind): WeightPart[] {
    const table = kind === 'text' && this.#rows === null ? [{ file: this.#options.manifest.embeddings }] : [];
    return [...this.#towers[kind].lacking, ...table];
  }

  async #fill(kind: TowerKind, files: BundleFiles, signal?: AbortSignal): Promise<void> {
    await this.#towers[kind].load(files, signal);
    await this.gpu?.device.queue.onSubmittedWorkDone();
    this.#expectNoComplaint();
    const { embeddings } = this.#options.manifest;
    if (kind === 'text') this.#rows ??= new TokenRows(await files.rows(embeddings), embeddings);
  }

  /** An allocation or a shader that failed leaves zeros where numbers should be: never return those. */
  #expectNoComplaint(): void {
    const error = this.#complaint;
    if (!error) return;
    this.#complaint = null;
    throw new WebGPUUnavailableError(
      `The GPU reported an error (${error.constructor.name}: ${error.message}). Use smaller pictures, a smaller dtype, ` +
        "or device: 'wasm'.",
      { kind: error.constructor.name },
    );
  }

  /** The result, or {@link GpuLost} as soon as the device is gone, even if ORT itself never answers. */
  async #unlessLost<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      // ORT reports the failure a little before the browser reports the loss.
      if (this.gpu && !this.#isLost) await Promise.race([this.#lost, letEventsIn(LOSS_REPORT_MS)]);
      throw error;
    }
  }
}

/** // [pooled of all, dims] → [sequences][pooled][dims] */
function vectorsOf(embedding: Tensor, pooled: readonly number[]): Float32Array[][] {
  const data = embedding.data as Float32Array;
  const dims = embedding.dims.at(-1)!;
  let row = 0;
  return pooled.map((count) => Array.from({ length: count }, () => data.slice(row * dims, ++row * dims)));
}
