/** @file Converts the fixture models that the browser tests load into `.cache/e2e-bundles`. Run by `builds.ts`. */
import path from 'node:path';
import { convertFixture } from '../src/testing/bundles';
import { recipeNamed } from '../src/recipes';
import { MODEL_NAMES } from '../src/testing/fixtures';
import { golden } from '../src/testing/golden';

const IS_FULL = process.env.VLM2VEC_FULL_TESTS === '1';
// Bundles are replaced one by one: another run may be reading them.
const OUT = path.resolve('.cache/e2e-bundles');

const names = IS_FULL ? MODEL_NAMES : (['tiny-tied', 'tiny-untied', 'tiny-tied+dora'] as const);
for (const name of names) await convertFixture(name, path.join(OUT, name), { dtype: 'fp32' });
for (const dtype of ['fp16', 'q8'] as const) {
  await convertFixture('tiny-tied+dora', path.join(OUT, `dora-${dtype}`), { dtype });
}
// Several stages per tower, so that tensors pass from stage to stage on the GPU.
await convertFixture('tiny-tied', path.join(OUT, 'stages'), { dtype: 'fp32', maxStageBytes: 3.5e6 });
// One recipe for each kind of positions and pooling.
for (const name of ['gme', 'ops-mm-v1', 'qwen3-vl-embedding', 'colqwen2']) {
  const { checkpoint, adapter } = golden(name);
  await convertFixture({ checkpoint, adapter }, path.join(OUT, `recipe-${name}`), {
    dtype: 'fp32',
    recipe: recipeNamed(name),
  });
}
// A two-tower model, for the first pass of an index with two models.
await convertFixture({ checkpoint: 'tiny-siglip2', adapter: null }, path.join(OUT, 'siglip2'), { dtype: 'fp32' });
// The other architectures; Phi at q4 with its adapter, as from a Hub.
for (const [name, adapter] of [
  ['llava-next', null],
  ['phi3-v', 'phi3-v-dora'],
] as const) {
  const checkpoint = `tiny-${name}`;
  await convertFixture({ checkpoint }, path.join(OUT, name), { dtype: 'fp32' });
  await convertFixture({ checkpoint, adapter }, path.join(OUT, `${name}-q4`), { dtype: 'q4' });
}
