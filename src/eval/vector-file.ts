/**
 * @file The file in which vectors are stored: a header that names their model and regime, then records of equal length,
 * which are only ever appended. Each record contains a checksum: records that a crash cut short or damaged are computed
 * again.
 *
 * `"V2VEC001"`, u32 length, JSON, u32 CRC-32 of the JSON; then per vector 16 bytes of key, dims × f32, u32 CRC-32 of
 * both. All little-endian.
 */

import { crc32 } from '../bundle/crc32';
import { sha256Hex, toHex } from '../bundle/digest';
import { KEY_DIGITS } from './vectors';

const MAGIC = new TextEncoder().encode('V2VEC001');
const KEY_BYTES = KEY_DIGITS / 2;
const CRC_BYTES = 4;

/** Everything that vectors depend on apart from the text and the picture. Plain data. */
export interface VectorOrigin {
  /** The model's `info.id`. */
  model: string;
  dims: number;
  /** {@link Regime.key} */
  regime: string;
  device: string;
  activations: string;
}

const canonical = ({ model, dims, regime, device, activations }: VectorOrigin) =>
  JSON.stringify({ model, dims, regime, device, activations });

/** The name of all vector files of one origin in a folder: `vectors-0123456789ab`. */
export async function originName(origin: VectorOrigin): Promise<string> {
  return `vectors-${(await sha256Hex(new TextEncoder().encode(canonical(origin)))).slice(0, 12)}`;
}

export function headerBytes(origin: VectorOrigin): Uint8Array {
  const json = new TextEncoder().encode(canonical(origin));
  const bytes = new Uint8Array(MAGIC.length + 4 + json.length + CRC_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, json.length, true);
  bytes.set(json, MAGIC.length + 4);
  view.setUint32(bytes.length - CRC_BYTES, crc32(json), true);
  return bytes;
}

/** True if `bytes`, the beginning of a file, are the header of that origin. */
export function isHeaderOf(bytes: Uint8Array, origin: VectorOrigin): boolean {
  const wanted = headerBytes(origin);
  return bytes.length >= wanted.length && wanted.every((byte, i) => bytes[i] === byte);
}

/** Length of a record, in bytes. */
export function recordBytes(dims: number): number {
  return KEY_BYTES + 4 * dims + CRC_BYTES;
}

export function encodeRecord(key: string, vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(recordBytes(vector.length));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < KEY_BYTES; i++) bytes[i] = parseInt(key.slice(2 * i, 2 * i + 2), 16);
  for (let d = 0; d < vector.length; d++) view.setFloat32(KEY_BYTES + 4 * d, vector[d]!, true);
  view.setUint32(bytes.length - CRC_BYTES, crc32(bytes.subarray(0, -CRC_BYTES)), true);
  return bytes;
}

/** Null for a damaged record. // vector: [dims] */
export function decodeRecord(record: Uint8Array): { key: string; vector: Float32Array } | null {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  if (view.getUint32(record.length - CRC_BYTES, true) !== crc32(record.subarray(0, -CRC_BYTES))) return null;
  const vector = new Float32Array((record.length - KEY_BYTES - CRC_BYTES) / 4);
  for (let d = 0; d < vector.length; d++) vector[d] = view.getFloat32(KEY_BYTES + 4 * d, true);
  return { key: toHex(record.subarray(0, KEY_BYTES)), vector };
}
