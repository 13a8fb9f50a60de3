/**
 * @file Planned weights → one weight file in memory, every matrix in the same format; and the values that it
 * represents.
 */

import { allocateRows, BLOCK, BlockQuantizer, type BlockFormat, dequantizeRow } from '../../../bundle/blocks';
import { fromHalves, toHalves } from '../../../bundle/float16';
import type { StoredTensor } from '../../../bundle/manifest';
import type { Qwen2VLConfig } from '../config';
import type { GraphStage, PlannedWeight, StagePlan } from '../../types';
import type { Tensor, Weights } from './reference-forward';

export type TestDtype = 'fp32' | 'fp16' | 'q8' | 'q4' | 'q8-zp' | 'q4-zp';

export interface StoredStage extends GraphStage {
  name: string;
  data: Uint8Array;
}

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
      put(weight.name, 'f16', weight.shape, toHalves(values, new Uint16Array(values.length)));
    } else {
      const format = blockFormat(dtype);
      const { codes, scales, zeroPoints } = quantize(format, values, out, inn);
      put(`${weight.name}.q`, 'u8', [out, inn / BLOCK, (BLOCK * format.bits) / 8], codes);
      put(`${weight.name}.scale`, 'f16', [out, inn / BLOCK], scales);
      if (zeroPoints) put(`${weight.name}.zp`, 'u8', [out, zeroPoints.length / out], zeroPoints);
    }
  }
  const data = new Uint8Array(end);
  for (const { offset, bytes } of pieces) data.set(bytes, offset);
  const { kind, steps, name } = plan;
  return { name, kind, steps, weights: { path: `${name}.weights` }, tensors, data };
}

/** The weights that a checkpoint stored in `dtype` represents, under the checkpoint's names. */
export function roundTrip(
  config: Qwen2VLConfig,
  plans: readonly StagePlan[],
  weights: Weights,
  dtype: TestDtype,
): Map<string, Tensor> {
  const result = new Map(weights);
  for (const weight of plans.flatMap((plan) => plan.weights)) {
    if (weight.shape.length === 1 || dtype === 'fp32') continue;
    for (const part of weight.parts) {
      const { shape, data } = weights.get(part)!;
      if (weight.rowTransform === 'fold-temporal') {
        // Any two slices with the right sum will do: all of it, and nothing.
        result.set(part, { shape, data: unfoldTemporal(config, halved(foldTemporal(config, data))) });
      } else if (dtype === 'fp16') {
        result.set(part, { shape, data: halved(data) });
      } else {
        const [out, inn] = shape as [number, number];
        const format = blockFormat(dtype);
        const rows = quantize(format, data, out, inn);
        const restored = new Float32Array(data.length);
        for (let row = 0; row < out; row++) dequantizeRow(format, rows, row, inn, restored, row * inn);
        result.set(part, { shape, data: restored });
      }
    }
  }
  return result;
}

/** Concatenates the parts by rows, which are transformed. */
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

/** [out, channels, p, p] → [out, channels, 2, p, p] with an empty second slice. */
function unfoldTemporal({ vision }: Qwen2VLConfig, folded: Float32Array): Float32Array {
  const plane = vision.patchSize ** 2;
  const kernel = new Float32Array(folded.length * 2);
  for (let i = 0; i < folded.length; i += plane) kernel.set(folded.subarray(i, i + plane), 2 * i);
  return kernel;
}

function blockFormat(dtype: TestDtype): BlockFormat {
  return { bits: dtype.startsWith('q8') ? 8 : 4, zeroPoints: dtype.endsWith('zp') };
}

function quantize(format: BlockFormat, values: Float32Array, out: number, inn: number) {
  const quantizer = new BlockQuantizer(format, { search: false });
  const rows = allocateRows(format, out, inn);
  for (let row = 0; row < out; row++) quantizer.quantizeRow(values, row * inn, inn, rows, row);
  return rows;
}

/** Rounded to half precision. */
function halved(values: Float32Array): Float32Array {
  return fromHalves(toHalves(values, new Uint16Array(values.length)), new Float32Array(values.length));
}
