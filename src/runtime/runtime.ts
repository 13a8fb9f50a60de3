/**
 * @file A model ready to embed: device chosen by the probe, inputs batched, a lost GPU rebuilt once. Everything that
 * `VLM2Vec` does in its worker (browser) or in its own process (Node).
 */

import type { BundleManifest, ProbeCase } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { expectProbe } from '../bundle/validate';
import { isNode } from '../environment';
import { loadDecoders } from '../image';
import type { Backbone } from '../models';
import type { Embedding } from '../multi-vector';
import { queryInputs, recipeNamed, type RecipeChoice } from '../recipes';
import { readManifest } from '../store';
import type { Tokenizer } from '../text';
import { askedOf, type Asked } from './asked';
import type { BatchLimits } from './batching';
import { activationBytes, groupBytes } from './capability';
import { buildEngine, PROBE_BYTES, chooseRung, type Choice, type ChoiceOptions } from './choose';
import { embedAll, type EmbedJob } from './embed-all';
import type { Engine } from './engine';
import { BundleFiles, weightFiles } from './files';
import { checkEmbedOptions, toParts } from './inputs';
import { mainMemory } from './memory';
import { measureMatmulRate, type MatmulRate } from './matmul-rate';
import { modelId } from './model-id';
import type { OrtOptions } from './ort';
import { Preparer, type Prepared } from './prepare';
import { makeProbe, withF16Loss, type Probed } from './probe';
import { recipeInfo } from './recipe-info';
import { Recovering } from './recovery';
import { loadTowers, runGroup } from './run-group';
import { checkDims, shapeEmbedding } from './shape-embedding';
import { SharedRuns } from './shared-runs';
import { expectUnit } from './sound';
import { tokenizerOf } from './tokenizer-files';
import type { Activations, EmbedInput, EmbedOptions, ModelInfo, PictureInfo, WeightsMode } from './types';
import { UsageMeter } from './usage';

/**
 * Padded tokens and patches per run. Larger runs are hardly faster and hold more memory at once. 896 × 8960 numbers, a
 * 2B's widest activations, are below 32 MiB: larger ones make the C library return each buffer and allocate it again,
 * page by page.
 */
const LIMITS: Record<'webgpu' | 'wasm' | 'cpu', BatchLimits> = {
  webgpu: { tokens: 2048, patches: 4096, buckets: true },
  wasm: { tokens: 1024, patches: 1024, buckets: false },
  cpu: { tokens: 896, patches: 4096, buckets: false },
};

/** Limits with which nothing shares a run: a single input may exceed them. */
const SINGLE = { tokens: 1, patches: 1 };

export interface RuntimeOptions extends Omit<ChoiceOptions, 'manifest' | 'asked'> {
  /** Read from `reader` unless given. */
  manifest?: BundleManifest;
  /** Used instead of the bundle's own. */
  recipe?: RecipeChoice;
}

/** Turns inputs into prompts: according to the recipe, and as the probe does. */
interface Preparers {
  asked: Preparer;
  probe: Preparer;
}

/** What {@link Runtime.tokens} returns for an input. */
export interface TokensSeen {
  ids: number[];
  /** Rows and columns of patches of the first picture; null without one. */
  grid: { height: number; width: number } | null;
  /** The same for every picture. */
  grids: { height: number; width: number }[];
  /** Time, row and column of every token, if the recipe has three axes. // [3][ids] */
  positions: number[][] | null;
}

export class Runtime {
  readonly #info: Omit<ModelInfo, 'recoveries'>;
  readonly #asked: Asked;
  readonly #preparers: Preparers;
  readonly #engine: Recovering<Engine>;
  readonly #shared: SharedRuns;

