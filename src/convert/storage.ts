/** @file How much a checkpoint will take as a bundle, from its config alone. */

import type { JsonObject, WeightDtype } from '../bundle/manifest';
import { momentBytes } from '../bundle/moments';
import { architectureOf, momentColumns, slicesToFit, type Head, type PlannedWeight } from '../models';
import { plainLayouts } from './choose';
import { boundLayout, storedBytes, tensorsOf, type WeightLayout } from './layout';
import { placeWeights } from './plan';

export interface PlannedStorage {
  /** All weights. At q8 an upper bound: which matrices have zero points is decided by their values. */
  store: number;
  /** The weights that go to the GPU. */
  gpu: number;
  /** The largest tensor among them. */
  largestBuffer: number;
  /** The measurements of a second pass, kept until it ends; 0 if no weight has 4 bits. */
  moments: number;
}

/**
 * @param config the base model's `config.json`
 * @param head the recipe's head, which is stored with the weights
 * @throws as `convertCheckpoint` does for such a config; UnsupportedError if a part of it is too large for a weight
 * file in this dtype
 */
export function plannedStorage(config: JsonObject, dtype: WeightDtype, head?: Head): PlannedStorage {
  const architecture = architectureOf(config);
  const networkOf = (mlpSlices: number) => architecture.network(config, { head: head ?? null, mlpSlices });
  const most = (weight: PlannedWeight) => storedBytes(weight, boundLayout(weight, dtype, 'most'));
  const network = networkOf(slicesToFit(networkOf, most));
  const { stages, table } = placeWeights(network, dtype, plainLayouts(network, dtype));
  let gpu = 0;
  let largestBuffer = 0;
  for (const { weight, layout } of stages.flatMap(({ file }) => file.weights)) {
    const most = dtype === 'q8' ? boundLayout(weight, dtype, 'most') : (layout as WeightLayout);
    gpu += storedBytes(weight, most);
    largestBuffer = Math.max(largestBuffer, ...tensorsOf(weight, most).map(({ bytes }) => bytes));
  }
  const moments = stages
    .flatMap(({ plan: { kind, steps }, file: { path, weights } }) => {
      const tensors = weights.flatMap((placed) => placed.tensors);
      return momentColumns(network, { kind, steps, weights: { path }, tensors });
    })
    .reduce((sum, columns) => sum + momentBytes(columns), 0);
  return { store: gpu + table.bytes, gpu, largestBuffer, moments };
}
