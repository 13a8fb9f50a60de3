/**
 * @file IEEE binary16 without `Float16Array` (absent in Node 20 and in Safari before 18.2): exact widening, and narrowing with
 * round-to-nearest-even, as in numpy and WebGPU. Half floats travel as their 16 bits in a `Uint16Array`.
 */

/** The largest finite half float. From 65520 on, a number rounds to infinity. */
export const HALF_MAX = 65504;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** A float32 value (wider numbers are rounded to float32 first) → the 16 bits of the nearest half float. */
export function toHalf(value: number): number {
  float[0] = value;
  return narrow(bits[0]!);
}

/** Bits of a float32 → bits of the nearest half float. */
function narrow(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude < 0x33000000) return sign; // below half of the smallest subnormal
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23); // subnormal halves count units of 2^-24
  const quotient = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (quotient + (rest > tie || (rest === tie && (quotient & 1) === 1) ? 1 : 0));
}

let widened: Float32Array | undefined;

/** All 65536 half floats as float32, by their bits. Built on first use (256 KiB). */
export function halfTable(): Float32Array {
  if (widened) return widened;
  widened = new Float32Array(0x10000);
  for (let half = 0; half < 0x10000; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    let value: number;
    if (exponent === 0x1f) value = fraction ? NaN : Infinity;
    else if (exponent === 0) value = fraction * 2 ** -24;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    widened[half] = sign * value;
  }
  return widened;
}

/** The float32 value of a half float given by its bits. */
export function fromHalf(half: number): number {
  return halfTable()[half & 0xffff]!;
}

/** True if no value is NaN or beyond {@link HALF_MAX}. */
export function fitsHalf(values: Float32Array): boolean {
  let fit = true;
  for (let i = 0; i < values.length; i++) fit = fit && Math.abs(values[i]!) <= HALF_MAX;
  return fit;
}

/** Narrows `values` into `out`, which must be at least as long. */
export function toHalves(values: Float32Array, out: Uint16Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) out[i] = narrow(words[i]!);
  return out;
}

/** Widens `halves` into `out`, which must be at least as long. */
export function fromHalves(halves: Uint16Array, out: Float32Array): Float32Array {
  const table = halfTable();
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i]!]!;
  return out;
}
