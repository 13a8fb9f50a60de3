/**
 * @file An image of vectors (`image.ts`) in two files, so that a search over a network reads the half that a scan
 * needs, and of the other half only the few rows that it computes in full:
 *
 *   coarse  the image's header, then by row the scale (float32) and dims coarse bytes
 *   fine    by row dims fine bytes
 *
 * Positions are those of the whole image; both files grow as it grows.
 */

import { HEADER_BYTES, recordBytes } from './image';

/** Bytes of a row in the coarse file. */
export function coarseRecordBytes(dims: number): number {
  return 4 + dims;
}

/** Where a position of the image lies in the coarse file: after all coarse bytes before it. */
export function coarseAt(dims: number, at: number): number {
  if (at <= HEADER_BYTES) return at;
  const rows = Math.floor((at - HEADER_BYTES) / recordBytes(dims));
  const within = (at - HEADER_BYTES) % recordBytes(dims);
  return HEADER_BYTES + rows * coarseRecordBytes(dims) + Math.min(within, coarseRecordBytes(dims));
}

/** Where a position of the image lies in the fine file: after all fine bytes before it. */
export function fineAt(dims: number, at: number): number {
  return at - coarseAt(dims, at);
}

/** Splits bytes of the image that begin at a position into those of each file. */
export function splitImage(dims: number, at: number, bytes: Uint8Array): { coarse: Uint8Array; fine: Uint8Array } {
  const coarse = new Uint8Array(coarseAt(dims, at + bytes.length) - coarseAt(dims, at));
  const fine = new Uint8Array(bytes.length - coarse.length);
  forRuns(dims, at, bytes.length, { coarse, fine }, (file, from, to, start) =>
    file.set(bytes.subarray(from, to), start),
  );
  return { coarse, fine };
}

/** The reverse: what both files contain for `length` bytes of the image, starting at a position. */
export function joinImage(
  dims: number,
  at: number,
  { coarse, fine }: { coarse: Uint8Array; fine: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(coarse.length + fine.length);
  forRuns(dims, at, bytes.length, { coarse, fine }, (file, from, to, start) =>
    bytes.set(file.subarray(start, start + to - from), from),
  );
  return bytes;
}

/** Bytes of an image, by the lengths of both files: whole rows, or a part of the header. */
export function imageBytes(dims: number, coarse: number, fine: number): number {
  if (coarse < HEADER_BYTES) return coarse;
  const rows = Math.min(Math.floor((coarse - HEADER_BYTES) / coarseRecordBytes(dims)), Math.floor(fine / dims));
  return HEADER_BYTES + rows * recordBytes(dims);
}

/** Each run of bytes that lies in one file: where in the image's bytes, and where in the file's. */
function forRuns(
  dims: number,
  at: number,
  length: number,
  { coarse, fine }: { coarse: Uint8Array; fine: Uint8Array },
  copy: (file: Uint8Array, from: number, to: number, start: number) => void,
): void {
  const size = recordBytes(dims);
  let [inCoarse, inFine] = [0, 0];
  for (let from = 0; from < length;) {
    const place = at + from;
    const within = place < HEADER_BYTES ? -1 : (place - HEADER_BYTES) % size;
    const isFine = within >= coarseRecordBytes(dims);
    const left = within < 0 ? HEADER_BYTES - place : (isFine ? size : coarseRecordBytes(dims)) - within;
    const to = Math.min(length, from + left);
    if (isFine) copy(fine, from, to, inFine);
    else copy(coarse, from, to, inCoarse);
    if (isFine) inFine += to - from;
    else inCoarse += to - from;
    from = to;
  }
}
