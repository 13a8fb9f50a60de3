/**
 * @file The stored form of packed vectors. A header of {@link HEADER_BYTES} bytes, then one record per row, all of the
 * same length, so that rows can be appended, replaced and freed in place. Little-endian:
 *
 *   header  'VLMVECS1', uint32 format version, uint32 dims, uint32 bytes of the model's name, the name in UTF-8, zeros
 *   record  float32 scale (0: the row is free), dims coarse bytes, dims fine bytes (see `codes.ts`)
 */

import { expectArgument } from '../../arguments';
import { IndexFormatError, UnsupportedError } from '../../errors';
import { MAX_LENGTH } from './dot-kernel';
import { expectPacked, PackedVectors, type PackedVectorsOptions } from './packed-vectors';

export const HEADER_BYTES = 1024;

const MAGIC = 'VLMVECS1';
const VERSION = 1;
const NAME_AT = 20;

/** Bytes of a record. */
export function recordBytes(dims: number): number {
  return 4 + 2 * dims;
}

/** Where a row's record begins in the image. */
export function recordAt(dims: number, row: number): number {
  return HEADER_BYTES + row * recordBytes(dims);
}

/** @throws UnsupportedError if the model's name is too long */
export function writeHeader({ dims, model }: Pick<PackedVectors, 'dims' | 'model'>): Uint8Array {
  const name = new TextEncoder().encode(model);
  if (name.length > HEADER_BYTES - NAME_AT) {
    throw new UnsupportedError(`The model's name has ${name.length} bytes; the limit is ${HEADER_BYTES - NAME_AT}.`);
  }
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, dims, true);
  view.setUint32(16, name.length, true);
  bytes.set(name, NAME_AT);
  return bytes;
}

/**
 * Dims and model of an image that begins with `bytes` (at least the header).
 * @throws IndexFormatError for anything else; UnsupportedError for an unknown version
 */
export function readHeader(bytes: Uint8Array): { dims: number; model: string } {
  if (bytes.length < HEADER_BYTES) {
    throw new IndexFormatError(`The vectors' file ends within its header, after ${bytes.length} bytes.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[i] !== MAGIC.charCodeAt(i)) throw new IndexFormatError('This is not a file of vectors.');
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new UnsupportedError(
      `The file of vectors has format version ${version}; this program supports version ${VERSION}.`,
    );
  }
  const dims = view.getUint32(12, true);
  const length = view.getUint32(16, true);
  if (dims < 1 || dims > MAX_LENGTH) throw new IndexFormatError(`The file of vectors declares ${dims} dimensions.`);
  if (length > HEADER_BYTES - NAME_AT)
    throw new IndexFormatError(`The model's name is declared to have ${length} bytes.`);
  let model: string;
  try {
    model = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(NAME_AT, NAME_AT + length),
    );
  } catch (error) {
    throw new IndexFormatError("The model's name is not UTF-8.", {}, { cause: error });
  }
  if (bytes.subarray(NAME_AT + length, HEADER_BYTES).some((byte) => byte !== 0)) {
    throw new IndexFormatError('The header of the vectors has bytes after its end.');
  }
  return { dims, model };
}

/** Records of the rows from `first` up to `end` (default: just that row). */
export function writeRecords(vectors: PackedVectors, first: number, end = first + 1): Uint8Array {
  if (!(first >= 0 && first <= end && end <= vectors.rows)) {
    throw new RangeError(`Rows ${first} to ${end} are outside the ${vectors.rows} rows.`);
  }
  const size = recordBytes(vectors.dims);
  const bytes = new Uint8Array((end - first) * size);
  const view = new DataView(bytes.buffer);
  const codes = new Int8Array(bytes.buffer);
  for (let row = first, at = 0; row < end; row++, at += size) {
    if (!vectors.has(row)) continue;
    view.setFloat32(at, vectors.scales[row]!, true);
    codes.set(vectors.coarse(row), at + 4);
    codes.set(vectors.fine(row), at + 4 + vectors.dims);
  }
  return bytes;
}

/** Appends whole records. @throws IndexFormatError if they are not whole records; nothing is appended then */
export function readRecords(vectors: PackedVectors, bytes: Uint8Array): void {
  const { dims } = vectors;
  const size = recordBytes(dims);
  if (bytes.length % size !== 0) {
    throw new IndexFormatError(`${bytes.length} bytes are not a whole number of records of ${size} bytes.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    const scale = view.getFloat32(at, true);
    if (scale >= 0 && scale < 1e30) continue;
    throw new IndexFormatError(`The vector in row ${vectors.rows + at / size} has the scale ${scale}.`);
  }
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  vectors.reserve(vectors.rows + bytes.length / size);
  for (let at = 0; at < bytes.length; at += size) {
    const fineAt = at + 4 + dims;
    vectors.append(view.getFloat32(at, true), codes.subarray(at + 4, fineAt), codes.subarray(fineAt, at + size));
  }
}

/**
 * Reads the vectors of a whole image.
 * @throws IndexFormatError for any other bytes, UnsupportedError for an unknown version, InvalidInputError for what is
 *   not bytes
 */
export function readImage(bytes: Uint8Array, options: Pick<PackedVectorsOptions, 'kernel'> = {}): PackedVectors {
  expectArgument('readImage', 'bytes', bytes, 'bytes (Uint8Array)', bytes instanceof Uint8Array);
  const vectors = new PackedVectors({ ...readHeader(bytes), ...options });
  readRecords(vectors, bytes.subarray(HEADER_BYTES));
  return vectors;
}

/** Writes the whole image at once. @throws InvalidInputError for anything but vectors */
export function writeImage(vectors: PackedVectors): Uint8Array {
  expectPacked('writeImage', vectors);
  const bytes = new Uint8Array(recordAt(vectors.dims, vectors.rows));
  bytes.set(writeHeader(vectors));
  bytes.set(writeRecords(vectors, 0, vectors.rows), HEADER_BYTES);
  return bytes;
}
