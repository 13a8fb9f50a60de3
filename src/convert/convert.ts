/**
 * @file Checkpoint → bundle, streaming: memory stays bounded whatever the checkpoint's size, because matrices are
 * read, merged, quantized and written a few megabytes of rows at a time. Where the writer keeps a journal, a conversion
 * that was interrupted is carried on with, and its result is the same bit for bit.
 */

import { parseManifest } from '../bundle/validate';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  MANIFEST_PATH,
  type BundleFile,
  type BundleManifest,
  type BundleStage,
  type ProbeCase,
  type WeightDtype,
} from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { OnProgress } from '../bundle/progress';
import type { InputMoments } from '../bundle/moments';
import type { BundleReader, BundleWriter, FileWriter } from '../bundle/storage';
import type { Checkpoint } from '../checkpoint';
import { isJsonObject } from '../checkpoint/json';
import type { ByteSource } from '../checkpoint/types';
import {
  CheckpointFormatError,
  CheckpointMismatchError,
  IntegrityError,
  SourceNotFoundError,
  UnsupportedError,
} from '../errors';
import {
  architectureOf,
  buildStageGraph,
  expectPositions,
  slicesToFit,
  type Backbone,
  type CheckpointFiles,
  type PlannedWeight,
  type Positions,
} from '../models';
import { recipeToJson, type Recipe } from '../recipes';
import { HashedFile, writeFile } from './hashed-file';
import { boundLayout, storedBytes } from './layout';
import { MOMENTS_PATH, MomentsFile, storeMoments } from './moments-file';
import { planPieces, type Piece } from './pieces';
import { planConversion, weightFiles } from './plan';
import { chooseRecipe, compareFiles, type ChosenRecipe } from './recipe';
import { weightsReporter, type WeightsReporter, type Work } from './report';
import { sealFile } from './seal';
import { ConversionState, fileKeys, isSamePlan, plannedBefore, planNote } from './state';
import { weightTally, type WeightKind } from './tally';
import { weightPaths, writeWeights } from './weights';

const COPY_BYTES = 4 * 1024 * 1024;
const MAX_TOKENIZER_BYTES = 256 * 1024 * 1024;

export interface ConvertOptions {
  checkpoint: Checkpoint;
  /**
   * Where the bundle goes. Published when whole. With a journal, whatever stops the conversion leaves it to be carried
   * on with, unless the checkpoint is at fault; without one, nothing is left.
   */
  writer: BundleWriter;
  dtype: WeightDtype;
  /** How the checkpoint is asked. @default by its repository, else by what its files say */
  recipe?: Recipe;
  /** Told which recipe it is, before a weight is read or a byte written. */
  onRecipe?: (chosen: ChosenRecipe) => void;
  /**
   * Takes the second moments of what 4-bit matrices are multiplied with, by running the written, not yet published
   * bundle. With them those matrices are rounded a second time, so that what they give errs least; the checkpoint is read
   * once more for that. Without it they are rounded to the nearest.
   */
  takeMoments?: (reader: BundleReader, manifest: BundleManifest) => AsyncIterable<readonly InputMoments[]>;
  /** Embeds the probe inputs with the written, not yet published bundle. Without it the bundle has no probe. */
  computeProbe?: (reader: BundleReader, manifest: BundleManifest) => Promise<ProbeCase[]>;
  /** Told once all weights are written: how each kind is stored, with what error. */
  onWeights?: (kinds: WeightKind[]) => void;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Bytes of the largest weight file. @default 256 MiB, which is also the most that is allowed */
  maxStageBytes?: number;
  /** Slices of each MLP of the text tower. @default as few as let everything fit a weight file */
  mlpSlices?: number;
  /** The journal is written whenever about so many bytes of the bundle were. @default 8 MiB */
  noteBytes?: number;
}

/**
 * Converts a checkpoint, with its adapter already merged into what it reads, to a bundle.
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
    // What went wrong first is what matters.
    await (isPermanent(error) ? writer.abort() : writer.pause()).catch(() => undefined);
    throw error;
  }
}

/** The checkpoint itself is at fault: another try would end the same. */
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
  const tokenizer = await readTokenizerFiles(checkpoint, signal);
  const { config, preprocessor } = checkpoint;
  const head = named.recipe.head ?? null;
  const backboneOf = (slices: number) =>
    architecture.fromCheckpoint({ config, preprocessor, ...tokenizer }, { head, mlpSlices: slices });
  const mostBytes = (weight: PlannedWeight) => storedBytes(weight, boundLayout(weight, dtype, 'most'));
  const mlpSlices = options.mlpSlices ?? slicesToFit(backboneOf, mostBytes, options.maxStageBytes);
  const backbone = backboneOf(mlpSlices);
  const chosen = options.recipe === undefined ? compareFiles(named, checkpoint, backbone) : named;
  options.onRecipe?.(chosen);
  expectPositions(backbone, chosen.recipe.positions);
  const work = await openWork(options, backbone, chosen);
  const sealed = await writeAndSeal(options, work); // of the second pass, where that had begun
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
    ...(work.moments ? { rounding: 'feedback' } : {}),
    source: checkpoint.source,
    config: backbone.config,
    mlpSlices,
    stages,
    embeddings,
    tokenizer: { files },
    image: backbone.image,
    prompts: backbone.prompts,
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

/** The second pass. The bundle is not published yet, so nobody sees it half of each. */
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
  const sealed = await writeAndSeal(options, work);
  const stages = first.manifest.stages.map((stage) => ({ ...stage, weights: sealed.get(stage.weights.path)! }));
  return { ...first.manifest, rounding: 'feedback', stages };
}

