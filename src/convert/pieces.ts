/**
 * @file The work, in pieces: a few megabytes of rows of one checkpoint tensor each, in the order in which they lie in
 * the checkpoint's files. That way a remote file is read once, front to back, and hashed on the way.
 */

import type { ByteSource, TensorStore } from '../checkpoint/types';
import type { PlacedWeight, ConversionPlan } from './plan';
import { weightFiles } from './plan';
import { rowsPerChunk, type RowRange } from './rows';

/** Some rows of one part of a weight. */
export interface Piece extends RowRange {
  /** Position in the list of all pieces, which is the same whenever the plan is. */
  index: number;
  placed: PlacedWeight;
  /** First row within the weight, whose parts follow each other. */
  row: number;
}

/** Pieces of one checkpoint file. */
export interface PieceGroup {
  /** Null for tensors that lie in no file. */
  source: ByteSource | null;
  pieces: Piece[];
}

/** All pieces, file by file. */
export function planPieces(plan: ConversionPlan, tensors: TensorStore): PieceGroup[] {
  const groups = new Map<ByteSource | null, { start: number; piece: Omit<Piece, 'index'> }[]>();
  for (const placed of weightFiles(plan).flatMap(({ weights }) => weights)) {
    const { weight } = placed;
    const perPiece = rowsPerChunk(weight);
    let row = -(weight.firstRow ?? 0); // of the part's first row, within the weight
    for (const part of weight.parts) {
      const { shape, place } = tensors.info(part)!;
      const group = groups.get(place?.source ?? null) ?? [];
      groups.set(place?.source ?? null, group);
      const rows = shape[0] ?? 1;
      const end = Math.min(rows, (weight.shape[0] ?? 1) - row);
      for (let first = Math.max(0, -row); first < end; first += perPiece) {
        const count = Math.min(perPiece, end - first);
        group.push({ start: place?.start ?? 0, piece: { placed, part, first, count, row: row + first } });
      }
      row += rows;
    }
  }
  const byName = [...groups].sort(([a], [b]) => compare(a?.name ?? '', b?.name ?? ''));
  let index = 0;
  return byName.map(([source, members]) => ({
    source,
    pieces: members.sort((a, b) => a.start - b.start).map(({ piece }): Piece => ({ ...piece, index: index++ })),
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
