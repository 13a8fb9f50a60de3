/** @file The state of a conversion, and what its journal records so that another run can continue it. */

import type { Journal } from '../bundle/storage';
import type { BundleSource, WeightDtype } from '../bundle/manifest';
import type { Checkpoint } from '../checkpoint';
import type { ByteSource, Claim, PassState, TensorStore } from '../checkpoint/types';
import type { Recipe } from '../recipes';
import type { OutputError } from './feedback/encode-rows';
import type { WeightLayout } from './layout';
import type { PlacedMoments } from './moments-file';

/** Grows with every change to the meaning of the notes, or to the bytes that a conversion writes. */
const JOURNAL_VERSION = 6;

/** The first note: everything that determines which bytes will be written. */
export interface PlanNote {
  convert: number;
  dtype: WeightDtype;
  maxStageBytes: number | null;
  /** As requested; null if the limit decides. */
  mlpSlices: number | null;
  /** The recipe's head, which is among the weights. */
  head: Recipe['head'] | null;
  /** Whether 4-bit matrices are rounded a second time, with feedback. */
  feedback: boolean;
  source: BundleSource;
  /** Names, lengths and versions of the checkpoint's weight files. */
  files: string[];
  layouts: [name: string, layout: WeightLayout][];
  /** The parts of each file that were read to choose the layouts. */
  claims: Record<string, readonly Claim[]>;
}

/**
 * What was written for a piece: its SHA-256, squared error and norm; with feedback, also the squared errors of its
 * outputs.
 */
export type PieceDone = readonly [sha256: string, error: number, norm: number, outputs: OutputError | null];
/** `at`: how much is done, 0 to 1. `pass`: where the pass over the file can go on. */
type PieceNote = { done: [index: number, ...PieceDone][]; at: number; pass?: { file: string; from: PassState } };
/**
 * Pieces to be written again, and the files that must be passed over again for that. `moments`: from here on with
 * feedback, and this is what it is computed from.
 */
type UndoNote = { undo: number[]; files: string[]; moments?: PlacedMoments[] };
type CheckedNote = { checked: string };

/** The plan of an interrupted conversion, if there is one in these notes. */
export function plannedBefore(notes: readonly unknown[]): PlanNote | null {
  const first = notes[0] as PlanNote | undefined;
  return first?.convert === JOURNAL_VERSION ? first : null;
}

/** Whether an interrupted conversion would write the same bytes as this one. */
export function isSamePlan(before: PlanNote, now: Omit<PlanNote, 'convert' | 'layouts' | 'claims'>): boolean {
  const key = (plan: typeof now) =>
    JSON.stringify([
      plan.dtype,
      plan.maxStageBytes,
      plan.mlpSlices ?? null,
      plan.head,
      plan.feedback,
      plan.source,
      plan.files,
    ]);
  return key(before) === key(now);
}

export async function planNote(
  { source, tensors }: Checkpoint,
  plan: {
    dtype: WeightDtype;
    maxStageBytes: number | null;
    mlpSlices: number | null;
    head: PlanNote['head'];
    feedback: boolean;
    layouts: Map<string, WeightLayout>;
  },
): Promise<PlanNote> {
  const claims: PlanNote['claims'] = {};
  for (const file of sourcesOf(tensors)) if (file.pass) claims[file.name] = await file.pass.claims();
  return { convert: JOURNAL_VERSION, ...plan, layouts: [...plan.layouts], source, files: fileKeys(tensors), claims };
}

/** Files of tensors, each once. */
export function sourcesOf(tensors: TensorStore): ByteSource[] {
  return [...new Set(tensors.names().flatMap((name) => tensors.info(name)?.place?.source ?? []))];
}

export function fileKeys(tensors: TensorStore): string[] {
  return sourcesOf(tensors)
    .map(({ name, size, version }) => JSON.stringify([name, size, version ?? null]))
    .sort();
}

/** How much of a plan is done. */
export class ConversionState {
  /** What was written, by piece. */
  readonly done = new Map<number, PieceDone>();
  readonly checked = new Set<string>();
  /** Null in the first pass. */
  moments: readonly PlacedMoments[] | null = null;
  readonly #passes = new Map<string, PassState>();
  readonly #journal: Journal | null;

  constructor(journal: Journal | null) {
    this.#journal = journal;
    for (const note of journal?.notes.slice(1) ?? []) this.#apply(note as PieceNote | UndoNote | CheckedNote);
  }

  /** Where the pass over a file can continue. */
  pass(file: string): PassState | null {
    return this.#passes.get(file) ?? null;
  }

  async add(note: PieceNote | UndoNote | CheckedNote): Promise<void> {
    this.#apply(note);
    await this.#journal?.add(note);
  }

  #apply(note: PieceNote | UndoNote | CheckedNote): void {
    if ('done' in note) {
      for (const [index, ...done] of note.done) this.done.set(index, done);
      if (note.pass) this.#passes.set(note.pass.file, note.pass.from);
    } else if ('undo' in note) {
      for (const index of note.undo) this.done.delete(index);
      for (const file of note.files) {
        this.#passes.delete(file);
        this.checked.delete(file);
      }
      if (note.moments) this.moments = note.moments;
    } else {
      this.checked.add(note.checked);
      this.#passes.delete(note.checked);
    }
  }
}
