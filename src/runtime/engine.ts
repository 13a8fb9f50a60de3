/**
 * @file A loaded model on one rung: the vision and text stages in order, tensors staying on the GPU in between.
 * Knows tensors and indices only; prompts, pictures and batches are made elsewhere.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleManifest, BundleStage } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { DisposedError, WebGPUUnavailableError } from '../errors';
import type { Backbone, PicturePlan, Positions } from '../models';
import type { TextPlan } from './batching';
import type { Gpu } from './device';
import type { Product } from '../onnx';
import { letEventsIn } from '../environment';
import { Feeder } from './feeds';
import { BundleFiles } from './files';
import type { Rung } from './ladder';
import type { Place } from './matmul-rate';
import type { Ort } from './ort';
import { ortQueue, TaskQueue } from './queue';
import { partsOf, Stage, type Feeds, type StagePart } from './stage';
import { TokenRows } from './token-rows';
import type { OnProgress } from './types';
import type { OnStage } from './usage';

export interface EngineOptions {
  ort: Ort;
  rung: Rung;
  product: Product;
  gpu: Gpu | null;
  manifest: BundleManifest;
  backbone: Backbone;
  /** The recipe's. */
  positions: Positions;
  reader: BundleReader;
  numThreads?: number;
  strictPlacement?: boolean;
  /** Widens the text tower's weights as they are loaded; see `stage.ts`. */
  unpackText?: boolean;
  /** Load a few blocks at a time for each run and free them after: little memory instead of all, at the price of time. */
  transient?: boolean;
  /** `later`: leave the vision stages to {@link Engine.loadVision}. */
  vision: 'now' | 'later';
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** What a run is told by the call that causes it. */
export interface RunHooks {
  signal?: AbortSignal;
  /** Where stages are to be measured: each is waited for. */
  onStage?: OnStage;
}

/** What a load may be given by the call that causes it. */
type LoadHooks = Pick<EngineOptions, 'signal' | 'onProgress'>;

/** Weights in memory at a time where stages are {@link EngineOptions.transient}. */
const TRANSIENT_BYTES = 64 * 1024 * 1024;

/** Lends a loaded stage for some work. */
type UseStage = <T>(work: (stage: Stage) => Promise<T>) => Promise<T>;

/** One of the two networks. Of its parts, the first `ready.length` are loaded. */
interface Tower {
  parts: StagePart[];
  ready: UseStage[];
}

/** The GPU went away while a call was running; the runtime rebuilds and repeats. Never reaches callers. */
export class GpuLost extends Error {
  override name = 'GpuLost';
}

/** How long after a failed run the browser may take to say that the device is gone. */
const LOSS_REPORT_MS = 250;

/** Image features on their way from the vision to the text stages; may lie on the GPU. */
export interface Features {
  readonly tensor: Tensor; // [V, H]
}

/** Some rows of one of several features. */
export interface FeaturePiece {
  from: number;
  first: number;
  rows: number;
}

export class Engine {
  readonly rung: Rung;
  readonly product: Product;
  readonly gpu: Gpu | null;
  readonly #ort: Ort;
  readonly #options: Omit<EngineOptions, keyof LoadHooks>;
  readonly #backbone: Backbone;
  readonly #vision: Tower;
  readonly #text: Tower;
  /** One call loads the vision stages, others wait for it; if it is aborted, the next goes on. */
  readonly #visionQueue = new TaskQueue();
  readonly #kept: Stage[] = [];
  #released = false;
  #rows!: TokenRows;
  readonly #feeder: Feeder;
  /** Rejects when the device is lost; never resolves. */
  readonly #lost: Promise<never>;
  #isLost = false;
  /** What the GPU last complained about; nobody else listens. */
  #complaint: GPUError | null = null;

