/**
 * @file A model ready to embed: device chosen by the probe, inputs batched, a lost GPU rebuilt once. Everything that
 * `VLM2Vec` does in its worker (browser) or in its own process (Node).
 */

import type { BundleManifest, ProbeCase } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { BundleFormatError, NotFiniteError, VLM2VecError } from '../errors';
import { readManifest } from '../store';
import { loadTokenizer } from '../text';
import { bucket, packedBucket, packImages, packTexts, planText, type BatchLimits } from './batching';
import { buildEngine, chooseRung, type Choice, type ChoiceOptions } from './choose';
import type { Engine } from './engine';
import { isNode } from '../environment';
import { BundleFiles, weightFiles } from './files';
import { checkEmbedOptions, toParts } from './inputs';
import { modelId } from './model-id';
import type { OrtOptions } from './ort';
import { Preparer, type Prepared } from './prepare';
import { fromBase64, makeProbe, withF16Loss, type Probed } from './probe';
import { Recovering } from './recovery';
import type { Activations, EmbedInput, EmbedOptions, InputParts, ModelInfo, OnProgress } from './types';
import { UsageMeter } from './usage';

/** Padded tokens and patches per run. Larger runs are hardly faster and hold more memory at once. */
const LIMITS: Record<'webgpu' | 'wasm' | 'cpu', BatchLimits> = {
  webgpu: { tokens: 2048, patches: 4096, buckets: true },
  wasm: { tokens: 1024, patches: 1024, buckets: false },
  cpu: { tokens: 1024, patches: 4096, buckets: false },
};

/** Patches decoded ahead of the GPU, so that pictures of one size can share a run. */
const WINDOW_PATCHES = 16_384;

export interface RuntimeOptions extends Omit<ChoiceOptions, 'manifest'> {
  /** Read from `reader` unless given. */
  manifest?: BundleManifest;
}

export class Runtime {
  readonly #info: Omit<ModelInfo, 'recoveries'>;
  readonly #preparer: Preparer;
  readonly #engine: Recovering<Engine>;

