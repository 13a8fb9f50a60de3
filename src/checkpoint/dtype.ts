/** @file Element types of checkpoint files: their sizes, and widening to float32 in tight loops. */

import { halfTable } from '../bundle/float16';
import type { TensorDtype } from './types';

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<TensorDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Widens little-endian `bytes`, a whole number of elements, into `out` from index `at` on. */
export function decodeInto(bytes: Uint8Array, dtype: TensorDtype, out: Float32Array, at: number): void {
  const size = DTYPE_BYTES[dtype];
  const count = bytes.length / size;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case 'BF16': {
      const halves = new Uint16Array(buffer, byteOffset, count);
      const words = new Uint32Array(out.buffer, out.byteOffset + at * 4, count);
      for (let i = 0; i < count; i++) words[i] = halves[i]! << 16;
      return;
    }
    case 'F16': {
      const halves = new Uint16Array(buffer, byteOffset, count);
      const table = halfTable();
      for (let i = 0; i < count; i++) out[at + i] = table[halves[i]!]!;
      return;
    }
    case 'F32':
      out.set(new Float32Array(buffer, byteOffset, count), at);
      return;
    case 'I64': {
      const integers = new BigInt64Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) out[at + i] = Number(integers[i]!);
      return;
    }
    case 'F64':
      out.set(new Float64Array(buffer, byteOffset, count), at);
      return;
    case 'I32':
      out.set(new Int32Array(buffer, byteOffset, count), at);
      return;
    case 'I16':
      out.set(new Int16Array(buffer, byteOffset, count), at);
      return;
    case 'I8':
      out.set(new Int8Array(buffer, byteOffset, count), at);
      return;
    case 'U8':
    case 'BOOL':
      out.set(aligned, at);
      return;
  }
}
