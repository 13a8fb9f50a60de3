/** @file `vlm2vec eval` and `vlm2vec eval merge`: MMEB with a bundle, in one go or in parts. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError } from '../errors';
import {
  encodeShard,
  evaluate,
  makeRegime,
  makeReport,
  scoreOnly,
  type EvaluateOptions,
  type PublishedModel,
  type RegimeName,
  type ReportSubject,
  type Shard,
  type VectorOrigin,
} from '../eval';
import { openVectorFiles } from '../eval/vector-file.node.js';
import { loadRuntime, type ModelInfo } from '../runtime';
import { lockFile } from '../store/lock-file.node.js';
import { openData, selectSets, type DataArguments } from './eval-data';
import { exportVectors, publishReport, writeWhole } from './eval-output';
import { printLine } from './output';
import { PART_FILE, partJson, readParts } from './part';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { parseSinkPlace } from './sinks';

interface OutputArguments extends DataArguments {
  out: string;
  /** The published row to compare with. */
  against?: PublishedModel;
  /** `*.parquet` or `lance:<database>/<table>` */
  vectors?: string;
  json?: boolean;
}

export interface EvalArguments extends OutputArguments {
  model: string;
  device: 'cpu' | 'webgpu';
  regime: RegimeName;
  maxPixels?: number;
  sets?: string;
  limit?: number;
  shard?: Shard;
}

/** Embeds and scores; with `--shard`, embeds one share and leaves the scoring to `merge`. */
export async function evalCommand(args: EvalArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const { out, shard, limit, vectors } = args;
  const sink = vectors === undefined ? null : parseSinkPlace(vectors);
  const reader = await bundleAt(args.model);
  const data = await openData(args, signal);
  const sets = selectSets(args.sets, data);
  await mkdir(out, { recursive: true });
  const suffix = shard && `${shard.index + 1}-of-${shard.count}`;
  const unlock = await lockFile(path.join(out, `${suffix ?? 'all'}.lock`), out).catch((error: unknown) => {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(`Another process is writing the evaluation in ${out}.`, { out }, { cause: error });
  });
  try {
    const runtime = await loadRuntime({ reader, device: args.device, signal, onProgress: progress.show });
    try {
      const { info } = runtime;
      const regime = makeRegime(args.regime, info.image, args.maxPixels);
      const origin = originOf(info, regime.key);
      const store = await openVectorFiles({ origin, folders: [out], write: { folder: out, suffix }, signal });
      const subject: ReportSubject = {
        model: subjectModel(info),
        regime: { name: regime.name, minPixels: regime.minPixels, maxPixels: regime.maxPixels },
        data: { label: data.label, revision: data.revision, limit: limit ?? null },
      };
      const options: EvaluateOptions = {
        ...{ data, sets, limit, regime, store, signal },
        model: { dims: info.dims, imageToken: info.imageToken, embed: (inputs, more) => runtime.embed(inputs, more) },
        onProgress: ({ set, done, sets: all, loaded, total }) =>
          progress.show({
            status: 'progress_total',
            phase: 'embed',
            file: `${set.name}, set ${done + 1} of ${all}`,
            progress: total === 0 ? 100 : (100 * loaded) / total,
          }),
      };
      try {
        const output = { data, sets, limit, store, dims: info.dims, provenance: provenanceOf(origin), signal };
        if (shard) {
          const { encoded, pairs } = await encodeShard(options, shard);
          if (sink) await exportVectors(sink, output);
          await writeWhole(path.join(out, PART_FILE), partJson({ origin, subject, sets: sets.map(({ name }) => name), shard }));
          progress.clear();
          await printLine(
            `Part ${shard.index + 1} of ${shard.count} is whole: ${encoded} of ${pairs} pairs embedded now. When all parts ` +
              'are: vlm2vec eval merge <part folders> --data … --out …',
          );
          return;
        }
        const report = makeReport(subject, await evaluate(options), { against: args.against });
        if (sink) await exportVectors(sink, output);
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

/** Joins the parts of all shards: no model is needed any more. */
export async function mergeCommand(parts: readonly string[], args: OutputArguments, signal: AbortSignal): Promise<void> {
  const { out, against, vectors, json } = args;
  const sink = vectors === undefined ? null : parseSinkPlace(vectors);
  const { origin, subject, found: sets } = await readParts(parts);
  const data = await openData(args, signal);
  const { label, revision, limit } = subject.data;
  if (data.revision !== revision) {
    throw new InvalidInputError(`The parts are of ${label} at ${revision}, not at ${data.revision}.`, { label, revision });
  }
  const store = await openVectorFiles({ origin, folders: parts, signal });
  try {
    const options = { data, sets, limit: limit ?? undefined, store, signal };
    const report = makeReport(subject, await scoreOnly(options), { against });
    await mkdir(out, { recursive: true });
    if (sink) await exportVectors(sink, { ...options, dims: origin.dims, provenance: provenanceOf(origin) });
    await publishReport(report, out, json);
  } finally {
    await store.close();
  }
}

function originOf({ id, dims, device, activations }: ModelInfo, regime: string): VectorOrigin {
  return { model: id, dims, regime, device, activations };
}

function subjectModel({ label, source, dtype, dims, id, device, activations }: ModelInfo): ReportSubject['model'] {
  return { label, source, dtype, dims, id, device, activations };
}

/** Kept with exported vectors. */
function provenanceOf({ dims, ...origin }: VectorOrigin): Record<string, string> {
  return { ...origin, dims: String(dims) };
}