  private constructor(id: string, options: ChoiceOptions, choice: Choice, preparer: Preparer) {
    const { manifest, reader } = options;
    this.#preparer = preparer;
    this.#engine = new Recovering({
      first: choice.engine,
      // From the store again, without a probe: it is the same device.
      rebuild: (signal) => buildEngine(choice.ort, choice.rung, { ...options, signal }),
    });
    this.#info = {
      id,
      label: reader.label,
      architecture: manifest.architecture,
      dims: manifest.dims,
      dtype: manifest.dtype,
      source: manifest.source,
      device: choice.rung.device,
      activations: choice.rung.activations,
      build: choice.build,
      adapter: choice.engine.gpu?.adapter ?? null,
      subgroups: choice.engine.gpu?.subgroups ?? false,
      threads: choice.threads,
      bytes: weightFiles(manifest).reduce((sum, file) => sum + file.bytes, 0),
      maxTokens: manifest.prompts.maxTokens,
      imageToken: manifest.prompts.imageToken,
      image: manifest.image,
      ladder: choice.ladder,
    };
  }

  get info(): ModelInfo {
    return { ...this.#info, recoveries: this.#engine.recoveries };
  }

  /**
   * Verifies and loads the bundle on the best device that reproduces its probe.
   * @throws BundleFormatError, IntegrityError for a damaged bundle
   * @throws WebGPUUnavailableError, UnsupportedError, ProbeError where the asked-for device does not serve
   */
  static async load(given: RuntimeOptions): Promise<Runtime> {
    const { reader, signal } = given;
    const manifest = given.manifest ?? (await readManifest(reader, { signal }));
    if (given.probe !== 'never') expectProbe(manifest);
    const options: ChoiceOptions = { ...given, manifest };
    const files = new BundleFiles(reader, [], { signal });
    const tokenizerFiles = new Map<string, Uint8Array>();
    for (const file of manifest.tokenizer.files) {
      tokenizerFiles.set(file.path.slice(file.path.lastIndexOf('/') + 1), await files.bytes(file));
    }
    const tokenizer = await loadTokenizer(tokenizerFiles);
    const preparer = new Preparer(tokenizer, manifest.image, manifest.prompts);
    const id = await modelId(manifest);
    const choice = await chooseRung(options, (engine) => ({
      embed: (inputs) => embedOn(engine, preparer, inputs, {}, signal),
      tokens: async (text) => (await preparer.prepare({ text }, {}, 'probe')).sequence.ids.length,
    }));
    options.onProgress?.({ status: 'ready', phase: 'load' });
    return new Runtime(id, { ...options, onProgress: undefined, signal: undefined }, choice, preparer);
  }

  /** One unit vector per input, in order. // [inputs][dims] */
  async embed(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const vectors = await this.embedUnchecked(inputs, options);
    vectors.forEach((vector, i) => expectUnit(vector, `inputs[${i}]`));
    return vectors;
  }

  /** The same, with what is no unit vector: for the probe, which finds that out. */
  async embedUnchecked(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    checkEmbedOptions(options);
    const parts = inputs.map((input, i) => toParts(input, `inputs[${i}]`));
    const { life } = this.#engine;
    const signal = options.signal ? AbortSignal.any([options.signal, life]) : life;
    signal.throwIfAborted();
    const { onProgress } = options;
    const limits = LIMITS[this.#info.device];
    const meter = new UsageMeter();
    const vectors = await embedAll(parts, options, {
      preparer: this.#preparer,
      limits,
      signal,
      meter,
      run: (batch) => this.#engine.run((engine) => runBatch(engine, batch, { limits, meter, signal, onProgress })),
    });
    options.onUsage?.(meter.usage);
    return vectors;
  }

  /** Token ids of an input as the model sees them, and its image grid: for comparison with other implementations. */
  async tokens(
    input: EmbedInput,
    options: EmbedOptions = {},
  ): Promise<{ ids: number[]; grid: { height: number; width: number } | null }> {
    checkEmbedOptions(options);
    const { sequence, image } = await this.#preparer.prepare(toParts(input, 'input'), options, 'input');
    return { ids: [...sequence.ids], grid: image?.grid ?? null };
  }

  /** Frees the model. Calls in flight reject with a DisposedError. Twice does no harm. */
  dispose(): Promise<void> {
    return this.#engine.dispose();
  }
}

/** Opens a bundle; see {@link Runtime.load}. */
export function loadRuntime(options: RuntimeOptions): Promise<Runtime> {
  return Runtime.load(options);
}

/**
 * The probe of a bundle just written: its fixed inputs, embedded on the CPU (WASM in browsers) with f32 activations, and
 * what f16 activations would cost there.
 */
export async function computeProbe(
  reader: BundleReader,
  manifest: BundleManifest,
  options: OrtOptions = {},
): Promise<ProbeCase[]> {
  const on = async <T>(activations: Activations, work: (embedder: Probed) => Promise<T>): Promise<T> => {
    const runtime = await Runtime.load({
      ...{ ...options, reader, manifest, device: isNode ? 'cpu' : 'wasm', activations, probe: 'never' },
      transient: true, // memory for one stage, whatever the size of the model
    });
    try {
      return await work({
        embed: (inputs) => runtime.embedUnchecked(inputs),
        tokens: async (text) => (await runtime.tokens(text)).ids.length,
      });
    } finally {
      await runtime.dispose();
    }
  };
  const cases = await on('f32', (embedder) => makeProbe(embedder, manifest));
  return on('f16', (embedder) => withF16Loss(embedder, cases));
}

/** Whether or not the probe runs on this device: a bundle whose converter never saw a sound embedding is none. */
function expectProbe({ probe }: BundleManifest): void {
  const isSound = probe.length > 0 && probe.every(({ embedding }) => isUnit(fromBase64(embedding)));
  if (isSound) return;
  throw new BundleFormatError(
    `bundle.json, probe: the bundle's self-test ${probe.length === 0 ? 'is missing' : 'is no vector of length 1'}, so nothing ` +
      'tells whether it is computed rightly. Convert the checkpoint again.',
    { at: 'probe' },
  );
}

/** True for length 1, as far as 16-bit activations keep it; false with NaN or infinity. */
function isUnit(vector: Float32Array): boolean {
  return Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 0.02;
}

/** The last gate: what is no unit vector never leaves, whatever its cause. */
function expectUnit(vector: Float32Array, where: string): void {
  if (isUnit(vector)) return;
  throw new NotFiniteError(
    `${where}: the model gave a vector that is ${vector.every(Number.isFinite) ? 'not of length 1' : 'not finite'}. ` +
      "Its weights are damaged, or too large for this device: try activations: 'f32'.",
    { input: where },
  );
}

interface EmbedJob {
  preparer: Preparer;
  limits: BatchLimits;
  signal?: AbortSignal;
  meter: UsageMeter;
  run(batch: Prepared[]): Promise<Float32Array[]>;
}

/** Texts first, by length; then pictures, by size, a window at a time. */
async function embedAll(parts: readonly InputParts[], options: EmbedOptions, job: EmbedJob): Promise<Float32Array[]> {
  const vectors = new Array<Float32Array>(parts.length);
  const inner: EmbedOptions = { ...options, signal: job.signal };
  const { preparer, limits, meter } = job;
  let done = 0;

  const prepare = async (part: InputParts, index: number): Promise<Prepared> => {
    const prepared = await meter.time('prepare', preparer.prepare(part, inner, `inputs[${index}]`));
    meter.count(prepared);
    return prepared;
  };

  const run = async (batch: readonly { index: number; prepared: Prepared }[]) => {
    job.signal?.throwIfAborted();
    const found = await job.run(batch.map((item) => item.prepared));
    batch.forEach(({ index }, i) => (vectors[index] = found[i]!));
    done += batch.length;
    const total = parts.length;
    options.onProgress?.({
      status: 'progress_total',
      phase: 'embed',
      loaded: done,
      total,
      progress: (100 * done) / total,
    });
  };

  const texts: { index: number; prepared: Prepared }[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.image === undefined) texts.push({ index, prepared: await prepare(part, index) });
  }
  const lengths = texts.map(({ prepared }) => prepared.sequence.ids.length);
  for (const { indices } of packTexts(lengths, limits)) await run(indices.map((i) => texts[i]!));

  let window: { index: number; prepared: Prepared }[] = [];
  let patches = 0;
  const flush = async () => {
    const grids = window.map(({ prepared }) => prepared.image!.grid);
    for (const indices of packImages(grids, limits)) await run(indices.map((i) => window[i]!));
    window = [];
    patches = 0;
  };
  for (const [index, part] of parts.entries()) {
    if (part.image === undefined) continue;
    job.signal?.throwIfAborted();
    const prepared = await prepare(part, index);
    const { grid } = prepared.image!;
    window.push({ index, prepared });
    patches += grid.height * grid.width;
    if (patches >= WINDOW_PATCHES) await flush();
  }
  await flush();
  return vectors;
}

