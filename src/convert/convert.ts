/**
 * @file Checkpoint → bundle, streaming: memory stays bounded whatever the checkpoint's size, because matrices are
 * read, merged, quantized, hashed and written a few megabytes of rows at a time.
 */

import { parseManifest } from '../bundle/validate';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  MANIFEST_PATH,
  MAX_STAGE_BYTES,
  type BundleFile,
  type BundleManifest,
  type BundleStage,
  type EmbeddingTable,
  type ProbeCase,
  type StoredTensor,
  type WeightDtype,
} from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { OnProgress, Progress } from '../bundle/progress';
import { rowBytes, rowEncoder } from '../bundle/rows';
import type { BundleReader, BundleWriter } from '../bundle/storage';
import type { Checkpoint } from '../checkpoint';
import type { ByteSource } from '../checkpoint/types';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../errors';
import { buildStageGraph, embeddingTensor, parseConfig, planStages } from '../models';
import type { PlannedWeight, Qwen2VLConfig, StagePlan } from '../models/types';
import { checkWeights } from './check';
import { chooseLayouts } from './choose';
import { HashedFile, writeFile } from './hashed-file';
import { storedBytes, type WeightLayout } from './layout';
import { imageConfig, promptConfig } from './processor';
import { columnsOf, rowsPerChunk, weightRows } from './rows';
import { naming, writeWeight } from './weight-writer';

const COPY_BYTES = 4 * 1024 * 1024;
const MAX_TOKENIZER_BYTES = 256 * 1024 * 1024;

export interface ConvertOptions {
  checkpoint: Checkpoint;
  /** Where the bundle goes. Published when whole; on any failure `abort()` leaves nothing. */
  writer: BundleWriter;
  dtype: WeightDtype;
  /** Embeds the probe inputs with the written, not yet published bundle. Without it the bundle has no probe. */
  computeProbe?: (reader: BundleReader, manifest: BundleManifest) => Promise<ProbeCase[]>;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Bytes of the largest weight file. @default 256 MiB, which is also the most that is allowed */
  maxStageBytes?: number;
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
    await options.writer.abort().catch(() => undefined); // what went wrong first is what matters
    throw error;
  }
}

async function convert(options: ConvertOptions): Promise<BundleManifest> {
  const { checkpoint, writer, dtype, signal } = options;
  const config = parseConfig(checkpoint.config);
  const image = imageConfig(checkpoint.preprocessor, config);
  const tokenizer = await readTokenizerFiles(checkpoint, signal);
  const prompts = promptConfig(tokenizer.json, config);
  const plan = await planConversion(options, config);

  const report = progressReporter(options, plan);
  const stages: BundleStage[] = [];
  for (const stage of plan.stages) stages.push(await writeStage(options, plan, stage, report));
  const embeddings = await writeEmbeddings(options, plan, report);
  const files: BundleFile[] = [];
  for (const source of checkpoint.tokenizerFiles) files.push(await copyFile(writer, source, signal));

  const manifest: BundleManifest = {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    architecture: 'qwen2_vl',
    dims: config.hiddenSize,
    dtype,
    source: checkpoint.source,
    config: { ...config },
    stages,
    embeddings,
    tokenizer: { files },
    image,
    prompts,
    probe: [],
  };
  if (options.computeProbe) {
    options.onProgress?.({ status: 'initiate', phase: 'probe' });
    manifest.probe = await options.computeProbe(writer.reader(), manifest);
    options.onProgress?.({ status: 'done', phase: 'probe' });
  }
  await publish(options, manifest);
  return manifest;
}

/** What will be written, before any of it is. */
interface Plan {
  config: Qwen2VLConfig;
  patchArea: number;
  stages: StagePlan[];
  layouts: Map<string, WeightLayout>;
  embedding: PlannedWeight;
}

async function planConversion(options: ConvertOptions, config: Qwen2VLConfig): Promise<Plan> {
  const { checkpoint, dtype, signal, onProgress, maxStageBytes = MAX_STAGE_BYTES } = options;
  const { tensors } = checkpoint;
  const embedding: PlannedWeight = {
    name: 'embeddings',
    shape: [config.vocabSize, config.hiddenSize],
    parts: [embeddingTensor],
    rowTransform: 'none',
    quantize: true,
  };
  const weights = planStages(config, () => 0).flatMap((stage) => stage.weights);
  checkWeights(tensors, [...weights, embedding]);
  checkpoint.expectConsumed(new Set([...weights, embedding].flatMap((weight) => weight.parts)));

  const patchArea = config.vision.patchSize ** 2;
  const layouts = await chooseLayouts(tensors, weights, {
    dtype,
    patchArea,
    embedding: {
      weights: config.vocabSize * config.hiddenSize,
      bytes: config.vocabSize * rowBytes(dtype, config.hiddenSize),
    },
    signal,
    onMeasured: (done, total) =>
      onProgress?.({ status: 'progress', phase: 'measure', tensors: { done, total }, progress: (100 * done) / total }),
  });
  const share = MAX_STAGE_BYTES / maxStageBytes; // smaller files are planned as if the weights were larger
  const stages = planStages(config, (weight) => share * storedBytes(weight, layouts.get(weight.name)!));
  return { config, patchArea, stages, layouts, embedding };
}

