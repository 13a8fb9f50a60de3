/**
 * @file The second moments of what every 4-bit matrix of a bundle is multiplied with, over synthetic inputs. The model
 * runs stage by stage: a few blocks are loaded, all inputs pass through them, and the next few replace them. So only
 * one stage's weights and moments are in memory at a time and, between stages, the intermediate results of the inputs.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleManifest } from '../../bundle/manifest';
import { groupSizes, groupWidth, SKETCH_COLUMNS, sketchSize, triangle, type InputMoments } from '../../bundle/moments';
import type { OnProgress } from '../../bundle/progress';
import type { BundleReader } from '../../bundle/storage';
import { isNode, letEventsIn } from '../../environment';
import { buildMomentsGraph, textTables, type MomentsOutput } from '../../models';
import { askedOf, type Asked } from '../asked';
import { packImages, planText } from '../batching';
import { Feeder } from '../feeds';
import { BundleFiles } from '../files';
import { joined } from '../joined';
import { loadOrt, type Ort, type OrtOptions } from '../ort';
import { Preparer, type Prepared } from '../prepare';
import { ortQueue } from '../queue';
import { partsOf, Stage, type Feeds, type Outputs, type StagePart } from '../stage';
import { TokenRows } from '../token-rows';
import { tokenizerOf } from '../tokenizer-files';
import type { TowerRun } from '../tower';
import { calibrationInputs } from './inputs';

/** Padded tokens, and patches, of one run: few, since the inputs of matrices are held three times meanwhile. */
const LIMITS = { tokens: 256, patches: 512, buckets: false };
/** Most steps of a 2B are smaller; the MLPs of its text tower take 24 MB. */
const PART_BYTES = 16 * 1024 * 1024;

export interface MomentsOptions extends OrtOptions {
  /** How many inputs. @default 64 */
  inputs?: number;
  /** Of weights that are loaded at a time, if steps are that small. @default 16 MiB */
  partBytes?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/**
 * Computes them on the CPU (WASM in browsers) with float32 activations, a few matrices at a time, in the order of use.
 */
export async function* takeMoments(
  reader: BundleReader,
  manifest: BundleManifest,
  options: MomentsOptions = {},
): AsyncGenerator<InputMoments[]> {
  const { signal, numThreads, partBytes = PART_BYTES } = options;
  const asked = askedOf(manifest);
  const { backbone, recipe } = asked;
  const ort = await loadOrt(isNode ? 'node' : 'wasm', options);
  const parts = (kind: 'vision' | 'text') =>
    manifest.stages.filter((stage) => stage.kind === kind).flatMap((stage) => partsOf(backbone, stage, partBytes));
  const [vision, text] = [parts('vision'), parts('text')];
  const files = new BundleFiles(reader, [...vision, ...text], { signal });
  const feeder = new Feeder({ ort, backbone, positions: recipe.positions, activations: 'f32' });
  const tower: TowerHooks = {
    load: (part) => loadStage(part, { ort, asked, files, numThreads, signal }),
    report: progressOf(options.onProgress, vision.length + text.length),
    signal,
  };

  const prepared = await prepareInputs(files, manifest, asked, options);
  const pictures = prepared.flatMap((each) => each.pictures);
  const features = new Map<(typeof pictures)[number], Float32Array>(); // [rows, featureSize]
  const runs = packImages(
    pictures.map(({ plan }) => ({ key: plan.key, patches: plan.sequences * plan.patches })),
    LIMITS,
  ).map((run) => run.map((i) => pictures[i]!));
  const seen = runs.map((run) => feeder.vision(joined(run.map(({ pixels }) => pixels)), run[0]!.plan, run.length));
  for (const picture of pictures) picture.pixels = new Float32Array(0); // they are in the feeds now
  const carried = yield* throughTower(vision, seen, tower);
  runs.forEach((run, r) => {
    const data = carried[r]!.data as Float32Array;
    const each = data.length / run.length;
    run.forEach((picture, i) => features.set(picture, data.slice(i * each, (i + 1) * each)));
  });

  const table = new TokenRows(await files.rows(manifest.embeddings), manifest.embeddings);
  const read: TowerRun[] = [];
  const asText = prepared.filter(({ sequence }) => sequence.ids.length > 0);
  const shares = backbone.textTokens === undefined;
  for (const batch of batchesOf(asText, backbone.rotary?.key ?? (() => ''))) {
    const plan = planText(
      batch.map(({ sequence }) => sequence),
      { shares },
    );
    const rows = joined(batch.flatMap((each) => each.pictures.map((picture) => features.get(picture)!)));
    const { featureSize = backbone.hiddenSize } = backbone;
    const shown = rows.length > 0 ? new ort.Tensor('float32', rows, [rows.length / featureSize, featureSize]) : null;
    read.push(feeder.text(plan, await table.gather(plan.tokens, signal), shown));
  }
  features.clear();
  yield* throughTower(text, read, tower);
}

async function prepareInputs(
  files: BundleFiles,
  manifest: BundleManifest,
  asked: Asked,
  { inputs, signal }: MomentsOptions,
): Promise<Prepared[]> {
  const preparer = new Preparer(await tokenizerOf(manifest, files), asked);
  const { picture, prompts } = asked.backbone;
  const prepared: Prepared[] = [];
  for (const [i, parts] of calibrationInputs(asked.recipe, prompts.imageToken, inputs).entries()) {
    prepared.push(await preparer.prepare(parts, { ...picture.probe, signal }, `calibration[${i}]`));
  }
  return prepared;
}

/** Inputs that go through the text tower together: of similar length, so that there is little padding. */
function batchesOf(prepared: readonly Prepared[], keyOf: (length: number) => string): Prepared[][] {
  const lengthOf = ({ sequence }: Prepared) => sequence.ids.length;
  const batches: Prepared[][] = [];
  for (const each of [...prepared].sort((a, b) => lengthOf(a) - lengthOf(b))) {
    const batch = batches.at(-1);
    const fits = batch && (batch.length + 1) * lengthOf(each) <= LIMITS.tokens;
    if (fits && keyOf(lengthOf(batch[0]!)) === keyOf(lengthOf(each))) batch.push(each);
    else batches.push([each]);
  }
  return batches;
}

interface LoadedStage {
  stage: Stage;
  outputs: MomentsOutput[];
  /** What the moments of each run are written to in Node, where only the garbage collector frees what a run gives. */
  into: Feeds;
}

interface TowerHooks {
  load(part: StagePart): Promise<LoadedStage>;
  /** Called when one more part is done. */
  report(): void;
  signal?: AbortSignal;
}

/** @param runs cleared of what only the first stage reads */
async function* throughTower(
  parts: readonly StagePart[],
  runs: readonly TowerRun[],
  { load, report, signal }: TowerHooks,
): AsyncGenerator<InputMoments[], Tensor[]> {
  const carried: Tensor[] = [];
  const spent = new SpentTensors();
  for (const part of runs.length > 0 ? parts : []) {
    const { stage, outputs, into } = await load(part);
    const sums = outputs.map(({ columns, weights }) => ({
      ...{ weights, columns },
      groups: groupSizes(columns).map((n) => new Float32Array(triangle(n))),
      sketch: sketchSize(columns) > 0 ? new Float32Array(sketchSize(columns)) : null,
    }));
    let keepsShape = false;
    try {
      for (const [r, { first, feeds }] of runs.entries()) {
        if (!isNode) await letEventsIn();
        const hidden = carried[r];
        const own: Tensor | undefined =
          hidden && keepsShape && part !== parts.at(-1) ? spent.take(hidden.dims) : undefined;
        const { output, others }: Outputs = await ortQueue.add(
          (): Promise<Outputs> =>
            stage.runAll({ ...feeds, ...(hidden ? { hidden } : first) }, { output: own, others: into }),
          signal,
        );
        carried[r] = output;
        keepsShape = hidden?.dims.join() === output.dims.join();
        if (hidden && isNode) spent.add(hidden);
        outputs.forEach(({ output: name, sketch }, i) => {
          addTriangles(sums[i]!, others[name]!.data as Float32Array);
          if (sketch !== null) add(sums[i]!.sketch!, others[sketch]!.data as Float32Array);
        });
      }
    } finally {
      await ortQueue.add(() => stage.release());
    }
    for (const run of runs) run.first = {};
    report();
    yield sums;
  }
  return carried;
}

/** What no stage reads any more, to be written to again: see {@link LoadedStage.into}. */
class SpentTensors {
  readonly #byShape = new Map<string, Tensor[]>();