  private constructor(id: string, options: ChoiceOptions, choice: Choice, preparers: Preparers) {
    const { manifest, reader, asked } = options;
    this.#asked = asked;
    this.#preparers = preparers;
    this.#engine = new Recovering({
      first: choice.engine,
      // Loaded from the store again, without a probe, since it is the same device.
      rebuild: (signal) => buildEngine(choice.ort, choice.rung, { ...options, weights: choice.engine.weights, signal }),
    });
    const { backbone, recipe } = asked;
    const limits = LIMITS[choice.rung.device];
    const all = recipe.pooling === 'all';
    this.#shared = new SharedRuns({
      ...{ limits, keyOf: keyOf(backbone), ...groupsOf(choice.engine.weights, backbone) },
      run: (batches, hooks) =>
        this.#engine.run((engine) => runGroup(engine, batches, { limits, all, meter: new UsageMeter(), ...hooks })),
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
      weights: choice.engine.weights,
      compute: choice.rung.compute,
      product: choice.engine.product,
      build: choice.build,
      adapter: choice.engine.gpu?.adapter ?? null,
      subgroups: choice.engine.gpu?.subgroups ?? false,
      threads: choice.threads,
      bytes: weightFiles(manifest).reduce((sum, file) => sum + file.bytes, 0),
      maxTokens: Math.min(manifest.prompts.maxTokens, recipe.maxTokens ?? Infinity),
      imageToken: manifest.prompts.imageToken,
      image: { ...backbone.image, options: backbone.picture.options } as unknown as PictureInfo,
      recipe: recipeInfo(asked),
      inputs: queryInputs(asked.recipe),
      ...(manifest.logit ? { logit: manifest.logit } : {}),
      ladder: choice.ladder,
    };
  }

  get info(): ModelInfo {
    return { ...this.#info, recoveries: this.#engine.recoveries };
  }

  /**
   * Verifies and loads the bundle on the best device that reproduces its probe.
   * @throws BundleFormatError, IntegrityError for a damaged bundle
   * @throws WebGPUUnavailableError, UnsupportedError, ProbeError if the requested device is not usable
   * @throws InvalidInputError, UnsupportedError for a recipe that is unknown or does not fit the bundle
   */
  static async load({ recipe, ...given }: RuntimeOptions): Promise<Runtime> {
    const { reader, signal } = given;
    const manifest = given.manifest ?? (await readManifest(reader, { signal }));
    if (given.probe !== 'never') expectProbe(manifest);
    const asked = askedOf(manifest, recipe);
    const options: ChoiceOptions = { ...given, manifest, asked };
    const files = new BundleFiles(reader, [], { signal });
    const tokenizer = await tokenizerOf(manifest, files);
    const preparers = { asked: new Preparer(tokenizer, asked), probe: probePreparer(tokenizer, asked.backbone) };
    const id = await modelId(manifest, asked.recipe);
    const choice = await chooseRung(options, (engine) =>
      probedBy(engine, { preparer: preparers.probe, asked, signal }),
    );
    await loadDecoders();
    options.onProgress?.({ status: 'ready', phase: 'load' });
    return new Runtime(id, { ...options, onProgress: undefined, signal: undefined }, choice, preparers);
  }

  /**
   * One unit vector per input, in order, or one {@link MultiVector} if the recipe pools all tokens.
   * @param names how messages name the inputs
   */
  async embed<V extends Embedding | null = Float32Array>(
    inputs: readonly EmbedInput[],
    options: EmbedOptions = {},
    names: readonly string[] = inputs.map((_, i) => `inputs[${i}]`),
  ): Promise<V[]> {
    checkEmbedOptions(options);
    const { recipe, backbone } = this.#asked;
    checkDims(options.dims, recipe, this.#info.dims);
    const parts = inputs.map((input, i) => toParts(input, names[i]!));
    const { life } = this.#engine;
    const signal = AbortSignal.any(options.signal ? [options.signal, life] : [life]); // one of its own, for its listeners
    signal.throwIfAborted();
    const { onProgress } = options;
    const limits = { ...LIMITS[this.#info.device], ...(options.batching === 'single' && SINGLE) };
    const meter = new UsageMeter(options);
    const all = recipe.pooling === 'all';
    const vectors = await embedAll(parts, options, {
      preparer: this.#preparers.asked,
      names,
      limits,
      keyOf: keyOf(backbone),
      ...groupsOf(this.#info.weights, backbone),
      shape: (found, where) => {
        for (const vector of found) expectUnit(vector, where);
        return shapeEmbedding(found, recipe, options.dims);
      },
      signal,
      meter,
      run: async (batches, onPassed) => {
        const hooks = { signal, onPassed };
        if (!shares(batches, options)) {
          return this.#engine.run((engine) => runGroup(engine, batches, { limits, meter, all, onProgress, ...hooks }));
        }
        await this.#engine.run((engine) => loadTowers(engine, backbone.routes.text, { signal, onProgress }));
        return meter.time('text', this.#shared.add(batches, hooks));
      },
    });
    options.onUsage?.(meter.usage);
    return vectors as V[];
  }

  /** What the model sees of an input, for comparison with other implementations. */
  async tokens(input: EmbedInput, options: EmbedOptions = {}): Promise<TokensSeen> {
    checkEmbedOptions(options);
    const { sequence, pictures } = await this.#preparers.asked.prepare(toParts(input, 'input'), options, 'input');
    const { ids, positions } = sequence;
    const grids = pictures.map(({ plan }) => plan.grid);
    const axis = (index: number) => [...positions!.subarray(index * ids.length, (index + 1) * ids.length)];
    return { ids: [...ids], grid: grids[0] ?? null, grids, positions: positions && [0, 1, 2].map(axis) };
  }

  /**
   * Loads what `load` left for later: a tower, if it was deferred, and the decoder for HEIC. After this, nothing more
   * is fetched.
   */
  async prepare({ signal, onProgress }: Pick<EmbedOptions, 'signal' | 'onProgress'> = {}): Promise<void> {
    await Promise.all([
      loadDecoders({ heic: true }),
      this.#engine.run(async (engine) => {
        for (const kind of ['vision', 'text'] as const) await engine.loadTower(kind, { signal, onProgress });
      }),
    ]);
  }

  /** How fast this device multiplies matrices of the model's kind; see {@link measureMatmulRate}. */
  matmulRate({ signal }: { signal?: AbortSignal } = {}): Promise<MatmulRate> {
    return this.#engine.run((engine) => measureMatmulRate(engine.place, this.#info.dtype, signal));
  }

  /** Embeds complete prompts, as the probe does. */
  get probed(): Probed {
    return probedBy(this.#engine.current, { preparer: this.#preparers.probe, asked: this.#asked });
  }

  /** Frees the model. Calls in progress reject with a DisposedError. Calling it twice does no harm. */
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
      weights: 'streamed',
      partBytes: PROBE_BYTES, // memory for two parts, whatever the size of the model
      internal: { product: 'float' },
    });
    try {
      return await work(runtime.probed);
    } finally {
      await runtime.dispose();
    }
  };
  const { picture, routes } = askedOf(manifest).backbone;
  const probe = { ...manifest, pictures: picture.probe?.pictures, prompted: routes.picture.includes('text') };
  const cases = await on('f32', (embedder) => makeProbe(embedder, probe));
  return on('f16', (embedder) => withF16Loss(embedder, cases));
}

/** Whether other calls' texts may be in the same runs: not where the caller wants its own texts apart, or their time. */
function shares(batches: readonly (readonly Prepared[])[], { batching, stageTimes }: EmbedOptions): boolean {
  const isText = ({ pictures }: Prepared) => pictures.length === 0;
  return batching !== 'single' && !stageTimes && batches.every((batch) => batch.every(isText));
}

const keyOf = ({ rotary }: Backbone): EmbedJob['keyOf'] => rotary?.key ?? (() => '');

/** How many inputs run together: where weights are read for each group, as many as memory allows. */
function groupsOf(
  weights: WeightsMode,
  { hiddenSize, featureSize }: Backbone,
): Pick<EmbedJob, 'groupBytes' | 'bytesOf'> {
  return {
    groupBytes: weights === 'streamed' ? groupBytes(mainMemory()) : 0,
    bytesOf: ({ sequence, pictures }) =>
      activationBytes({
        pixels: pictures.reduce((sum, { pixels }) => sum + pixels.length, 0),
        features: pictures.reduce((sum, { plan }) => sum + plan.features, 0),
        tokens: sequence.ids.length,
        hiddenSize,
        featureSize,
      }),
  };
}

/** Embeds and counts as the probe is asked, on one engine. */
function probedBy(
  engine: Engine,
  { preparer, asked, signal }: { preparer: Preparer; asked: Asked; signal?: AbortSignal },
): Probed {
  const limits = LIMITS[engine.rung.device];
  const meter = new UsageMeter();
  const run = (batches: Prepared[][]) => runGroup(engine, batches, { limits, meter, all: false, signal });
  const options = asked.backbone.picture.probe?.options ?? {};
  return {
    embed: async (inputs) =>
      (await embedAll(inputs, options, {
        ...{ preparer, limits, signal, meter, run, ...groupsOf(engine.weights, asked.backbone) },
        keyOf: keyOf(asked.backbone),
        names: inputs.map((_, i) => `probe[${i}]`),
        shape: ([vector]) => vector!, // unchecked: the probe finds that out
      })) as Float32Array[],
    embedRuns: async (runs) => {
      const batches: Prepared[][] = [];
      for (const inputs of runs) {
        const prepared = inputs.map((input, i) => preparer.prepare(input, { ...options, signal }, `probe[${i}]`));
        batches.push(await Promise.all(prepared));
      }
      return (await run(batches)).map((vectors) => vectors.map(([vector]) => vector!));
    },
    tokens: async (text) => (await preparer.prepare({ text }, {}, 'probe')).sequence.ids.length,
  };
}

/**
 * The probe's inputs are whole prompts, asked without a template, whatever the recipe: so one that is named at load can
 * be compared with what was computed at conversion.
 */
function probePreparer(tokenizer: Tokenizer, backbone: Backbone): Preparer {
  const recipe = recipeNamed('vlm2vec');
  return new Preparer(tokenizer, { backbone, recipe });
}
