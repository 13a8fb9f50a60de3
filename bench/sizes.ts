/**
 * @file The sizes of official checkpoints as bundles, by dtype, computed from their configs by the code that
 * `models.estimate` uses. Nothing is measured or downloaded.
 *
 *   npx tsx bench/sizes.ts
 */
import type { WeightDtype } from '../src';
import { plannedStorage } from '../src/convert';
import { configOf, elements, OFFICIAL_MODELS, officialShards, type OfficialName } from '../src/testing/official-models';
import { megabytes, table } from './lib/report';

const DTYPES: WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];
const NAMES = Object.keys(OFFICIAL_MODELS) as OfficialName[];

function row(name: OfficialName, dtype: WeightDtype): string[] {
  const { store, gpu, largestBuffer } = plannedStorage(configOf(name, 'official'), dtype);
  return [name, dtype, megabytes(store), megabytes(gpu), megabytes(store - gpu), megabytes(largestBuffer)];
}

for (const name of NAMES) {
  const weights = officialShards(name)
    .flat()
    .reduce((sum, tensor) => sum + elements(tensor), 0);
  console.log(`${name}: ${weights} weights, ${megabytes(2 * weights)} in bf16`);
}
console.log(
  table(
    ['model', 'dtype', 'stored', 'on the GPU', 'token embeddings', 'largest buffer'],
    NAMES.flatMap((name) => DTYPES.map((dtype) => row(name, dtype))),
  ),
);
