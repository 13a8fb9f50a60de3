/** @file Planned weights → one weight file, with the plainest quantizers. The converter has better ones. */

import type { StoredTensor } from '../../../bundle/manifest';
import type { GraphStage, PlannedWeight, Qwen2VLConfig, StagePlan } from '../../types';
import type { Tensor, Weights } from './reference-forward';

export type TestDtype = 'fp32' | 'fp16' | 'q8' | 'q4' | 'q8-zp' | 'q4-zp';

export interface StoredStage extends GraphStage {
  name: string;
  data: Uint8Array;
}

const BLOCK = 32;

/** Packs one stage. */
export function storeStage(config: Qwen2VLConfig, plan: StagePlan, weights: Weights, dtype: TestDtype): StoredStage {
  const tensors: StoredTensor[] = [];
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const put = (name: string, type: StoredTensor['dtype'], shape: number[], array: ArrayBufferView) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const offset = Math.ceil(end / 64) * 64;
    tensors.push({ name, dtype: type, shape, offset, bytes: bytes.length });
    pieces.push({ offset, bytes });
    end = offset + bytes.length;
  };
  for (const weight of plan.weights) {
    const values = plannedValues(config, weight, weights);
    const [out, inn] = weight.shape as [number, number];
    if (inn === undefined) {
      put(weight.name, 'f32', weight.shape, values);
    } else if (dtype === 'fp32') {
      put(weight.name, 'f32', weight.shape, values);
    } else if (dtype === 'fp16' || !weight.quantize) {
      put(weight.name, 'f16', weight.shape, toHalf(values));
    } else {
      const bits = dtype.startsWith('q8') ? 8 : 4;
      const { q, scale, zp } = quantize(values, out, inn, bits, dtype.endsWith('zp'));
      put(`${weight.name}.q`, 'u8', [out, inn / BLOCK, (BLOCK * bits) / 8], q);
      put(`${weight.name}.scale`, 'f16', [out, inn / BLOCK], scale);
      if (zp) put(`${weight.name}.zp`, 'u8', [out, zp.length / out], zp);
    }
  }
  const data = new Uint8Array(end);
  for (const { offset, bytes } of pieces) data.set(bytes, offset);
  const { kind, blocks, name } = plan;
  return { name, kind, blocks, weights: { path: `${name}.weights` }, tensors, data };
}

/** The weights that a checkpoint stored in `dtype` stands for, under the checkpoint's names. */
export function roundTrip(plans: StagePlan[], weights: Weights, dtype: TestDtype): Map<string, Tensor> {
  const result = new Map(weights);
  for (const weight of plans.flatMap((plan) => plan.weights)) {
    if (weight.shape.length === 1 || dtype === 'fp32') continue;
    for (const part of weight.parts) {
      const { shape, data } = weights.get(part)!;
      if (dtype === 'fp16') {
        result.set(part, { shape, data: fromHalf(toHalf(data)) });
      } else if (weight.quantize) {
        const [out, inn] = shape as [number, number];
        const { dequantized } = quantize(data, out, inn, dtype.startsWith('q8') ? 8 : 4, dtype.endsWith('zp'));
        result.set(part, { shape, data: dequantized });
      }
    }
  }
  return result;
}

/** Parts below each other, rows transformed. */
function plannedValues(config: Qwen2VLConfig, weight: PlannedWeight, weights: Weights): Float32Array {
  const parts = weight.parts.map((part) => weights.get(part)!.data);
  if (weight.rowTransform === 'fold-temporal') return foldTemporal(config, parts[0]!);
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}

/** [out, channels, 2, p, p] → [out, channels, p, p] */
function foldTemporal({ vision }: Qwen2VLConfig, kernel: Float32Array): Float32Array {
  const plane = vision.patchSize ** 2;
  return Float32Array.from({ length: kernel.length / 2 }, (_, i) => {
    const at = Math.floor(i / plane) * 2 * plane + (i % plane);
    return kernel[at]! + kernel[at + plane]!;
  });
}

function quantize(values: Float32Array, out: number, inn: number, bits: 4 | 8, asymmetric: boolean) {
  const blocks = inn / BLOCK;
  const levels = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  const zeroBytes = Math.ceil((blocks * bits) / 8);
  const q = new Uint8Array((out * inn * bits) / 8);
  const scales = new Float32Array(out * blocks);
  const zp = asymmetric ? new Uint8Array(out * zeroBytes) : undefined;
  const dequantized = new Float32Array(values.length);
  for (let row = 0; row < out; row++) {
    for (let block = 0; block < blocks; block++) {
      const at = row * inn + block * BLOCK;
      const slice = values.subarray(at, at + BLOCK);
      const low = Math.min(0, ...slice);
      const high = Math.max(0, ...slice);
      const spread = asymmetric ? (high - low) / levels : Math.max(high, -low) / (middle - 1);
      const scale = fromHalf(toHalf(Float32Array.of(spread || 1)))[0]!;
      const zero = asymmetric ? Math.max(0, Math.min(levels, Math.round(-low / scale))) : middle;
      scales[row * blocks + block] = scale;
      if (zp) {
        if (bits === 8) zp[row * zeroBytes + block] = zero;
        else zp[row * zeroBytes + (block >> 1)]! |= zero << (4 * (block & 1));
      }
      slice.forEach((value, i) => {
        const level = Math.max(0, Math.min(levels, Math.round(value / scale) + zero));
        dequantized[at + i] = (level - zero) * scale;
        if (bits === 8) q[at + i] = level;
        else q[(at + i) >> 1]! |= level << (4 * (i & 1));
      });
    }
  }
  return { q, scale: toHalf(scales), zp, dequantized };
}

/** float32 → float16 bits, to the nearest, ties to even; no infinities in or out. */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(values, (value, i) => {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = Math.abs(value);
    if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
    const exponent = Math.floor(Math.log2(magnitude));
    const mantissa = roundEven((magnitude / 2 ** exponent - 1) * 1024);
    return sign | (((exponent + 15) << 10) + mantissa);
  });
}

export function fromHalf(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 1023;
    return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
  });
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
