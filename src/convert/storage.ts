/** @file How much a checkpoint will take as a bundle, from its config alone. */

import type { WeightDtype } from '../bundle/manifest';
import { rowBytes } from '../bundle/rows';
import { parseConfig, planStages } from '../models';
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

/** `configJson`: the base model's `config.json`. @throws as `convertCheckpoint` does for such a config */
export function plannedStorage(configJson: Record<string, unknown>, dtype: WeightDtype): PlannedStorage {
  const config = parseConfig(configJson);
  const weights = planStages(config, () => 0).flatMap((stage) => stage.weights);
  const table = config.vocabSize * rowBytes(dtype, config.hiddenSize);
  const plain: WeightLayout = dtype === 'fp32' ? 'f32' : 'f16';
  const largest: WeightLayout = dtype === 'q8' || dtype === 'q4' ? { bits: 8, zeroPoints: true } : plain;
  let gpu = 0;
  let largestBuffer = 0;
  let quantized = 0; // weights
  for (const weight of weights) {
    const layout = weight.shape.length < 2 ? 'f32' : weight.quantize ? largest : plain;
    if (dtype === 'q4' && weight.quantize && weight.shape.length > 1) quantized += weight.shape[0]! * columnsOf(weight);
    else gpu += storedBytes(weight, layout);
    largestBuffer = Math.max(largestBuffer, ...tensorsOf(weight, layout).map(({ bytes }) => bytes));
  }
  if (dtype === 'q4') gpu += ((quantized + config.vocabSize * config.hiddenSize) * Q4_BUDGET_BITS) / 8 - table;
  return { store: Math.ceil(gpu + table), gpu: Math.ceil(gpu), largestBuffer };
}
