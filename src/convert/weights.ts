/**
 * @file All weights: read, merged, encoded and written, one file of the checkpoint after another. If the hash of a file
 * is known, nothing derived from it counts until the whole file was read and the hash was correct.
 */

import { createSHA256, type IHasher } from 'hash-wasm';
import type { FileWriter } from '../bundle/storage';
import type { PassState, TensorStore } from '../checkpoint/types';
import { CheckpointFormatError, CheckpointMismatchError, IntegrityError } from '../errors';
import { PieceEncoder, placesOf } from './encode';
import { readings, type Piece, type PieceGroup } from './pieces';
import { weightFiles, type ConversionPlan } from './plan';
import type { MomentsFile } from './moments-file';
import { ownColumns, readRows } from './rows';
import type { ConversionState, PieceDone, PlanNote } from './state';

/** The bytes between two notes, since each note waits for the disk. */
const NOTE_BYTES = 8 * 1024 * 1024;
/** A file whose hash is wrong is read once more. */
const PASSES = 2;

export interface WeightsJob {
  plan: ConversionPlan;
  groups: readonly PieceGroup[];
  tensors: TensorStore;
  state: ConversionState;
  claims: PlanNote['claims'];
  /** For a second pass: 4-bit matrices are rounded with feedback. */
  moments: MomentsFile | null;
  /** A note is made whenever about this many bytes have been written. @default 8 MiB */
  noteBytes?: number;
  /** By path. */
  files: ReadonlyMap<string, FileWriter>;
  signal?: AbortSignal;
  /** @param milliseconds of encoding it */
  onPiece(piece: Piece, bytes: number, milliseconds: number): void;
  onUndo(pieces: readonly Piece[]): void;
  /** How much is done, 0 to 1. */
  share(): number;
}

/** Writes every piece that is not done. @throws IntegrityError if a file keeps arriving with the wrong hash */
export async function writeWeights(job: WeightsJob): Promise<void> {
  const run: Run = { ...job, encoder: new PieceEncoder(job.plan.dtype), hasher: await createSHA256() };
  for (const group of job.groups) await writeGroup(run, group);
}

/** Bytes that a piece takes in the bundle. */
export function pieceBytes(piece: Piece, { dtype }: ConversionPlan): number {
  return placesOf(piece, dtype).reduce((sum, { length }) => sum + length, 0);
}

/** Paths of the files that {@link WeightsJob.files} must hold. */
export function weightPaths(plan: ConversionPlan): { path: string; bytes: number }[] {
  return weightFiles(plan).map(({ path, bytes }) => ({ path, bytes }));
}

interface Run extends WeightsJob {
  encoder: PieceEncoder;
  hasher: IHasher;
}

async function writeGroup(run: Run, { source, pieces }: PieceGroup): Promise<void> {
  const { state, signal, claims } = run;
  const missing = () => pieces.filter(({ index }) => !state.done.has(index));
  const pass = source?.pass;
  if (!source || !pass) return writePieces(run, missing(), null);
  for (let passes = 1; missing().length > 0 || !state.checked.has(source.name); passes++) {
    await pass.begin(state.pass(source.name), claims[source.name] ?? []);
    let actual: string;
    let broken: unknown = null;
    try {
      // Values that make no sense may have been damaged in transit, rather than in the file.
      await writePieces(run, missing(), { file: source.name, state: () => pass.state() }).catch((error: unknown) => {
        if (!(error instanceof CheckpointFormatError || error instanceof CheckpointMismatchError)) throw error;
        broken = error;
      });
      actual = await pass.finish(signal);
    } finally {
      pass.end();
    }
    if (actual === pass.sha256) {
      if (broken) throw broken as Error;
      await state.add({ checked: source.name });
      return;
    }
    const done = pieces.filter(({ index }) => state.done.has(index));
    run.onUndo(done);
    await state.add({ undo: done.map(({ index }) => index), files: [source.name] });
    if (passes === PASSES) {
      throw new IntegrityError(
        `${source.name} arrived ${PASSES} times with a SHA-256 (${actual}) that differs from the Hub's (${pass.sha256}). The ` +
          'server, or something in between, changes it: try another network, or try later.',
        { file: source.name, expected: pass.sha256, actual },
      );
    }
  }
}

async function writePieces(
  run: Run,
  pieces: readonly Piece[],
  pass: { file: string; state: () => PassState | null } | null,
): Promise<void> {
  const { encoder, hasher, files, state, noteBytes = NOTE_BYTES, signal } = run;
  let noted = 0;
  let pending: [number, ...PieceDone][] = [];
  let at = pass && state.pass(pass.file);
  const note = async () => {
    if (pending.length === 0) return;
    await state.add({ done: pending, at: run.share(), ...(pass && at ? { pass: { file: pass.file, from: at } } : {}) });
    pending = [];
    noted = 0;
  };
  try {
    for await (const { reading, values, reached } of readAhead(run, readings(pieces), pass?.state ?? (() => null))) {
      for (const piece of reading) {
        hasher.init();
        let bytes = 0;
        const file = files.get(piece.placed.file)!;
        const { weight } = piece.placed;
        const factors = (await run.moments?.factors(weight.name, signal)) ?? null;
        const started = performance.now();
        const parts = encoder.encode(piece, ownColumns(weight, values), factors);
        const milliseconds = performance.now() - started;
        for (const part of parts) {
          hasher.update(part.bytes);
          await file.write(part.bytes, part.position);
          bytes += part.bytes.length;
        }
        const { error, norm, outputs } = encoder;
        pending.push([piece.index, hasher.digest('hex'), error, norm, outputs]);
        noted += bytes;
        run.onPiece(piece, bytes, milliseconds);
      }
      at = reached ?? at; // inside a claim, an earlier place will do too
      if (noted >= noteBytes) await note();
      signal?.throwIfAborted();
    }
  } catch (error) {
    await note().catch(() => undefined); // the first error is the one to report
    throw error;
  }
  await note();
}

/** The rows of each read in order, one read ahead, and where the pass was after it. */
async function* readAhead(
  { tensors, signal }: Run,
  all: readonly Piece[][],
  passState: () => PassState | null,
): AsyncGenerator<{ reading: Piece[]; values: Float32Array; reached: PassState | null }> {
  const read = (index: number) => {
    const reading = all[index];
    if (!reading) return undefined;
    const [piece] = reading;
    const result = readRows(tensors, piece!.placed.weight, piece!, { signal }).then((values) => ({
      reading,
      values,
      reached: passState(),
    }));
    result.catch(() => undefined); // it is awaited below, unless the consumer stops first
    return result;
  };
  let next = read(0);
  for (let index = 0; next; index++) {
    signal?.throwIfAborted();
    const current = await next;
    next = read(index + 1);
    yield current;
  }
}
