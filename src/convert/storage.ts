/** @file How much a checkpoint will take as a bundle, from its config alone. */

import type { JsonObject, WeightDtype } from '../bundle/manifest';
import { rowBytes } from '../bundle/rows';
import { architectureOf, planStages, slicesToFit, type PlannedWeight, type Head } from '../models';
import { Q4_BUDGET_BITS } from './choose';
import { boundLayout, storedBytes, tensorsOf } from './layout';
import { columnsOf } from './rows';

export interface PlannedStorage {
  /** All weights. An upper bound: how single matrices are stored is decided by their values. */
  store: number;
  /** Those that go to the GPU. */
  gpu: number;
  /** The largest tensor of them. */
  largestBuffer: number;
}

/**
 * @param config the base model's `config.json`
 * @param head the recipe's, which is stored with the weights
 * @throws as `convertCheckpoint` does for such a config; UnsupportedError where a part of it is too large for a weight file in this dtype
 */
export function plannedStorage(config: JsonObject, dtype: WeightDtype, head?: Head): PlannedStorage {
  const architecture = architectureOf(config);
  const networkOf = (mlpSlices: number) => architecture.network(config, { head: head ?? null, mlpSlices });
  const most = (weight: PlannedWeight) => storedBytes(weight, boundLayout(weight, dtype, 'most'));
  const network = networkOf(slicesToFit(networkOf, most));
  const stages = planStages(network, (weight) => storedBytes(weight, boundLayout(weight, dtype, 'least')));
  const weights = stages.flatMap((stage) => stage.weights);
  const table = network.vocabSize * rowBytes(dtype, network.hiddenSize);
  let gpu = 0;
  let largestBuffer = 0;
  let quantized = 0; // weights
  for (const weight of weights) {
    const layout = boundLayout(weight, dtype, 'most');
    if (dtype === 'q4' && weight.quantize && weight.shape.length > 1) quantized += weight.shape[0]! * columnsOf(weight);
    else gpu += storedBytes(weight, layout);
    largestBuffer = Math.max(largestBuffer, ...tensorsOf(weight, layout).map(({ bytes }) => bytes));
  }
  if (dtype === 'q4') gpu += ((quantized + network.vocabSize * network.hiddenSize) * Q4_BUDGET_BITS) / 8 - table;
  return { store: Math.ceil(gpu + table), gpu: Math.ceil(gpu), largestBuffer };
}
