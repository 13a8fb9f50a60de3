/** @file How much a checkpoint will take as a bundle, from its config alone. */

import type { JsonObject, WeightDtype } from '../bundle/manifest';
import { rowBytes } from '../bundle/rows';
import { architectureOf, planStages, type PlannedWeight } from '../models';
import type { BlockFormat } from '../onnx/quantize';
import { Q4_BUDGET_BITS } from './choose';
import { storedBytes, tensorsOf, type WeightLayout } from './layout';
import { columnsOf } from './rows';

export interface PlannedStorage {
  /** All weights. An upper bound: how single matrices are stored is decided by their values. */
  store: number;
  /** Those that go to the GPU. */
  gpu: number;
  /** The largest tensor of them. */
  largestBuffer: number;
}

/** The fewest and the most bits that a quantized matrix gets; null where none is quantized. */
const BLOCKS: Record<WeightDtype, [BlockFormat | null, BlockFormat | null]> = {
  fp32: [null, null],
  fp16: [null, null],
  q8: [
    { bits: 8, zeroPoints: false },
    { bits: 8, zeroPoints: true },
  ],
  q4: [
    { bits: 4, zeroPoints: false },
    { bits: 8, zeroPoints: true },
  ],
};

/**
 * @param config the base model's `config.json`
 * @throws as `convertCheckpoint` does for such a config; UnsupportedError where a block is too large in this dtype
 */
export function plannedStorage(config: JsonObject, dtype: WeightDtype): PlannedStorage {
  const network = architectureOf(config).network(config, { head: null });
  const plain: WeightLayout = dtype === 'fp32' ? 'f32' : 'f16';
  const layoutOf = ({ shape, quantize }: PlannedWeight, block: BlockFormat | null): WeightLayout =>
    shape.length < 2 ? 'f32' : quantize && block ? block : plain;
  const [least, largest] = BLOCKS[dtype];
  const stages = planStages(network, (weight) => storedBytes(weight, layoutOf(weight, least)));
  const weights = stages.flatMap((stage) => stage.weights);
  const table = network.vocabSize * rowBytes(dtype, network.hiddenSize);
  let gpu = 0;
  let largestBuffer = 0;
  let quantized = 0; // weights
  for (const weight of weights) {
    const layout = layoutOf(weight, largest);
    if (dtype === 'q4' && weight.quantize && weight.shape.length > 1) quantized += weight.shape[0]! * columnsOf(weight);
    else gpu += storedBytes(weight, layout);
    largestBuffer = Math.max(largestBuffer, ...tensorsOf(weight, layout).map(({ bytes }) => bytes));
  }
  if (dtype === 'q4') gpu += ((quantized + network.vocabSize * network.hiddenSize) * Q4_BUDGET_BITS) / 8 - table;
  return { store: Math.ceil(gpu + table), gpu: Math.ceil(gpu), largestBuffer };
}