interface RunOptions extends Pick<EmbedJob, 'limits' | 'meter' | 'signal'> {
  /** Told of the vision stages, where they are loaded with this run. */
  onProgress?: OnProgress;
}

/** One forward pass: texts, or pictures of one grid with their texts. */
async function runBatch(
  engine: Engine,
  batch: readonly Prepared[],
  { limits, meter, signal, onProgress }: RunOptions,
): Promise<Float32Array[]> {
  const sequences = batch.map(({ sequence }) => sequence);
  const images = batch.flatMap(({ image }) => image ?? []);
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const plan = limits.buckets ? planText(sequences, bucket(longest), packedBucket) : planText(sequences, longest);
  if (images.length === 0) return meter.time('text', engine.embed(plan, null, signal));
  if (images.length !== batch.length) throw new VLM2VecError('A batch mixes pictures and texts; please report this.');
  const width = images[0]!.patches.length;
  const patches = new Float32Array(images.length * width); // [B*P, 588]
  images.forEach((image, i) => patches.set(image.patches, i * width));
  await engine.loadVision({ signal, onProgress });
  const features = await meter.time('vision', engine.see(patches, images[0]!.grid, images.length, signal));
  return meter.time('text', engine.embed(plan, features, signal));
}

/** Embedding without recovery, for the probe. */
function embedOn(
  engine: Engine,
  preparer: Preparer,
  inputs: InputParts[],
  options: EmbedOptions,
  signal?: AbortSignal,
) {
  const limits = LIMITS[engine.rung.device];
  const meter = new UsageMeter();
  const run = (batch: Prepared[]) => runBatch(engine, batch, { limits, meter, signal });
  return embedAll(inputs, options, { preparer, limits, signal, meter, run });
}
