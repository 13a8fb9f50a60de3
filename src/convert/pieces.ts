/**
 * @file Divides the work into pieces: each is a few megabytes of rows of one checkpoint tensor, in the order in which
 * they are stored in the checkpoint's files. That way a remote file is read once, from beginning to end, and hashed at
 * the same time.
 */

import type { ByteSource, TensorStore } from '../checkpoint/types';
import type { PlacedWeight, ConversionPlan } from './plan';
import { weightFiles } from './plan';
import { rowsOfPart, rowsPerChunk, type RowRange } from './rows';

/** Some rows of one part of a weight. */
export interface Piece extends RowRange {
  /** Position in the list of all pieces, which is the same if the plan is. */
  index: number;
  placed: PlacedWeight;
  /** First row within the weight, whose parts are concatenated. */
  row: number;
}

/** Pieces of one checkpoint file. */
export interface PieceGroup {
  /** Null for tensors that are not in a file. */
  source: ByteSource | null;
  pieces: Piece[];
}

/** A piece and what determines its order. */
interface Member {
  /** Where its tensor begins in the file, and the tensor's number. */
  start: number;
  tensor: number;
  piece: Omit<Piece, 'index'>;
}

/** All pieces, file by file. */
export function planPieces(plan: ConversionPlan, tensors: TensorStore): PieceGroup[] {
  const groups = new Map<ByteSource | null, Member[]>();
  const seen = new Map<string, number>();
  for (const placed of weightFiles(plan).flatMap(({ weights }) => weights)) {
    let row = 0;
    for (const [index, part] of placed.weight.parts.entries()) {
      const { shape, place } = tensors.info(part)!;
      const group = groups.get(place?.source ?? null) ?? [];
      groups.set(place?.source ?? null, group);
      const tensor = seen.get(part) ?? seen.size;
      seen.set(part, tensor);
      const { first: begin, last } = rowsOfPart(placed.weight, index, shape[0] ?? 1);
      const perPiece = rowsPerChunk(placed.weight);
      for (let first = begin; first < last; first += perPiece) {
        const count = Math.min(perPiece, last - first);
        group.push({
          start: place?.start ?? 0,
          tensor,
          piece: { placed, part, first, count, row: row + first - begin },
        });
      }
      row += last - begin;
    }
  }
  const byName = [...groups].sort(([a], [b]) => compare(a?.name ?? '', b?.name ?? ''));
  let index = 0;
  return byName.map(([source, members]) => ({
    source,
    pieces: members.sort(inTurn).map(({ piece }): Piece => ({ ...piece, index: index++ })),
  }));
}

/** Tensor after tensor in the file's order, rows in order, so that slices of the same rows are neighbours. */
function inTurn(a: Member, b: Member): number {
  return a.start - b.start || a.tensor - b.tensor || a.piece.first - b.piece.first;
}

/** Groups neighbouring pieces that are cut from the same rows, so that these rows are read once. */
export function readings(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    const before = groups.at(-1);
    const same = before?.[0];
    if (same && same.part === piece.part && same.first === piece.first && same.count === piece.count)
      before.push(piece);
    else groups.push([piece]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
