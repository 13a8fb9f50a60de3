/**
 * @file How the models of VLM2Vec's table are stored at every dtype, from their published shapes: nothing is refused,
 * no file is too large, no buffer exceeds what every WebGPU allows, and every number of the checkpoint is stored once.
 */

import { describe, expect, test } from 'vitest';
import { MAX_STAGE_BYTES, type WeightDtype } from '../bundle/manifest';
import { architectureOf, slicesToFit, type PlannedWeight } from '../models';
import { OFFICIAL_MODELS, type OfficialName } from '../testing/official-models';
import { boundLayout, storedBytes } from './layout';
import { placeWeights } from './plan';
import { rowsOfPart } from './rows';

/** `maxStorageBufferBindingSize` of every WebGPU. */
const LEAST_BINDING = 128 * 2 ** 20;
const NAMES = Object.keys(OFFICIAL_MODELS) as OfficialName[];
const DTYPES: WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];

function planned(name: OfficialName, dtype: WeightDtype, bound: 'least' | 'most') {
  const { config } = OFFICIAL_MODELS[name];
  const architecture = architectureOf(config);
  const networkOf = (mlpSlices: number) => architecture.network(config, { head: null, mlpSlices });
  const mlpSlices = slicesToFit(networkOf, (weight) => storedBytes(weight, boundLayout(weight, dtype, 'most')));
  const network = networkOf(mlpSlices);
  const weights = [...network.towers.vision.blocks, ...network.towers.text.blocks].flat(2);
  const layouts = new Map(weights.map((weight) => [weight.name, boundLayout(weight, dtype, bound)]));
  return { ...placeWeights(network, dtype, layouts), mlpSlices, whole: networkOf(1) };
}

/** How many numbers of each checkpoint tensor the weights use. */
function taken(weights: readonly PlannedWeight[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const weight of weights) {
    const [, columns = 1] = weight.shape;
    weight.parts.forEach((part, index) => {
      const { first, last } = rowsOfPart(weight, index, weight.shape[0]!);
      // In unsliced weights, only the checkpoint knows how the rows are divided among the parts.
      const rows = weight.slice ? last - first : weight.shape[0]! / weight.parts.length;
      numbers.set(part, (numbers.get(part) ?? 0) + rows * columns);
    });
  }
  return numbers;
}

const SLICES: Partial<Record<`${OfficialName} ${WeightDtype}`, number>> = {
  'qwen2-vl-7b fp16': 2, // 389 MiB an MLP
  'qwen2-vl-7b fp32': 4,
  'qwen3-vl-embedding-8b fp16': 2, // 288 MiB
  'qwen3-vl-embedding-8b fp32': 3,
  'llava-next fp16': 2, // 336 MiB
  'llava-next fp32': 3,
  'phi3-v fp32': 2, // 288 MiB
};

describe.each(NAMES.flatMap((name) => DTYPES.map((dtype) => [name, dtype] as const)))('%s at %s', (name, dtype) => {
  test.each(['least', 'most'] as const)('with the %s bits that its matrices may get', (bound) => {
    const { stages } = planned(name, dtype, bound);
    for (const { file, plan } of stages) {
      expect(file.bytes, plan.name).toBeLessThanOrEqual(MAX_STAGE_BYTES);
      for (const { bytes, name: tensor } of file.weights.flatMap(({ tensors }) => tensors)) {
        expect(bytes, tensor).toBeLessThanOrEqual(LEAST_BINDING);
      }
    }
    for (const kind of ['vision', 'text'] as const) {
      const of = stages.filter(({ plan }) => plan.kind === kind).map(({ plan }) => plan.steps);
      of.forEach(({ first }, index) => expect(first).toBe(index === 0 ? 0 : of[index - 1]!.last));
    }
  });

  test('weights are sliced only if a file would be too large, and the slices are complete', () => {
    const { network, mlpSlices, whole } = planned(name, dtype, 'most');
    expect(mlpSlices).toBe(SLICES[`${name} ${dtype}`] ?? 1);
    const weights = (of: typeof network) => of.towers.text.blocks.flat(2);
    expect(taken(weights(network))).toEqual(taken(weights(whole)));
  });
});
