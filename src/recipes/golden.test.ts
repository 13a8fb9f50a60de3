/**
 * @file Each shipped recipe against the vectors that its authors' own code gave for a small random checkpoint, from the
 * checkpoint's files to the vector: strings, ids, grids, positions and numbers.
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { maxSim, type MultiVector } from '../multi-vector';
import { loadRuntime, type EmbedOptions, type InputParts, type Runtime } from '../runtime';
import { folderBundle } from '../store/folder.node';
import { convertFixture } from '../testing/bundles';
import { cosine, maxDifference } from '../testing/fixtures';
import { floats, golden, GOLDEN_RECIPES, goldenInput, patchesOf, type GoldenCase } from '../testing/golden';
import { compose, recipeNamed, recipes, type Recipe } from './index';

/** Embedding larger pictures is for `npm run test:full`; their ids, grids and positions are always compared. */
const MOST_PATCHES = process.env.VLM2VEC_FULL_TESTS ? Infinity : 1200;

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By the oracles of their architectures: `expected`, and `backbones/siglip.json`. */
const ELSEWHERE = ['vlm2vec', 'siglip2'];

test('every recipe has golden vectors, here or with its architecture', () => {
  const named = recipes.map(({ name }) => name).filter((name) => !ELSEWHERE.includes(name));
  expect(named.filter((name) => !GOLDEN_RECIPES.includes(name))).toEqual([]);
});

/** The small checkpoint has fewer dimensions than the real ones, so shorter vectors are asked of it. */
const forSmall = (recipe: Recipe): Recipe => (recipe.dims ? { ...recipe, dims: { from: 1 } } : recipe);

