/**
 * @file Checkpoint → bundle, streaming: memory stays bounded whatever the checkpoint's size, because matrices are read,
 * merged, quantized and written a few megabytes of rows at a time. If the writer keeps a journal, an interrupted
 * conversion can be continued, and its result is the same bit for bit.
 */

import { parseManifest } from '../bundle/validate';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  MANIFEST_PATH,
  type BundleFile,
  type BundleManifest,
  type BundleStage,
} from '../bundle/manifest';
import type { InputMoments } from '../bundle/moments';
import { CheckpointFormatError, CheckpointMismatchError, IntegrityError, UnsupportedError } from '../errors';
import {
  architectureOf,
  buildStageGraph,
  expectPooling,
  expectPositions,
  slicesToFit,
  textTables,
  type Backbone,
  type PlannedWeight,
  type Positions,
} from '../models';
import { recipeToJson } from '../recipes';
import { writeFile } from './hashed-file';
import { boundLayout, storedBytes } from './layout';
import { readLogit } from './logit';
import { MOMENTS_PATH, MomentsFile, storeMoments } from './moments-file';
import type { ConvertOptions } from './options';
import { planPieces } from './pieces';
import { planConversion, weightFiles } from './plan';
import { chooseRecipe, compareFiles, type ChosenRecipe } from './recipe';
import type { Work } from './report';
import { ConversionState, fileKeys, isSamePlan, plannedBefore, planNote } from './state';
import { weightKinds } from './tally';
import { copyFile, readTokenizerFiles } from './tokenizer-files';
import { writeAndSeal } from './write-and-seal';

/**
 * Converts a checkpoint, whose tensors already include its adapter, to a bundle.
 * @throws {CheckpointMismatchError} naming a weight that is missing, unused, misshapen, NaN or infinite.
 * @throws {UnsupportedError} for weights too large for the dtype, or an architecture that is not implemented.
 */
export async function convertCheckpoint(options: ConvertOptions): Promise<BundleManifest> {
  try {
    options.signal?.throwIfAborted();
    return await convert(options);
  } catch (error) {
    const { writer } = options;
    if (error instanceof IntegrityError && error.details.restart) await writer.journal?.clear().catch(() => undefined);
    // The first error is the one that matters.
    await (isPermanent(error) ? writer.abort() : writer.pause()).catch(() => undefined);
    throw error;
  }
}

/** Whether the checkpoint itself is at fault, so that another attempt would end the same way. */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof CheckpointFormatError ||
    error instanceof CheckpointMismatchError ||
    error instanceof UnsupportedError
  );
}

async function convert(options: ConvertOptions): Promise<BundleManifest> {
  const { checkpoint, writer, dtype, signal } = options;
  const architecture = architectureOf(checkpoint.config);
  const named = chooseRecipe(checkpoint, architecture, options.recipe);
  const { config, preprocessor } = checkpoint;
  const head = named.recipe.head ?? null;
  // a config that is not supported is refused as such, and not for a missing file
  architecture.network(config, { head });
  const tokenizer = await readTokenizerFiles(checkpoint, signal);
  const backboneOf = (slices: number) =>
    architecture.fromCheckpoint({ config, preprocessor, ...tokenizer }, { head, mlpSlices: slices });
  const mostBytes = (weight: PlannedWeight) => storedBytes(weight, boundLayout(weight, dtype, 'most'));
  const mlpSlices = options.mlpSlices ?? slicesToFit(backboneOf, mostBytes, options.maxStageBytes);
  const backbone = backboneOf(mlpSlices);
  const chosen = options.recipe === undefined ? compareFiles(named, checkpoint, backbone) : named;
  options.onRecipe?.(chosen);
  expectPositions(backbone, chosen.recipe.positions);
  expectPooling(backbone, chosen.recipe.pooling);
  const logit = backbone.logit && (await readLogit(checkpoint.tensors, backbone.logit, signal));
  const work = await openWork(options, backbone, chosen);
  const { sealed, reports } = await writeAndSeal(options, work); // those of the second pass, if it had begun
  const stages = await writeGraphs(options, work, sealed, { backbone, positions: chosen.recipe.positions });
  const { table } = work.plan;
  const embeddings = {
    ...sealed.get(table.path)!,
    rows: backbone.vocabSize,
    columns: backbone.hiddenSize,
    dtype,
    rowBytes: table.rowBytes,
  };
  const files: BundleFile[] = [];
  for (const source of checkpoint.tokenizerFiles) files.push(await copyFile(writer, source, signal));

  let manifest: BundleManifest = {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    architecture: architecture.id,
    recipe: recipeToJson(chosen.recipe),
    assumed: chosen.assumed,
    dims: backbone.dims,
    dtype,
    rounding: work.moments ? 'feedback' : undefined, // here, so that its place does not tell of interruptions
    weights: weightKinds(reports),
    source: checkpoint.source,
    config: backbone.config,
    mlpSlices,
    stages,
    embeddings,
    tokenizer: { files },
    image: backbone.image,
    prompts: backbone.prompts,
    ...(logit ? { logit } : {}),
    probe: [],
  };
  if (options.takeMoments && work.state.moments === null && hasFourBits(work)) {
    manifest = await refine(options, work, { manifest, moments: options.takeMoments(writer.reader(), manifest) });
  }
  if (options.computeProbe) {
    options.onProgress?.({ status: 'initiate', phase: 'probe' });
    manifest.probe = await options.computeProbe(writer.reader(), manifest);
    options.onProgress?.({ status: 'done', phase: 'probe' });
  }
  await publish(options, manifest);
  return manifest;
}

