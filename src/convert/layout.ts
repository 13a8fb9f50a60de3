/** @file How each planned weight is stored, and how many bytes it takes in its stage's file. */

import type { StoredTensor, WeightDtype } from '../bundle/manifest';
import type { PlannedWeight } from '../models';
import { quantizedTensors, type BlockFormat } from '../onnx/quantize';

/** Plain floats, or blocks of codes. */
export type WeightLayout = 'f32' | 'f16' | BlockFormat;

/** The fewest and the most bits that a quantized matrix gets; null if none is quantized. */
const BLOCKS: Record<WeightDtype, Record<'least' | 'most', BlockFormat | null>> = {
  fp32: { least: null, most: null },
  fp16: { least: null, most: null },
  q8: { least: { bits: 8, zeroPoints: false }, most: { bits: 8, zeroPoints: true } },
  q4: { least: { bits: 4, zeroPoints: false }, most: { bits: 8, zeroPoints: true } },
};

/** The smallest or the largest layout that a weight may get in a dtype, whatever its values. */
export function boundLayout(
  { shape, quantize }: PlannedWeight,
  dtype: WeightDtype,
  bound: 'least' | 'most',
): WeightLayout {
  if (shape.length < 2) return 'f32';
  const block = BLOCKS[dtype][bound];
  if (quantize && block) return block;
  return dtype === 'fp32' ? 'f32' : 'f16';
}

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
