/** @file How each planned weight is stored, and how many bytes that takes in its stage's file. */

import type { StoredTensor } from '../bundle/manifest';
import type { PlannedWeight } from '../models';
import { quantizedTensors, type BlockFormat } from '../onnx/quantize';

/** Plain floats, or blocks of codes. */
export type WeightLayout = 'f32' | 'f16' | BlockFormat;

/** Tensors start at multiples of this many bytes in a weight file. */
export const ALIGNMENT = 64;

export const align = (offset: number) => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

/** The initializers that a weight becomes, in the order in which they are stored. */
export function tensorsOf(weight: PlannedWeight, layout: WeightLayout): Omit<StoredTensor, 'offset'>[] {
  const { name, shape } = weight;
  if (typeof layout === 'object') return quantizedTensors(name, layout, shape[0]!, shape[1]!);
  const elements = shape.reduce((product, size) => product * size, 1);
  return [{ name, dtype: layout, shape, bytes: elements * (layout === 'f32' ? 4 : 2) }];
}

/** Bytes in the file, each tensor padded to the next start. */
export function storedBytes(weight: PlannedWeight, layout: WeightLayout): number {
  return tensorsOf(weight, layout).reduce((sum, tensor) => sum + align(tensor.bytes), 0);
}
