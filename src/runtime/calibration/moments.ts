/**
 * @file The second moments of what every 4-bit matrix of a bundle is multiplied with, over synthetic inputs. The model
 * runs stage by stage: a few blocks are loaded, all inputs pass through them, and the next few replace them. So only
 * one stage's weights and moments are in memory at a time and, between stages, the intermediate results of the inputs.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleManifest } from '../../bundle/manifest';
import type { InputMoments } from '../../bundle/moments';
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
import { Preparer, type Prepared, type PreparedPicture } from '../prepare';
import { ortQueue } from '../queue';
import { partsOf, Stage, type Outputs, type StagePart } from '../stage';
import { TokenRows } from '../token-rows';
import { tokenizerOf } from '../tokenizer-files';
import type { TowerRun } from '../tower';
import { calibrationInputs } from './inputs';
import { addTo, momentsIn, momentTensors, Scratch, tensorIn } from './sums';

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
 * The numbers are valid until the next ones are asked for.
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
    ort,
    load: (part) => loadStage(part, { ort, asked, files, numThreads, signal }),
    report: progressOf(options.onProgress, vision.length + text.length),
    signal,
  };

  const prepared = await prepareInputs(files, manifest, asked, options);
  const features = yield* throughVision(prepared, (runs) => throughTower(vision, runs, tower), feeder);
  const runs = await textRuns(prepared, features, { ort, asked, feeder, files, manifest, signal });
  features.clear();
  yield* throughTower(text, runs, tower);
}

type Features = Map<PreparedPicture, Float32Array>; // [rows, featureSize]

/** Apart from what follows, which would keep in memory what only the vision tower reads. */
async function* throughVision(
  prepared: readonly Prepared[],
  run: (runs: TowerRun[]) => AsyncGenerator<InputMoments[], Tensor[]>,
  feeder: Feeder,
): AsyncGenerator<InputMoments[], Features> {
  const pictures = prepared.flatMap((each) => each.pictures);
  const batches = packImages(
    pictures.map(({ plan }) => ({ key: plan.key, patches: plan.sequences * plan.patches })),
    LIMITS,
  ).map((batch) => batch.map((i) => pictures[i]!));
  const outputs = yield* run(
    batches.map((batch) => {
      const seen = feeder.vision(joined(batch.map(({ pixels }) => pixels)), batch[0]!.plan, batch.length);
      for (const picture of batch) picture.pixels = new Float32Array(0); // they are in the feeds now
      return seen;
    }),
  );
  const features: Features = new Map();
  batches.forEach((batch, b) => {
    const data = outputs[b]!.data as Float32Array;
    const each = data.length / batch.length;
    batch.forEach((picture, i) => features.set(picture, data.slice(i * each, (i + 1) * each)));
  });
  return features;
}

interface TextOptions {
  ort: Ort;
  asked: Asked;
  feeder: Feeder;
  files: BundleFiles;
  manifest: BundleManifest;
  signal?: AbortSignal;
}

async function textRuns(
  prepared: readonly Prepared[],
  features: Features,
  { ort, asked: { backbone }, feeder, files, manifest, signal }: TextOptions,
): Promise<TowerRun[]> {
  const table = new TokenRows(await files.rows(manifest.embeddings), manifest.embeddings);
  const runs: TowerRun[] = [];
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
    runs.push(feeder.text(plan, await table.gather(plan.tokens, signal), shown));
  }
  return runs;
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
}

interface TowerHooks {
  ort: Ort;
  load(part: StagePart): Promise<LoadedStage>;
  /** Called when one more part is done. */
  report(): void;
  signal?: AbortSignal;
}

/** @param runs cleared of what only the first stage reads */
async function* throughTower(
  parts: readonly StagePart[],
  runs: readonly TowerRun[],
  { ort, load, report, signal }: TowerHooks,
): AsyncGenerator<InputMoments[], Tensor[]> {
  const carried: Tensor[] = [];
  const [summed, given, passed] = [new Scratch(), new Scratch(), new Scratch()];
  for (const part of runs.length > 0 ? parts : []) {
    const { stage, outputs } = await load(part);
    const sums = momentsIn(summed, outputs);
    const into = isNode ? momentTensors(outputs, given, ort) : {};
    let keepsShape = false;
    try {
      for (const [r, { first, feeds }] of runs.entries()) {
        if (!isNode) await letEventsIn();
        const hidden = carried[r];
        // In Node, only the garbage collector frees what a run gives: it is told where to write instead.
        const own = hidden && keepsShape && isNode ? tensorIn(passed, hidden.dims, ort) : undefined;
        const { output, others }: Outputs = await ortQueue.add(
          (): Promise<Outputs> =>
            stage.runAll({ ...feeds, ...(hidden ? { hidden } : first) }, { output: own, others: into }),
          signal,
        );
        keepsShape = hidden?.dims.join() === output.dims.join();
        if (keepsShape) (hidden!.data as Float32Array).set(output.data as Float32Array);
        else carried[r] = output;
        outputs.forEach(({ output: name, sketch }, i) => {
          const taken = (of: string) => others[of]!.data as Float32Array;
          addTo(sums[i]!, taken(name), sketch === null ? null : taken(sketch));
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
    ...{ ort, network: asked.backbone, positions, product: 'float', gpu: null, keepOnGpu: false, arena: true },
    rung: { device: isNode ? 'cpu' : 'wasm', activations: 'f32', subgroups: false, compute: 'exact' },
    unlessLost: (work) => work,
    build: (own) => {
      const graph = buildMomentsGraph(asked.backbone, own, { positions: textTables(positions) });
      outputs = graph.moments;
      return graph.model;
    },
  });
  return { stage, outputs };
}

function progressOf(onProgress: OnProgress | undefined, total: number): () => void {
  let done = 0;
  onProgress?.({ status: 'initiate', phase: 'calibrate' });
  return () => onProgress?.({ status: 'progress', phase: 'calibrate', progress: (100 * ++done) / total });
}
