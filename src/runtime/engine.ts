/**
 * @file A loaded model on one rung: the vision and text stages in order, tensors staying on the GPU in between.
 * Knows tensors and indices only; prompts, pictures and batches are made elsewhere.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleManifest } from '../bundle/manifest';
import { WebGPUUnavailableError } from '../errors';
import { modelConfig, textRotary, visionRotary, type Grid, type Qwen2VLConfig, type RotaryTables } from '../models';
import type { TextPlan } from './batching';
import type { Gpu } from './device';
import { letEventsIn } from './environment';
import type { BundleFiles } from './files';
import type { Rung } from './ladder';
import type { Ort } from './ort';
import { ortQueue } from './queue';
import { Stage, type Feeds } from './stage';
import { TokenRows } from './token-rows';

export interface EngineOptions {
  ort: Ort;
  rung: Rung;
  gpu: Gpu | null;
  manifest: BundleManifest;
  files: BundleFiles;
  numThreads?: number;
  strictPlacement?: boolean;
  /** Load each stage for each run and free it after: the memory of one stage instead of all, at the price of time. */
  transient?: boolean;
  signal?: AbortSignal;
}

/** Lends a loaded stage for some work. */
type UseStage = <T>(work: (stage: Stage) => Promise<T>) => Promise<T>;

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

export class Engine {
  readonly rung: Rung;
  readonly gpu: Gpu | null;
  readonly #ort: Ort;
  readonly #config: Qwen2VLConfig;
  readonly #vision: UseStage[] = [];
  readonly #text: UseStage[] = [];
  readonly #kept: Stage[] = [];
  #rows!: TokenRows;
  #textTables: RotaryTables | null = null;
  /** Rejects when the device is lost; never resolves. */
  readonly #lost: Promise<never>;
  #isLost = false;
  /** What the GPU last complained about; nobody else listens. */
  #complaint: GPUError | null = null;

  private constructor({ ort, rung, gpu, manifest }: EngineOptions) {
    this.#ort = ort;
    this.rung = rung;
    this.gpu = gpu;
    this.#config = modelConfig(manifest);
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
    const { ort, rung, gpu, manifest, files, numThreads, strictPlacement, transient = false, signal } = options;
    const engine = new Engine(options);
    const lastText = manifest.stages.at(-1);
    try {
      for (const stage of manifest.stages) {
        signal?.throwIfAborted();
        const load = () => Stage.load(stage, {
          ort,
          config: engine.#config,
          rung,
          gpu,
          files,
          keepOnGpu: stage !== lastText,
          numThreads,
          strictPlacement,
          unlessLost: (work) => engine.#unlessLost(work),
          signal,
        });
        const use: UseStage = transient ? (work) => useOnce(load, work) : await engine.#keep(load);
        (stage.kind === 'vision' ? engine.#vision : engine.#text).push(use);
      }
      engine.#rows = new TokenRows(await files.rows(manifest.embeddings), manifest.embeddings);
      await gpu?.device.queue.onSubmittedWorkDone();
      engine.#expectNoComplaint();
      return engine;
    } catch (error) {
      await engine.release();
      throw error;
    }
  }

  /** True once the device is gone: nothing here works any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Runs the vision tower on images of one grid. The features must be given to {@link embed}, which frees them.
   * @param patches of all images. // [B*P, 588]
   */
  async see(patches: Float32Array, grid: Grid, images: number, signal?: AbortSignal): Promise<Features> {
    const count = grid.height * grid.width;
    const { cos, sin, columns } = visionRotary(this.#config, grid);
    const feeds: Feeds = {
      patches: this.#f32(patches, [images * count, patches.length / (images * count)]),
      cos: this.#f32(cos, [count, columns]),
      sin: this.#f32(sin, [count, columns]),
      batch_shape: this.#batchShape(images, count),
    };
    return { tensor: await this.#through(this.#vision, feeds, null, signal) };
  }

  /** Runs the text tower and gives one unit vector per sequence. Frees `features`, also on failure. */
  async embed(plan: TextPlan, features: Features | null, signal?: AbortSignal): Promise<Float32Array[]> {
    const { batch, length } = plan;
    const { hiddenSize } = this.#config;
    let embedding: Tensor;
    try {
      const tokenRows = await this.#rows.gather(plan.tokens, signal);
      const { cos, sin, columns } = this.#textRotary(length);
      const feeds: Feeds = {
        token_rows: this.#f32(tokenRows, [plan.tokens.length, hiddenSize]),
        features: features?.tensor ?? this.#noFeatures(hiddenSize),
        rows: this.#i32(plan.rows, [plan.rows.length]),
        padded: this.#i32(plan.padded, [batch * length]),
        packed: this.#i32(plan.packed, [plan.rows.length]),
        cos: this.#f32(cos.subarray(0, length * columns), [length, columns]),
        sin: this.#f32(sin.subarray(0, length * columns), [length, columns]),
        seqlens_k: this.#i32(plan.seqlensK, [batch]),
        total_sequence_length: this.#i32(Int32Array.of(length), []),
        batch_shape: this.#batchShape(batch, length),
        last: this.#i32(plan.last, [batch]),
      };
      embedding = await this.#through(this.#text, feeds, features?.tensor ?? null, signal);
      this.#expectNoComplaint();
    } catch (error) {
      await this.drop(features);
      throw error;
    }
    const data = embedding.data as Float32Array;
    const dims = embedding.dims.at(-1)!;
    return Array.from({ length: batch }, (_, b) => data.slice(b * dims, (b + 1) * dims)); // [B][dims]
  }

  /** Frees features that will not be used; twice does no harm. */
  drop(features: Features | null): Promise<void> {
    return ortQueue.add(async () => free(features?.tensor ?? null));
  }

  /** Frees sessions and device. The engine must not be used afterwards. */
  async release(): Promise<void> {
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
  async #through(stages: readonly UseStage[], feeds: Feeds, also: Tensor | null, signal?: AbortSignal): Promise<Tensor> {
    let carried: Tensor | null = null;
    try {
      for (const use of stages) {
        if (this.rung.device === 'wasm') await letEventsIn();
        const input: Tensor | null = carried;
        const run = async (stage: Stage) => {
          const output: Tensor = await this.#unlessLost(stage.run(input ? { ...feeds, hidden: input } : feeds));
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

  async #keep(load: () => Promise<Stage>): Promise<UseStage> {
    const stage = await load();
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

  /** Tables for `length` positions: the longest made so far is kept and cut. */
  #textRotary(length: number): RotaryTables {
    if (!this.#textTables || this.#textTables.rows < length) this.#textTables = textRotary(this.#config, length);
    return this.#textTables;
  }

  #noFeatures(columns: number): Tensor {
    return this.rung.activations === 'f16'
      ? new this.#ort.Tensor('float16', new Uint16Array(columns), [1, columns])
      : new this.#ort.Tensor('float32', new Float32Array(columns), [1, columns]);
  }

  #batchShape(batch: number, length: number): Tensor {
    return new this.#ort.Tensor('int64', BigInt64Array.of(BigInt(batch), BigInt(length), -1n), [3]);
  }

  #f32(data: Float32Array, dims: number[]): Tensor {
    return new this.#ort.Tensor('float32', data, dims);
  }

  #i32(data: Int32Array, dims: number[]): Tensor {
    return new this.#ort.Tensor('int32', data, dims);
  }
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