interface Reporter {
  file(status: 'initiate' | 'done', file: string): void;
  bytes(file: string, count: number): void;
  tensor(): void;
}

function progressReporter({ dtype, onProgress }: ConvertOptions, { stages, layouts, embedding, config }: Plan): Reporter {
  const weights = stages.flatMap((stage) => stage.weights);
  const rows = config.vocabSize * rowBytes(dtype, columnsOf(embedding));
  const total = weights.reduce((sum, weight) => sum + storedBytes(weight, layouts.get(weight.name)!), rows);
  let loaded = 0;
  let done = 0;
  const send = (status: Progress['status'], file: string) =>
    onProgress?.({
      status,
      phase: 'convert',
      file,
      loaded,
      total,
      progress: Math.min(100, (100 * loaded) / total),
      tensors: { done, total: weights.length + 1 },
    });
  return {
    file: send,
    bytes: (file, count) => {
      loaded += count;
      send('progress', file);
    },
    tensor: () => void done++,
  };
}

async function writeStage(
  { checkpoint, writer, signal }: ConvertOptions,
  { config, patchArea, layouts }: Plan,
  stage: StagePlan,
  report: Reporter,
): Promise<BundleStage> {
  const { name, kind, blocks } = stage;
  const path = `${name}.bin`;
  report.file('initiate', path);
  const file = await HashedFile.create(writer, path);
  const tensors: StoredTensor[] = [];
  for (const weight of stage.weights) {
    const onBytes = (count: number) => report.bytes(path, count);
    const layout = layouts.get(weight.name)!;
    tensors.push(...(await writeWeight(file, checkpoint.tensors, weight, layout, { patchArea, signal, onBytes })));
    report.tensor();
  }
  const weights = await file.close();
  const model = buildStageGraph(config, { kind, blocks, weights, tensors }, { activations: 'f32' });
  const graph = await writeFile(writer, `${name}.onnx`, model);
  report.file('done', path);
  return { name, kind, blocks, graph, weights, tensors };
}

async function writeEmbeddings(
  { checkpoint, writer, dtype, signal }: ConvertOptions,
  { patchArea, embedding }: Plan,
  report: Reporter,
): Promise<EmbeddingTable> {
  const path = 'embeddings.bin';
  report.file('initiate', path);
  const file = await HashedFile.create(writer, path);
  const columns = columnsOf(embedding);
  const stored = rowBytes(dtype, columns);
  const encode = rowEncoder(dtype, columns);
  const bytes = new Uint8Array(rowsPerChunk(embedding) * stored); // used again for every chunk
  for await (const { part, count, values } of weightRows(checkpoint.tensors, embedding, { patchArea, signal })) {
    naming(part, () => {
      for (let row = 0; row < count; row++) encode(values, row * columns, bytes, row * stored);
    });
    await file.write(bytes.subarray(0, count * stored));
    report.bytes(path, count * stored);
  }
  report.tensor();
  const written = await file.close();
  report.file('done', path);
  return { ...written, rows: embedding.shape[0]!, columns, dtype, rowBytes: stored };
}

async function readTokenizerFiles({ tokenizerFiles }: Checkpoint, signal?: AbortSignal): Promise<{ json: unknown }> {
  for (const { path, source } of tokenizerFiles) {
    if (!isPlainPath(path)) throw new CheckpointFormatError(`The tokenizer file ${path} has an unsafe name.`, { path });
    if (source.size > MAX_TOKENIZER_BYTES) throw new CheckpointFormatError(`${source.name} is too large for a tokenizer.`);
  }
  const main = tokenizerFiles.find(({ path }) => path === 'tokenizer.json');
  if (!main) throw new SourceNotFoundError('The checkpoint has no tokenizer.json; add the one of its model to the folder.');
  try {
    const bytes = await main.source.read(0, main.source.size, signal);
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new CheckpointFormatError(`${main.source.name} is not JSON in UTF-8.`, { path: main.path }, { cause });
  }
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
  await writeFile(writer, MANIFEST_PATH, bytes);
  signal?.throwIfAborted();
  await writer.publish();
  onProgress?.({ status: 'ready', phase: 'publish' });
}
