/**
 * @file A small random checkpoint in the published layout, compared with the results of the authors' own code, from the
 * checkpoint's files to the vector: `reference/fixtures/backbones/phi3-v.json`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../errors';
import { loadRuntime, type Runtime } from '../../runtime';
import { folderBundle } from '../../store/folder.node';
import { adaptedOracle, backboneOracle, idsOf, optionsOf, type BackboneCase } from '../../testing/backbones';
import { convertFixture } from '../../testing/bundles';
import { cosine, maxDifference } from '../../testing/fixtures';
import { floats, goldenInput } from '../../testing/golden';

const { checkpoint, cases } = backboneOracle('phi3-v');
const isPicture = ({ images }: BackboneCase) => images !== undefined;
const byId = (id: string) => cases.find((each) => each.id === id)!;

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-phi3-'));
let runtime: Runtime;

beforeAll(async () => {
  const out = path.join(folder, 'fp32');
  await convertFixture({ checkpoint }, out, { dtype: 'fp32' });
  runtime = await loadRuntime({ reader: folderBundle(out), probe: 'always' });
});
afterAll(async () => {
  await runtime?.dispose();
  rmSync(folder, { recursive: true });
});

const embed = async (item: BackboneCase) => (await runtime.embed([goldenInput(item)], optionsOf(item)))[0]!;

test('the oracle has both kinds of input, and texts on both sides of the switch', () => {
  expect(cases.filter(isPicture).length).toBe(33);
  expect(cases.filter((item) => !isPicture(item) && item.ids.length > 600).length).toBe(2);
});

/**
 * Of pictures whose tiles are laid out alike, only the first is embedded, except in the full tests: they differ only in
 * their ids and pixels.
 */
const IS_FULL = process.env.VLM2VEC_FULL_TESTS === '1';
const isFirst = (item: BackboneCase) => cases.find(({ grid }) => String(grid) === String(item.grid)) === item;

describe('ids and vectors', () => {
  test.each(cases.map(({ id }) => id))('%s', async (id) => {
    const item = byId(id);
    const seen = await runtime.tokens(goldenInput(item), optionsOf(item));
    expect(seen.ids).toEqual(idsOf(item, -1));
    if (!IS_FULL && isPicture(item) && !isFirst(item)) return;
    const found = await embed(item);
    const wanted = floats(item.embedding);
    expect(maxDifference(found, wanted)).toBeLessThan(1e-5);
    expect(1 - cosine(found, wanted)).toBeLessThan(1e-6);
  });
});

test('texts on both sides of the switch in one call', async () => {
  const texts = cases.filter((item) => !isPicture(item));
  const found = await runtime.embed(texts.map(goldenInput), { orientation: 'stored' });
  texts.forEach((item, i) => expect(maxDifference(found[i]!, floats(item.embedding)), item.id).toBeLessThan(1e-5));
});

test('pictures with the same number of tiles, laid out in different ways, in one call', async () => {
  const sameCrops = cases.filter(({ numCrops, grid }) => numCrops === 4 && grid![0] * grid![1] === 4);
  expect(new Set(sameCrops.map(({ grid }) => String(grid))).size).toBe(3);
  const some = ['picture-20x300-4', 'picture-300x20-4', 'picture-7x5-4', 'picture-800x599-4'].map(byId);
  const found = await runtime.embed(some.map(goldenInput), optionsOf(some[0]!));
  some.forEach((item, i) => expect(maxDifference(found[i]!, floats(item.embedding)), item.id).toBeLessThan(1e-5));
});

test('without the option, as many crops as the checkpoint says', async () => {
  const item = byId('picture-800x599-16');
  const { ids } = await runtime.tokens(goldenInput(item), { orientation: 'stored' });
  expect(ids).toEqual(idsOf(item, -1));
});

test('with a DoRA adapter of both towers, as torch saved it, in stages of a block', async () => {
  const adapted = adaptedOracle('phi3-v+dora');
  const out = path.join(folder, 'dora');
  const { adapter } = adapted;
  await convertFixture({ checkpoint, adapter }, out, { dtype: 'fp32', maxStageBytes: 2 ** 21 });
  const merged = await loadRuntime({ reader: folderBundle(out), probe: 'never' });
  for (const { id, embedding, cosineToBase } of adapted.cases) {
    const item = byId(id);
    const [found] = await merged.embed([goldenInput(item)], optionsOf(item));
    expect(maxDifference(found!, floats(embedding)), id).toBeLessThan(1e-5);
    expect(cosine(found!, floats(item.embedding)), id).toBeCloseTo(cosineToBase, 4);
  }
  await merged.dispose();
});

test('marks of another picture are refused', async () => {
  const [image] = goldenInput(byId('picture-1x1-4')).image!;
  for (const text of ['<|image_1|> and <|image_1|>', '<|image_2|> here', '<|image_1|> <|image_2|>']) {
    await expect(runtime.embed([{ text, image: [image!] }], { numCrops: 1 })).rejects.toThrow(InvalidInputError);
  }
});

test.each(['q4', 'q8', 'fp16'] as const)('%s stays close', async (dtype) => {
  const out = path.join(folder, dtype);
  await convertFixture({ checkpoint }, out, { dtype });
  const stored = await loadRuntime({ reader: folderBundle(out), probe: 'always' });
  const item = byId('picture-336x336-1');
  const [found] = await stored.embed([goldenInput(item)], optionsOf(item));
  const least = { q4: 0.8, q8: 0.999, fp16: 0.99999 }[dtype];
  expect(cosine(found!, floats(item.embedding))).toBeGreaterThan(least);
  await stored.dispose();
});

test('activations in float16', async () => {
  const half = await loadRuntime({
    reader: folderBundle(path.join(folder, 'fp32')),
    activations: 'f16',
    probe: 'never',
  });
  for (const id of ['picture-800x599-4', 'picture-20x300-4', 'text-601-tokens', 'text', 'text-empty']) {
    const item = byId(id);
    const [found] = await half.embed([goldenInput(item)], optionsOf(item));
    expect(cosine(found!, floats(item.embedding)), id).toBeGreaterThan(0.999);
  }
  await half.dispose();
});
