/** @file `vlm2vec eval` and `vlm2vec eval merge`: MMEB or visual documents with a bundle, at once or in parts. */

import path from 'node:path';
import { InvalidInputError } from '../errors';
import {
  memoryVectors,
  type EvalModel,
  type EvalProgress,
  type RegimeName,
  type ReportSubject,
  type Shard,
  type VectorOrigin,
} from '../eval';
import { openVectorFiles } from '../eval/vector-file.node.js';
import { loadRuntime, type Compute, type ModelInfo, type Runtime, type WeightsChoice } from '../runtime';
import { makeFolder } from '../store/write-errors.node.js';
import { lockFile } from '../store/lock-file.node.js';
import type { DataArguments } from './eval-data';
import { writeDetails } from './eval-details';
import { publishReport, writeWhole } from './eval-output';
import { openBenchmark, type AgainstModel } from './eval-task';
import { printLine } from './output';
import { PART_FILE, partJson, readParts } from './part';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { parsePlace } from './outputs/places';

export interface MergeArguments extends DataArguments {
  out?: string;
  /** The published row to compare with. */
  against?: AgainstModel;
  /** `*.parquet` or `lance:<database>/<table>` */
  vectors?: string;
  json?: boolean;
  /** The file for the JSON line per query. */
  details?: string;
}

export interface EvalArguments extends MergeArguments {
  model: string;
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
  /** @default `v1`; for visual documents `v2`, or the one the recipe takes */
  regime?: RegimeName;
  maxPixels?: number;
  numCrops?: number;
  sets?: string;
  limit?: number;
  shard?: Shard;
}

/** Embeds and scores; with `--shard`, embeds one share and leaves the scoring to `merge`. */
export async function evalCommand(args: EvalArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const { out, shard, limit, vectors } = args;
  if (shard && args.details !== undefined)
    throw new InvalidInputError('A shard does not rank anything yet: use --details with merge.');
  if (shard && out === undefined) throw new InvalidInputError('A shard needs --out, so that merge can find it.');
  const place = vectors === undefined ? null : parsePlace(vectors);
  const reader = await bundleAt(args.model);
  const benchmark = await openBenchmark(args, args.sets, args.against, signal);
  const suffix = shard && `${shard.index + 1}-of-${shard.count}`;
  const unlock = await lockOutput(out, suffix);
  try {
    const { device, compute, weights } = args;
    const runtime = await loadRuntime({ reader, device, compute, weights, signal, onProgress: progress.show });
    try {
      const { info } = runtime;
      const choices = { maxPixels: args.maxPixels, numCrops: args.numCrops };
      const { task, regime, subject: about } = benchmark.taskFor(info, args.regime, choices);
      const origin = originOf(info, regime.key);
      const write = out === undefined ? undefined : { folder: out, suffix };
      const store = write ? await openVectorFiles({ origin, folders: [write.folder], write, signal }) : memoryFiles();
      try {
        const options = {
          ...{ limit, regime, store, signal },
          model: { dims: info.dims, imageToken: info.imageToken, embed: embedWith(runtime) },
          onProgress: ({ set, done, sets: all, loaded, total }: EvalProgress) =>
            progress.show({
              status: 'progress_total',
              phase: 'embed',
              file: `${set.name}, set ${done + 1} of ${all}`,
              progress: total === 0 ? 100 : (100 * loaded) / total,
            }),
        };
        const subject: ReportSubject = {
          model: subjectModel(info),
          regime: about,
          data: { label: benchmark.label, revision: benchmark.revision, limit: limit ?? null },
        };
        const output = { limit, store, dims: info.dims, provenance: provenanceOf(origin), signal };
        if (shard && out !== undefined) {
          const { encoded, pairs } = await task.encode(options, shard);
          if (place) await task.exportVectors(place, output);
          const part = partJson({ origin, subject, sets: task.sets, shard });
          await writeWhole(path.join(out, PART_FILE), part);
          progress.clear();
          await printLine(
            `Part ${shard.index + 1} of ${shard.count} is complete: ${pairs} pairs, ${encoded} of them embedded in this run.`,
          );
          return;
        }
        const report = (await task.evaluate(options)).report(subject, args.against);
        if (args.details !== undefined) await writeDetails(args.details, task.details({ limit, store, signal }));
        if (place) await task.exportVectors(place, output);
        progress.clear();
        await publishReport(report, out, args.json);
      } finally {
        await store.close();
      }
    } finally {
      await runtime.dispose();
    }
  } finally {
    await unlock();
  }
}

/** Unit vectors, one per input: recipes with several vectors are refused earlier. */
function embedWith(runtime: Runtime): EvalModel['embed'] {
  return (inputs, options) => runtime.embed(inputs, options);
}

/** Creates the folder, and locks it against other processes that would write the same file. */
async function lockOutput(out: string | undefined, suffix = 'all'): Promise<() => Promise<void>> {
  if (out === undefined) return async () => undefined;
  await makeFolder(out);
  return lockFile(path.join(out, `${suffix}.lock`), out).catch((error: unknown) => {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(`Another process is writing the evaluation in ${out}.`, { out }, { cause: error });
  });
}

/** A store for a run that keeps nothing. */
const memoryFiles = () => ({ ...memoryVectors(), close: async () => undefined });

/** Joins the parts of all shards; this needs no model. */
export async function mergeCommand(parts: readonly string[], args: MergeArguments, signal: AbortSignal): Promise<void> {
  const { out, against, vectors, json } = args;
  const place = vectors === undefined ? null : parsePlace(vectors);
  const { origin, subject, sets } = await readParts(parts);
  const benchmark = await openBenchmark(args, sets.join(','), against, signal);
  const { label, revision, limit } = subject.data;
  if (benchmark.revision !== revision) {
    throw new InvalidInputError(`The parts are from ${label} at ${revision}, not at ${benchmark.revision}.`, {
      label,
      revision,
    });
  }
  const task = benchmark.taskOf(subject.regime);
  const store = await openVectorFiles({ origin, folders: parts, signal });
  try {
    const options = { limit: limit ?? undefined, store, signal };
    const report = (await task.score(options)).report(subject, against);
    if (args.details !== undefined) await writeDetails(args.details, task.details(options));
    if (place) await task.exportVectors(place, { ...options, dims: origin.dims, provenance: provenanceOf(origin) });
    await publishReport(report, out, json);
  } finally {
    await store.close();
  }
}

function originOf(info: ModelInfo, regime: string): VectorOrigin {
  const { id, dims, device } = info;
  return { model: id, dims, regime, device, activations: activationsOf(info) };
}

function subjectModel(info: ModelInfo): ReportSubject['model'] {
  const { label, source, dtype, dims, id, device } = info;
  return { label, source, dtype, dims, id, device, activations: activationsOf(info) };
}

/** Vectors computed with rounded products are never joined with those of exact ones. */
function activationsOf({ activations, compute }: ModelInfo): string {
  return compute === 'fast' ? `${activations}, int8 in products` : activations;
}

/** Stored with exported vectors. */
function provenanceOf({ dims, ...origin }: VectorOrigin): Record<string, string> {
  return { ...origin, dims: String(dims) };
}