  add(tensor: Tensor): void {
    const key = tensor.dims.join();
    this.#byShape.set(key, [...(this.#byShape.get(key) ?? []), tensor]);
  }

  take(shape: readonly number[]): Tensor | undefined {
    return this.#byShape.get(shape.join())?.pop();
  }
}

/** @param moments // [groups, width, width] */
function addTriangles({ columns, groups }: InputMoments, moments: Float32Array): void {
  const width = groupWidth(columns);
  groupSizes(columns).forEach((n, group) => {
    const sum = groups[group]!;
    let at = 0;
    for (let i = 0; i < n; i++) {
      const row = (group * width + i) * width;
      for (let k = i; k < n; k++) sum[at++]! += moments[row + k]!;
    }
  });
}

function add(sums: Float32Array, more: Float32Array): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += more[i]!;
}

async function loadStage(
  part: StagePart,
  {
    ort,
    asked,
    files,
    ...rest
  }: { ort: Ort; asked: Asked; files: BundleFiles; numThreads?: number; signal?: AbortSignal },
): Promise<LoadedStage> {
  const { positions } = asked.recipe;
  let outputs: MomentsOutput[] = [];
  const stage = await Stage.load(part, await files.weights(part), {
    ...rest,
    ...{ ort, network: asked.backbone, positions, product: 'float', gpu: null, keepOnGpu: false },
    rung: { device: isNode ? 'cpu' : 'wasm', activations: 'f32', subgroups: false, compute: 'exact' },
    unlessLost: (work) => work,
    build: (own) => {
      const graph = buildMomentsGraph(asked.backbone, own, { positions: textTables(positions) });
      outputs = graph.moments;
      return graph.model;
    },
  });
  const into = outputs.flatMap(({ output, sketch, columns }): [string, Tensor][] => {
    const moments = [groupSizes(columns).length, groupWidth(columns), groupWidth(columns)];
    const zeros = (shape: number[]) =>
      new ort.Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)), shape);
    const taken: [string, Tensor][] = [[output, zeros(moments)]];
    if (sketch !== null) taken.push([sketch, zeros([columns, SKETCH_COLUMNS])]);
    return taken;
  });
  return { stage, outputs, into: isNode ? Object.fromEntries(into) : {} };
}

function progressOf(onProgress: OnProgress | undefined, total: number): () => void {
  let done = 0;
  onProgress?.({ status: 'initiate', phase: 'calibrate' });
  return () => onProgress?.({ status: 'progress', phase: 'calibrate', progress: (100 * ++done) / total });
}