describe.each(GOLDEN_RECIPES.filter((name) => recipes.some((recipe) => recipe.name === name)))('%s', (name) => {
  const { checkpoint, adapter, cases, mistakes, scores, limit } = golden(name);
  const recipe = forSmall(recipeNamed(name));
  const isRaw = 'raw' in recipe.prompt;
  const isWithin = (item: GoldenCase) =>
    recipe.maxTokens === undefined || item.ids.length < recipe.maxTokens || !item.id.includes('long');
  const taken = cases.filter((item) => !item.refused && isWithin(item));
  const embedded = taken.filter((item) => patchesOf(item) <= MOST_PATCHES);
  const small = embedded.map(({ id }) => id);
  let runtime: Runtime;

  beforeAll(async () => {
    const out = path.join(folder, name);
    await convertFixture({ checkpoint, adapter }, out, { dtype: 'fp32', recipe });
    runtime = await loadRuntime({ reader: folderBundle(out) });
  });
  afterAll(() => runtime?.dispose());

  /** Strings of raw prompts are the caller's own, whole. */
  const optionsOf = ({ role, prefix, dims, maxTokens }: GoldenCase): EmbedOptions => ({
    orientation: 'stored',
    ...(isRaw || role === null ? {} : { role }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(dims === undefined ? {} : { dims }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  });

  const inputOf = (item: GoldenCase): InputParts => {
    const { instruction } = item;
    return { ...goldenInput(item), ...(instruction === undefined ? {} : { instruction }) };
  };
  const embed = async (item: GoldenCase) =>
    (await runtime.embed<Float32Array | MultiVector>([inputOf(item)], optionsOf(item)))[0]!;

  test.each(taken.map(({ id }) => id))('string, ids, grids and positions: %s', async (id) => {
    const item = cases.find((each) => each.id === id)!;
    const { text, images = [], role, ...rest } = item;
    const request = { text, images: images.length, emptyText: true, ...(isRaw || role === null ? {} : { role }) };
    const { instruction, prefix } = rest;
    const { prompt } = compose({ ...request, instruction, prefix }, recipe, '<|image_pad|>');
    expect(prompt).toBe(item.string);
    const seen = await runtime.tokens(inputOf(item), optionsOf(item));
    expect(seen.ids).toEqual(item.ids);
    expect(seen.grids.map(({ height, width }) => [height, width])).toEqual(item.grids);
    if (item.positions) expect(seen.positions).toEqual(item.positions);
  });

  test.each(small)('vector: %s', async (id) => {
    const item = cases.find((each) => each.id === id)!;
    const found = await embed(item);
    if (item.embedding !== undefined) {
      const wanted = floats(item.embedding);
      expect(cosine(found as Float32Array, wanted)).toBeGreaterThan(0.999999);
      expect(maxDifference(found as Float32Array, wanted)).toBeLessThan(5e-6);
      return;
    }
    const { data, count, dims } = found as MultiVector;
    expect(count).toBe(item.ids.length);
    const wanted = floats(item.embeddings!);
    const rows = item.rows ?? Array.from({ length: count }, (_, row) => row);
    expect(wanted.length).toBe(rows.length * dims);
    rows.forEach((row, i) => {
      const vector = data.subarray(row * dims, (row + 1) * dims);
      expect(maxDifference(vector, wanted.subarray(i * dims, (i + 1) * dims))).toBeLessThan(2e-5);
    });
  });

  test.runIf(limit)('a text beyond the limit is cut there', async () => {
    const { ids } = await runtime.tokens({ text: limit!.text });
    expect([ids.length, ids.slice(-3)]).toEqual([limit!.tokens, limit!.last]);
    expect(createHash('sha256').update(Int32Array.from(ids)).digest('hex')).toBe(limit!.sha256);
  });

  test('a batch gives what single inputs give', async () => {
    const same = embedded.filter((item) => JSON.stringify(optionsOf(item)) === JSON.stringify(optionsOf(embedded[0]!)));
    const together = await runtime.embed<Float32Array | MultiVector>(same.map(inputOf), optionsOf(embedded[0]!));
    for (const [i, item] of same.entries()) {
      const alone = await embed(item);
      const numbers = (of: Float32Array | MultiVector) => (of instanceof Float32Array ? of : of.data);
      expect(maxDifference(numbers(together[i]!), numbers(alone)), item.id).toBeLessThan(5e-6);
    }
  });

  test.each(cases.filter(({ refused }) => refused).map(({ id }) => id))('refused: %s', async (id) => {
    const item = cases.find((each) => each.id === id)!;
    await expect(embed(item)).rejects.toThrow(InvalidInputError);
  });

  test('the nearest mistakes are all beyond what these tests allow', () => {
    expect(mistakes.length).toBeGreaterThan(3);
    for (const { name: mistake, cosine: left, difference } of mistakes) {
      if (difference === undefined) expect(left, mistake).toBeLessThan(0.999999 - 1e-6);
      else expect(difference, mistake).toBeGreaterThan(1e-5);
    }
  });

  test.runIf(scores)('scores of the authors’ scorer', async () => {
    const { queries, documents, values } = scores!;
    const wanted = queries
      .flatMap((query, q) => documents.map((document, d) => ({ query, document, score: values[q]![d]! })))
      .filter(({ query, document }) => small.includes(query) && small.includes(document));
    expect(wanted.length).toBeGreaterThan(0);
    const vectors = new Map<string, MultiVector>();
    for (const id of new Set(wanted.flatMap(({ query, document }) => [query, document]))) {
      vectors.set(id, (await embed(cases.find((each) => each.id === id)!)) as MultiVector);
    }
    for (const { query, document, score } of wanted) {
      expect(maxSim(vectors.get(query)!, vectors.get(document)!)).toBeCloseTo(score, 4);
    }
  });
});

test('vlm2vec-v2: an adapter under the names of transformers from 4.52 on gives the same vectors', async () => {
  const { checkpoint, cases } = golden('vlm2vec-v2');
  const out = path.join(folder, 'newer-names');
  await convertFixture({ checkpoint, adapter: 'dora-all-newer-names' }, out, {
    dtype: 'fp32',
    recipe: recipeNamed('vlm2vec-v2'),
  });
  const runtime = await loadRuntime({ reader: folderBundle(out) });
  const item = cases.find(({ id }) => id === 'text')!;
  const [vector] = await runtime.embed([goldenInput(item)]);
  await runtime.dispose();
  expect(cosine(vector!, floats(item.embedding!))).toBeGreaterThan(0.999999);
});
