/** @file The coarse halves of an index's vectors, read completely, since a scan needs them all. */

import { IndexFormatError, IntegrityError } from '../../errors';
import type { PackedVectors } from '../vectors';
import { coarseRecordBytes, HEADER_BYTES, readHeader } from '../vectors';
import type { StaticFile } from './static-file';

const CHUNK_BYTES = 4 << 20;

/**
 * Appends rows to `vectors`, which must be empty.
 * @param slots how many there are
 * @throws IntegrityError if the file belongs to another model; IndexFormatError if it holds no vectors; whatever
 * reading throws
 */
export async function readCoarse(
  file: StaticFile,
  vectors: PackedVectors,
  slots: number,
  signal?: AbortSignal,
): Promise<void> {
  if (slots <= 0) return;
  const { dims, model } = vectors;
  const size = coarseRecordBytes(dims);
  const parts: { scale: number; codes: Int8Array }[] = [];
  const first = await file.read(0, Math.min(HEADER_BYTES + slots * size, CHUNK_BYTES), signal);
  const header = readHeader(first);
  if (header.dims !== dims || header.model !== model) {
    throw new IntegrityError(
      `The file of vectors is from the model ${header.model.slice(0, 12)} with ${header.dims} dimensions; index.json says ${model.slice(0, 12)} with ${dims}.`,
    );
  }
  let rest: Uint8Array = first.subarray(HEADER_BYTES);
  for (let row = 0; row < slots;) {
    const whole = Math.min(Math.floor(rest.length / size), slots - row);
    const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
    const codes = new Int8Array(rest.buffer, rest.byteOffset, rest.length);
    for (let i = 0; i < whole; i++, row++) {
      const scale = view.getFloat32(i * size, true);
      if (!(scale >= 0 && scale < 1e30)) throw new IndexFormatError(`The vector in row ${row} has the scale ${scale}.`);
      parts.push({ scale, codes: codes.subarray(i * size + 4, (i + 1) * size) });
    }
    if (row === slots) break;
    const from = HEADER_BYTES + row * size;
    const count = Math.min(slots - row, Math.max(1, Math.floor(CHUNK_BYTES / size)));
    rest = await file.read(from, from + count * size, signal);
  }
  // All or nothing: a reading that fails half-way leaves no vectors behind.
  vectors.reserve(slots);
  for (const { scale, codes } of parts) vectors.appendCoarse(scale, codes);
}
