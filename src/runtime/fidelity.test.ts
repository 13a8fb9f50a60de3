import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../store';
import { folderBundle } from '../store/folder.node.js';
import { convertFixture, type FixtureBundleOptions } from '../testing/bundles';
import {
  cosine,
  expectedInputs,
  expectedModel,
  fixtureInputs,
  fixturePath,
  maxDifference,
  MODEL_NAMES,
  type FixtureInput,
  type ModelName,
} from '../testing/fixtures';
import { loadRuntime, type Runtime, type RuntimeOptions } from './runtime';
import type { EmbedOptions, InputParts } from './types';

let folder: string;
const open: Runtime[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vlm2vec-runtime-'));
});
afterAll(async () => {
  for (const runtime of open) await runtime.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function bundle(name: ModelName, options: FixtureBundleOptions): Promise<string> {
  const out = join(folder, `${name}-${options.dtype}-${options.maxStageBytes ?? 0}`);
  if (
    !(await folderBundle(out)
      .open('bundle.json')
      .catch(() => null))
  )
    await convertFixture(name, out, options);
  return out;
}

async function load(path: string, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await loadRuntime({ reader: folderBundle(path), ...options });
  open.push(runtime);
  return runtime;
}

/** A fixture input as `embed` takes it, with its pixel limits. */
function asInput({ text, image, minPixels, maxPixels }: FixtureInput): [InputParts, EmbedOptions] {
  const parts: InputParts = { text };
  if (image !== null) parts.image = pathToFileURL(fixturePath(image));
  const options: EmbedOptions = { orientation: 'stored' };
  if (minPixels !== null) options.minPixels = minPixels;
  if (maxPixels !== null) options.maxPixels = maxPixels;
  return [parts, options];
}

/**
 * Models that differ from these only in how their weights were merged are only partly tested, except in the full tests.
 */
const WHOLE: readonly ModelName[] = process.env.VLM2VEC_FULL_TESTS
  ? MODEL_NAMES
  : ['tiny-tied', 'tiny-untied', 'tiny-tied+dora'];

/** The worst agreement with the oracle over its inputs. */
async function agreement(runtime: Runtime, name: ModelName) {
  const { embeddings } = expectedModel(name);
  let worst = 1;
  let difference = 0;
  for (const input of fixtureInputs().filter((_, i) => WHOLE.includes(name) || i % 4 === 0)) {
    const [vector] = await runtime.embed([asInput(input)[0]], asInput(input)[1]);
    worst = Math.min(worst, cosine(vector!, embeddings.get(input.id)!));
    difference = Math.max(difference, maxDifference(vector!, embeddings.get(input.id)!));
  }
  return { worst, difference };
}

describe.each(MODEL_NAMES)('%s agrees with the oracle', (name) => {
  test('exactly with fp32 weights', async () => {
    const { worst, difference } = await agreement(await load(await bundle(name, { dtype: 'fp32' })), name);
    expect(worst).toBeGreaterThanOrEqual(0.99999);
    expect(difference).toBeLessThanOrEqual(1e-4);
  });

  test.each([
    ['fp16', 0.9999],
    ['q8', 0.999],
  ] as const)('with %s weights to %f', async (dtype, least) => {
    const { worst } = await agreement(await load(await bundle(name, { dtype })), name);
    expect(worst).toBeGreaterThanOrEqual(least);
  });
});

test('f16 activations agree with the oracle to 0.999', async () => {
  const runtime = await load(await bundle('tiny-tied+dora', { dtype: 'fp16' }), { activations: 'f16' });
  expect(runtime.info.activations).toBe('f16');
  const { worst } = await agreement(runtime, 'tiny-tied+dora');
  expect(worst).toBeGreaterThanOrEqual(0.999);
  expect(worst).toBeLessThan(1 - 1e-12); // f32 in disguise would be closer
});

test('a reader that ignored the DoRA magnitude would be noticed', async () => {
  const runtime = await load(await bundle('tiny-tied+dora', { dtype: 'fp32' }));
  const { embeddings, withoutMagnitude } = expectedModel('tiny-tied+dora');
  for (const [id, wrong] of withoutMagnitude!) {
    expect(cosine(wrong, embeddings.get(id)!)).toBeLessThan(0.99999);
  }
  const { worst } = await agreement(runtime, 'tiny-tied+dora');
  expect(worst).toBeGreaterThanOrEqual(0.99999);
});

test('token ids and grids are the oracle’s', async () => {
  const runtime = await load(await bundle('tiny-tied', { dtype: 'fp32' }));
  const expected = expectedInputs();
  for (const input of fixtureInputs()) {
    const { ids, grid } = await runtime.tokens(...asInput(input));
    const wanted = expected.get(input.id)!;
    expect(ids, input.id).toEqual(wanted.ids);
    expect(grid && [grid.height, grid.width], input.id).toEqual(wanted.grid);
  }
});

test('several stages per tower give the same as one', async () => {
  const path = await bundle('tiny-tied', { dtype: 'fp32', maxStageBytes: 3.5e6 });
  const { stages } = await readManifest(folderBundle(path));
  expect(stages.filter(({ kind }) => kind === 'vision').length).toBeGreaterThan(1);
  expect(stages.filter(({ kind }) => kind === 'text').length).toBeGreaterThan(1);
  const { worst, difference } = await agreement(await load(path), 'tiny-tied');
  expect(worst).toBeGreaterThanOrEqual(0.99999);
  expect(difference).toBeLessThanOrEqual(1e-4);
});