  private constructor(options: EngineOptions) {
    const { ort, rung, gpu, manifest, backbone, transient } = options;
    this.#options = options;
    this.#ort = ort;
    this.rung = rung;
    this.product = options.product;
    this.gpu = gpu;
    this.#backbone = backbone;
    this.#feeder = new Feeder({ ort, backbone, positions: options.positions, activations: rung.activations });
    const tower = (kind: BundleStage['kind']): Tower => {
      const stages = manifest.stages.filter((stage) => stage.kind === kind);
      return {
        parts: stages.flatMap((stage) => partsOf(backbone, stage, transient ? TRANSIENT_BYTES : undefined)),
        ready: [],
      };
    };
    this.#vision = tower('vision');
    this.#text = tower('text');
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

  /** Loads stage after stage; only one stage's weights are in JS memory at a time. */
  static async load(options: EngineOptions): Promise<Engine> {
    const { reader, manifest, vision } = options;
    const engine = new Engine(options);
    const towers = vision === 'later' ? [engine.#text] : [engine.#vision, engine.#text];
    const table = { file: manifest.embeddings };
    try {
      const files = new BundleFiles(reader, [...towers.flatMap(({ parts }) => parts), table], options);
      for (const tower of towers) await engine.#fill(tower, files, options.signal);
      engine.#rows = new TokenRows(await files.rows(manifest.embeddings), manifest.embeddings);
      return engine;
    } catch (error) {
      await engine.release();
      throw error;
    }
  }

  /** Loads the vision stages, if they are not loaded yet; to be called before {@link see}. */
  async loadVision(hooks: LoadHooks = {}): Promise<void> {
    if (isFull(this.#vision)) return;
    await this.#visionQueue.add(async () => {
      const { parts, ready } = this.#vision;
      const files = new BundleFiles(this.#options.reader, parts.slice(ready.length), hooks);
      await this.#fill(this.#vision, files, hooks.signal);
    }, hooks.signal);
  }

  /** Where its sessions are made. */
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
   * Runs the vision tower on pictures of one plan. The features must be given to {@link embed}, which frees them, or to
   * {@link joined}.
   * @param pixels of all pictures. // [pictures * sequences * patches, patch length]
   */
  async see(pixels: Float32Array, plan: PicturePlan, pictures: number, hooks: RunHooks = {}): Promise<Features> {
    const feeds = this.#feeder.vision(pixels, plan, pictures);
    return { tensor: await this.#through(this.#vision.ready, feeds, null, hooks) };
  }

  /**
   * Features of pictures of several plans as one tensor, in the order of `pieces`. Frees those it was given.
   * @param pieces which rows of which features follow each other
   */
  async joined(seen: readonly Features[], pieces: readonly FeaturePiece[]): Promise<Features> {
    const { hiddenSize } = this.#backbone;
    try {
      const data = await Promise.all(
        seen.map(({ tensor }) => ortQueue.add(async () => (await tensor.getData()) as Float32Array)),
      );
      const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
      const Row = data[0]!.constructor as Float32ArrayConstructor; // float16 comes as another type
      const all = new Row(rows * hiddenSize);
      let at = 0;
      for (const { from, first, rows: count } of pieces) {
        all.set(data[from]!.subarray(first * hiddenSize, (first + count) * hiddenSize), at);
        at += count * hiddenSize;
      }
      const type = seen[0]!.tensor.type as 'float32';
      return { tensor: new this.#ort.Tensor(type, all, [rows, hiddenSize]) };
    } finally {
      for (const features of seen) await this.drop(features);
    }
  }

  /** Runs the text tower and gives the unit vectors of each sequence: one, or one per token. Frees `features`, also on failure. */
  async embed(plan: TextPlan, features: Features | null, hooks: RunHooks = {}): Promise<Float32Array[][]> {
    let embedding: Tensor;
    try {
      const tokenRows = await this.#rows.gather(plan.tokens, hooks.signal);
      const feeds = this.#feeder.text(plan, tokenRows, features?.tensor ?? null);
      embedding = await this.#through(this.#text.ready, feeds, features?.tensor ?? null, hooks);
      this.#expectNoComplaint();
    } catch (error) {
      await this.drop(features);
      throw error;
    }
    const data = embedding.data as Float32Array;
    const dims = embedding.dims.at(-1)!;
    let row = 0;
    return plan.pooled.map((count) => Array.from({ length: count }, () => data.slice(row * dims, ++row * dims))); // [B][pooled][dims]
  }

  /** Frees features that will not be used; twice does no harm. */
  drop(features: Features | null): Promise<void> {
    return ortQueue.add(async () => free(features?.tensor ?? null));
  }

  /** Frees sessions and device. The engine must not be used afterwards. */
  async release(): Promise<void> {
    this.#released = true;
    const stages = this.#kept.splice(0);
    await ortQueue.add(async () => {
      // A session of a lost device may fail to clean up; there is nothing left to save.
      for (const stage of stages) await stage.release().catch(() => undefined);
    });
    this.gpu?.device.destroy();
  }

  /**
   * Carries `hidden` through the stages. Each output that the next stage has read is freed at once, as is `also`
   * after the first stage.
   */
  async #through(
    stages: readonly UseStage[],
    feeds: Feeds,
    also: Tensor | null,
    { signal, onStage }: RunHooks,
  ): Promise<Tensor> {
    let carried: Tensor | null = null;
    try {
      for (const use of stages) {
        if (this.rung.device === 'wasm') await letEventsIn();
        const input: Tensor | null = carried;
        const run = async (stage: Stage) => {
          const fed = input ? { ...feeds, hidden: input } : feeds;
          const start = performance.now();
          const output: Tensor = await this.#unlessLost(stage.run(fed));
          if (onStage) {
            await this.#unlessLost(this.gpu?.device.queue.onSubmittedWorkDone() ?? Promise.resolve());
            onStage({ name: stage.name, milliseconds: performance.now() - start, flops: stage.flops(fed) });
          }
          free(input ?? also);
          return output;
        };
        carried = await use((stage) => ortQueue.add(() => run(stage), signal));
      }
      return carried!;
    } catch (error) {
      const left = carried;
      if (left && !this.#isLost) await ortQueue.add(async () => free(left));
      throw error;
    }
  }

  /** Loads what the tower lacks. */
  async #fill(tower: Tower, files: BundleFiles, signal?: AbortSignal): Promise<void> {
    const { transient = false } = this.#options;
    for (const part of tower.parts.slice(tower.ready.length)) {
      signal?.throwIfAborted();
      const load = () => this.#loadStage(part, files, signal);
      tower.ready.push(transient ? (work) => useOnce(load, work) : await this.#keep(load, signal));
    }
    await this.gpu?.device.queue.onSubmittedWorkDone();
    this.#expectNoComplaint();
  }

  #loadStage(part: StagePart, files: BundleFiles, signal?: AbortSignal): Promise<Stage> {
    const { ort, gpu, product, numThreads, strictPlacement } = this.#options;
    return Stage.load(part, {
      ...{ ort, gpu, product, numThreads, strictPlacement, files, signal },
      network: this.#backbone,
      positions: this.#options.positions,
      unpack: this.#options.unpackText && part.stage.kind === 'text',
      rung: this.rung,
      keepOnGpu: part !== this.#text.parts.at(-1),
      unlessLost: (work) => this.#unlessLost(work),
    });
  }

  async #keep(load: () => Promise<Stage>, signal?: AbortSignal): Promise<UseStage> {
    const stage = await load();
    if (this.#released) {
      // Disposed of, or replaced, while it loaded.
      await ortQueue.add(() => stage.release().catch(() => undefined));
      signal?.throwIfAborted();
      throw new DisposedError('The model was disposed while it loaded.');
    }
    this.#kept.push(stage);
    return (work) => work(stage);
  }

  /** An allocation or a shader that failed leaves zeros where numbers should be: never hand those out. */
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

  /** The result, or {@link GpuLost} as soon as the device is gone, even where ORT itself never answers. */
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

function isFull({ parts, ready }: Tower): boolean {
  return ready.length === parts.length;
}

/** Frees a tensor once; a second time does no harm. */
function free(tensor: Tensor | null): void {
  if (tensor && tensor.location !== 'none') tensor.dispose();
}

async function useOnce<T>(load: () => Promise<Stage>, work: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await load();
  try {
    return await work(stage);
  } finally {
    await ortQueue.add(() => stage.release());
  }
}
