import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTYPE_BYTES, decodeInto } from './dtype';
import type { TensorDtype } from './types';

/** One element at a time, as the formats' definitions say. */
const READERS: Record<TensorDtype, (view: DataView, at: number) => number> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => {
    const half = view.getUint16(at, true);
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return (half & 0x8000 ? -1 : 1) * (exponent < 31 ? size : fraction ? NaN : Infinity);
  },
  BF16: (view, at) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setUint16(0, view.getUint16(at, true));
    return word.getFloat32(0);
  },
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  I32: (view, at) => view.getInt32(at, true),
  I16: (view, at) => view.getInt16(at, true),
  I8: (view, at) => view.getInt8(at),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => view.getUint8(at),
};

describe('decodeInto', () => {
  it.each(Object.keys(DTYPE_BYTES) as TensorDtype[])('widens %s from any place to any place', (dtype) => {
    const size = DTYPE_BYTES[dtype];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 96 }), fc.nat(7), fc.nat(3), (bytes, shift, at) => {
        const count = Math.floor(bytes.length / size);
        const home = new Uint8Array(shift + count * size);
        home.set(bytes.subarray(0, count * size), shift);
        const out = new Float32Array(at + count + 2).fill(7);
        decodeInto(home.subarray(shift), dtype, out, at);
        const view = new DataView(home.buffer, shift);
        const expected = Array.from({ length: count }, (_, i) => Math.fround(READERS[dtype](view, i * size)));
        expect([...out]).toEqual([...Array<number>(at).fill(7), ...expected, 7, 7]);
      }),
      { numRuns: 300 },
    );
  });
});