/** The second pass. The bundle is not published yet, so nobody sees a mixture of both. */
async function refine(
  options: ConvertOptions,
  work: Work,
  first: { manifest: BundleManifest; moments: AsyncIterable<readonly InputMoments[]> },
): Promise<BundleManifest> {
  const { writer, signal } = options;
  const moments = await storeMoments(writer, first.moments, signal);
  work.moments = new MomentsFile(writer.reader(), moments);
  const again = work.groups.map(({ source, pieces }) => ({
    source,
    undo: pieces.filter(({ placed }) => work.moments!.has(placed.weight.name)).map(({ index }) => index),
  }));
  const files = again.flatMap(({ source, undo }) => (source && undo.length > 0 ? [source.name] : []));
  await work.state.add({ undo: again.flatMap(({ undo }) => undo), files, moments });
  const { sealed, reports } = await writeAndSeal(options, work);
  const stages = first.manifest.stages.map((stage) => ({ ...stage, weights: sealed.get(stage.weights.path)! }));
  return { ...first.manifest, rounding: 'feedback', weights: weightKinds(reports), stages };
}

function hasFourBits({ plan }: Work): boolean {
  return [...plan.layouts.values()].some((layout) => typeof layout === 'object' && layout.bits === 4);
}

/** The plan of an interrupted conversion of the same checkpoint, and how much of it is done; else a new one. */
async function openWork(options: ConvertOptions, backbone: Backbone, { recipe }: ChosenRecipe): Promise<Work> {
  const { checkpoint, writer, dtype } = options;
  const head = recipe.head ?? null;
  const feedback = options.takeMoments !== undefined && dtype === 'q4';
  const limits = { maxStageBytes: options.maxStageBytes ?? null, mlpSlices: options.mlpSlices ?? null };
  const { journal } = writer;
  const before = plannedBefore(journal?.notes ?? []);
  const same = {
    dtype,
    ...limits,
    head,
    feedback,
    source: checkpoint.source,
    files: fileKeys(checkpoint.tensors),
  };
  if (before && isSamePlan(before, same)) {
    const plan = await planConversion({ ...options, layouts: new Map(before.layouts) }, backbone);
    const groups = planPieces(plan, checkpoint.tensors);
    const state = new ConversionState(journal);
    const moments = state.moments && new MomentsFile(writer.reader(), state.moments);
    return { plan, groups, state, claims: before.claims, moments };
  }
  const plan = await planConversion(options, backbone);
  const note = await planNote(checkpoint, {
    dtype,
    ...limits,
    head,
    feedback,
    layouts: plan.layouts,
  });
  if (journal) {
    await journal.clear();
    // so that nothing old shows through
    for (const { path } of weightFiles(plan)) await (await writer.reopen(path, 0)).close();
    await journal.add(note);
  }
  return {
    plan,
    groups: planPieces(plan, checkpoint.tensors),
    state: new ConversionState(journal),
    claims: note.claims,
    moments: null,
  };
}

/** The f32 graphs as plain ONNX models beside their weights. */
async function writeGraphs(
  { writer }: ConvertOptions,
  { plan }: Work,
  sealed: Map<string, BundleFile>,
  { backbone, positions }: { backbone: Backbone; positions: Positions },
): Promise<BundleStage[]> {
  const stages: BundleStage[] = [];
  for (const { plan: stage, file } of plan.stages) {
    const { name, kind, steps } = stage;
    const weights = sealed.get(file.path)!;
    const tensors = file.weights.flatMap((placed) => placed.tensors);
    const model = buildStageGraph(
      backbone,
      { kind, steps, weights, tensors },
      { activations: 'f32', positions: textTables(positions) },
    );
    const graph = await writeFile(writer, `${name}.onnx`, model);
    stages.push({ name, kind, steps, graph, weights, tensors });
  }
  return stages;
}

async function publish({ writer, signal, onProgress }: ConvertOptions, manifest: BundleManifest): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest, null, 1));
  try {
    parseManifest(bytes); // never publish a manifest that could not be read again
  } catch (cause) {
    throw new CheckpointMismatchError('The checkpoint cannot be expressed as a bundle.', {}, { cause });
  }
  onProgress?.({ status: 'initiate', phase: 'publish' });
  await writer.remove(MOMENTS_PATH);
  await writeFile(writer, MANIFEST_PATH, bytes);
  signal?.throwIfAborted();
  await writer.publish();
  onProgress?.({ status: 'ready', phase: 'publish' });
}
