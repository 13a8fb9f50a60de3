/** @file How much a checkpoint will take as a bundle, from its config alone. */

import type { JsonObject, WeightDtype } from '../bundle/manifest';
import { architectureOf } from '../models';
import { plainLayouts, Q8, Q8_ZERO } from './choose';
import { storedBytes, tensorsOf, type WeightLayout } from './layout';
import { placeWeights } from './plan';

export interface PlannedStorage {
  /** All weights. At q8 an upper bound: which matrices have zero points is decided by their values. */
  store: number;
  /** Those that go to the GPU. */
  gpu: number;
  /** The largest tensor of them. */
  largestBuffer: number;
}

/**
 * @param config the base model's `config.json`
 * @throws as `convertCheckpoint` does for such a config; UnsupportedError where a block is too large in this dtype
 */
export function plannedStorage(config: JsonObject, dtype: WeightDtype): PlannedStorage {
  const network = architectureOf(config).network(config, { head: null });
  const { stages, table } = placeWeights(network, dtype, plainLayouts(network, dtype));
  let gpu = 0;
  let largestBuffer = 0;
  for (const { weight, layout } of stages.flatMap(({ file }) => file.weights)) {
    const most = layout === Q8 && dtype === 'q8' ? Q8_ZERO : (layout as WeightLayout);
    gpu += storedBytes(weight, most);
    largestBuffer = Math.max(largestBuffer, ...tensorsOf(weight, most).map(({ bytes }) => bytes));
  }
  return { store: gpu + table.bytes, gpu, largestBuffer };
}
