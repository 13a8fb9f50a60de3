/**
 * @file What official checkpoints take as bundles, by dtype, computed from their configs by the code that `models.estimate`
 * uses. Nothing is measured or downloaded.
 *
 *   npx tsx bench/sizes.ts
 */
import type { WeightDtype } from '../src';
import { plannedStorage } from '../src/convert';
import { UnsupportedError } from '../src/errors';
import { baseConfig, baseTensors, SIZES, type Size } from './lib/qwen2-vl-shapes';
import { megabytes, table } from './lib/report';

/** The numbers of Qwen/Qwen2-VL-7B-Instruct. */
const SEVEN: Size = {
  ...SIZES['2b'],
  ...{ hidden: 3584, intermediate: 18944, heads: 28, kvHeads: 4, vocab: 152064 },
};
const DTYPES: WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];

function row(name: string, size: Size, dtype: WeightDtype): string[] {
  try {
    const { store, gpu, largestBuffer } = plannedStorage(baseConfig(size), dtype);
    return [name, dtype, megabytes(store), megabytes(gpu), megabytes(store - gpu), megabytes(largestBuffer)];
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return [name, dtype, error.message, '', '', ''];
  }
}

for (const [name, size] of [
  ['2B', SIZES['2b']],
  ['7B', SEVEN],
] as const) {
  const weights = baseTensors(size).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  // The 7B has an output matrix of its own, which is read and dropped.
  const output = name === '7B' ? size.vocab * size.hidden : 0;
  console.log(`${name}: ${weights + output} weights, ${megabytes(2 * (weights + output))} in bf16`);
}
console.log(
  table(
    ['model', 'dtype', 'stored', 'on the GPU', 'token embeddings', 'largest buffer'],
    [...DTYPES.map((dtype) => row('2B', SIZES['2b'], dtype)), ...DTYPES.map((dtype) => row('7B', SEVEN, dtype))],
  ),
);