function hasFourBits({ plan }: Work): boolean {
  return [...plan.layouts.values()].some((layout) => typeof layout === 'object' && layout.bits === 4);
}

/** The plan of an interrupted conversion of the same checkpoint, and what is done of it; else a new one. */
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
    for (const { path } of weightFiles(plan)) await (await writer.reopen(path, 0)).close(); // nothing old shows through
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

/** Writes all weights and reads them back; what the disk lost is written once more. */
async function writeAndSeal(options: ConvertOptions, work: Work): Promise<Map<string, BundleFile>> {
  const report = weightsReporter(options.onProgress, work);
  for (let rounds = 1; ; rounds++) {
    await writeAll(options, work, report);
    const { sealed, damaged } = await sealAll(options, work);
    if (damaged.length === 0) return sealed;
    const { placed } = damaged[0]!;
    if (rounds === 2) {
      throw new IntegrityError(`${placed.file} does not read back as it was written: the disk may be failing.`, {
        path: placed.file,
      });
    }
    report.undo(damaged);
    const undo = damaged.map(({ index }) => index);
    const files = work.groups.flatMap(({ source, pieces }) =>
      source && pieces.some(({ index }) => undo.includes(index)) ? [source.name] : [],
    );
    await work.state.add({ undo, files });
  }
}

async function writeAll(options: ConvertOptions, work: Work, report: WeightsReporter): Promise<void> {
  const { writer, checkpoint, noteBytes, signal } = options;
  const tally = weightTally(work.plan);
  const files = new Map<string, FileWriter>();
  try {
    for (const { path, bytes } of weightPaths(work.plan)) files.set(path, await writer.reopen(path, bytes));
    report.begin();
    await writeWeights({
      ...work,
      tensors: checkpoint.tensors,
      files,
      noteBytes,
      signal,
      onPiece: (piece, bytes, measured) => {
        report.piece(piece, bytes);
        tally.add(piece, measured);
      },
      onUndo: report.undo,
      share: report.share,
    });
    report.end();
    options.onWeights?.(tally.kinds());
  } finally {
    const closed = await Promise.allSettled([...files.values()].map((file) => file.close()));
    const failed = closed.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason as Error;
  }
}

async function sealAll(
  { writer, dtype, signal, onProgress }: ConvertOptions,
  { plan, groups, state }: Work,
): Promise<{ sealed: Map<string, BundleFile>; damaged: Piece[] }> {
  const reader = writer.reader();
  const pieces = groups.flatMap((group) => group.pieces);
  const files = weightFiles(plan);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const sealed = new Map<string, BundleFile>();
  const damaged: Piece[] = [];
  let loaded = 0;
  for (const { path } of files) {
    const ofFile = pieces.filter(({ placed }) => placed.file === path);
    const result = await sealFile({
      reader,
      path,
      pieces: ofFile,
      written: state.done,
      dtype,
      signal,
      onBytes: (count) => {
        loaded += count;
        const progress = (100 * loaded) / total;
        onProgress?.({ status: 'progress', phase: 'verify', file: path, loaded, total, progress });
      },
    });
    sealed.set(path, result.file);
    damaged.push(...result.damaged);
  }
  return { sealed, damaged };
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
      { activations: 'f32', positions: positions === 'mrope' ? 'rows' : 'sequence' },
    );
    const graph = await writeFile(writer, `${name}.onnx`, model);
    stages.push({ name, kind, steps, graph, weights, tensors });
  }
  return stages;
}

/** What an architecture reads of the tokenizer. */
async function readTokenizerFiles(
  { tokenizerFiles }: Checkpoint,
  signal?: AbortSignal,
): Promise<Pick<CheckpointFiles, 'tokenizer' | 'tokenizerConfig'>> {
  for (const { path, source } of tokenizerFiles) {
    if (!isPlainPath(path)) throw new CheckpointFormatError(`The tokenizer file ${path} has an unsafe name.`, { path });
    if (source.size > MAX_TOKENIZER_BYTES)
      throw new CheckpointFormatError(`${source.name} is too large for a tokenizer.`);
  }
  const read = async (name: string): Promise<unknown> => {
    const file = tokenizerFiles.find(({ path }) => path === name);
    if (!file) return null;
    try {
      const bytes = await file.source.read(0, file.source.size, signal);
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
      throw new CheckpointFormatError(`${file.source.name} is not JSON in UTF-8.`, { path: name }, { cause });
    }
  };
  const [tokenizer, tokenizerConfig] = [await read('tokenizer.json'), await read('tokenizer_config.json')];
  if (tokenizer === null)
    throw new SourceNotFoundError('The checkpoint has no tokenizer.json; add the one of its model to the folder.');
  if (tokenizerConfig !== null && !isJsonObject(tokenizerConfig)) {
    throw new CheckpointFormatError('tokenizer_config.json holds no JSON object.', { path: 'tokenizer_config.json' });
  }
  return { tokenizer, tokenizerConfig };
}

async function copyFile(
  writer: BundleWriter,
  { path, source }: { path: string; source: ByteSource },
  signal?: AbortSignal,
): Promise<BundleFile> {
  const file = await HashedFile.create(writer, path);
  for (let start = 0; start < source.size; start += COPY_BYTES) {
    await file.write(await source.read(start, Math.min(source.size, start + COPY_BYTES), signal));
  }
  return file.close();
}

async function publish({ writer, signal, onProgress }: ConvertOptions, manifest: BundleManifest): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest, null, 1));
  try {
    parseManifest(bytes); // never publish what could not be read again
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
