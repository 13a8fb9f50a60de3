/** @file Writes all weights of a bundle and reads them back, to make sure that storage returns what was intended. */

import type { BundleFile } from '../bundle/manifest';
import type { FileWriter } from '../bundle/storage';
import { IntegrityError } from '../errors';
import type { ConvertOptions } from './options';
import type { Piece } from './pieces';
import { weightFiles } from './plan';
import { weightsReporter, type WeightsReporter, type Work } from './report';
import { sealFile } from './seal';
import { weightReports, type WeightReport } from './tally';
import { weightPaths, writeWeights } from './weights';

/** The weight files, by path, with their contents. */
export interface Written {
  sealed: Map<string, BundleFile>;
  reports: WeightReport[];
}

/** Writes all weights and reads them back; what the disk lost is written once more. */
export async function writeAndSeal(options: ConvertOptions, work: Work): Promise<Written> {
  const report = weightsReporter(options.onProgress, work);
  const times = new Map<string, number>();
  for (let rounds = 1; ; rounds++) {
    await writeAll(options, work, report, times);
    const { sealed, damaged } = await sealAll(options, work);
    if (damaged.length === 0) {
      const reports = weightReports(work, times);
      options.onWeights?.(reports);
      return { sealed, reports };
    }
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

async function writeAll(
  options: ConvertOptions,
  work: Work,
  report: WeightsReporter,
  times: Map<string, number>,
): Promise<void> {
  const { writer, checkpoint, noteBytes, signal } = options;
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
      onPiece: (piece, bytes, milliseconds) => {
        report.piece(piece, bytes);
        const { name } = piece.placed.weight;
        times.set(name, (times.get(name) ?? 0) + milliseconds);
      },
      onUndo: report.undo,
      share: report.share,
    });
    report.end();
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
