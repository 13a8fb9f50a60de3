/** @file A conversion in progress, with its progress in bytes of the bundle, tensors and rows. */

import type { OnProgress } from '../bundle/progress';
import type { MomentsFile } from './moments-file';
import type { Piece, PieceGroup } from './pieces';
import type { ConversionPlan } from './plan';
import type { ConversionState, PlanNote } from './state';
import { pieceBytes } from './weights';

/** What is to be done, and how much of it is done. */
export interface Work {
  plan: ConversionPlan;
  groups: PieceGroup[];
  state: ConversionState;
  claims: PlanNote['claims'];
  /** Null in the first pass. */
  moments: MomentsFile | null;
}

export interface WeightsReporter {
  begin(): void;
  piece(piece: Piece, bytes: number): void;
  undo(pieces: readonly Piece[]): void;
  share(): number;
  end(): void;
}

/** Counts from what is already done. */
export function weightsReporter(
  onProgress: OnProgress | undefined,
  { plan, groups, state, moments }: Work,
): WeightsReporter {
  const pieces = groups.flatMap((group) => group.pieces);
  const left = new Map<string, number>(); // pieces of each weight
  const nameOf = ({ placed }: Piece) => placed.weight.name;
  for (const piece of pieces) left.set(nameOf(piece), (left.get(nameOf(piece)) ?? 0) + 1);
  const tensors = { done: 0, total: left.size };
  const rows = { done: 0, total: pieces.reduce((sum, { count }) => sum + count, 0) };
  const total = pieces.reduce((sum, piece) => sum + pieceBytes(piece, plan), 0);
  let loaded = 0;
  const count = (piece: Piece, sign: 1 | -1) => {
    loaded += sign * pieceBytes(piece, plan);
    rows.done += sign * piece.count;
    const before = left.get(nameOf(piece))!;
    const after = before - sign;
    left.set(nameOf(piece), after);
    if (after === 0) tensors.done++;
    if (before === 0) tensors.done--;
  };
  for (const piece of pieces) if (state.done.has(piece.index)) count(piece, 1);
  const send = (status: 'initiate' | 'progress' | 'done', file?: string) =>
    onProgress?.({
      status,
      phase: moments ? 'refine' : 'convert',
      ...(file === undefined ? {} : { file }),
      loaded,
      total,
      progress: (100 * loaded) / total,
      tensors: { ...tensors },
      rows: { ...rows },
    });
  return {
    begin: () => send('initiate'),
    piece: (piece) => {
      count(piece, 1);
      send('progress', piece.placed.file);
    },
    undo: (undone) => {
      for (const piece of undone) count(piece, -1);
    },
    share: () => loaded / total,
    end: () => send('done'),
  };
}
