/**
 * @file Bundles of every architecture, cut wherever that is possible, and with sliced MLPs: the result is still
 * what the public code gave.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import { BundleFormatError } from '../errors';
import { loadRuntime, type EmbedOptions, type InputParts } from '../runtime';
import { folderBundle } from '../store/folder.node';
import { backboneOracle } from '../testing/backbones';
import { convertFixture, type FixtureParts } from '../testing/bundles';
import { cutBundle } from '../testing/cut-bundle';
import { cosine, expectedModel, fixtureInputs, fixturePath, maxDifference } from '../testing/fixtures';
import { floats, golden, goldenInput } from '../testing/golden';

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-cut-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  input: InputParts;
  options: EmbedOptions;
  wanted: Float32Array;
}

function qwenCase(id: string): Case {
  const { text, image, minPixels, maxPixels } = fixtureInputs().find((item) => item.id === id)!;
  return {
    input: { text, ...(image === null ? {} : { image: pathToFileURL(fixturePath(image)) }) },
    options: {
      orientation: 'stored',
      ...(minPixels === null ? {} : { minPixels }),
      ...(maxPixels === null ? {} : { maxPixels }),
    },
    wanted: expectedModel('tiny-tied').embeddings.get(id)!,
  };
}

function backboneCase(name: 'llava-next' | 'phi3-v', id: string): Case {
  const item = backboneOracle(name).cases.find((each) => each.id === id)!;
  const { text, image } = goldenInput(item);
  return {
    input: { text, ...(image ? { image: image[0] } : {}) } as InputParts,
    options: { orientation: 'stored', ...(item.numCrops === undefined ? {} : { numCrops: item.numCrops }) },
    wanted: floats(item.embedding),
  };
}

function recipeCase(id: string): Case {
  const item = golden('qwen3-vl-embedding').cases.find((each) => each.id === id)!;
  const { text, image } = goldenInput(item);
  return {
    input: { text, ...(image ? { image } : {}) } as InputParts,
    options: { orientation: 'stored' },
    wanted: floats(item.embedding!),
  };
}

/** With their blocks, and how many steps the vision tower has beyond two per block, at its beginning and end. */
const MODELS: [
  name: string,
  parts: FixtureParts,
  cases: () => Case[],
  blocks: { vision: number; text: number; more?: number },
][] = [
  ['qwen2-vl', { checkpoint: 'tiny-tied' }, () => ['image-tiny', 'text-cat-dog'].map(qwenCase), { vision: 2, text: 3 }],
  [
    'qwen3-vl',
    { checkpoint: 'tiny-qwen3-vl' },
    () => ['two-pictures', 'both', 'text'].map(recipeCase),
    { vision: 4, text: 4, more: 3 },
  ],
  [
    'llava-next',
    { checkpoint: 'tiny-llava-next' },
    () => ['picture-450x5', 'text'].map((id) => backboneCase('llava-next', id)),
    { vision: 2, text: 2 },
  ],
  [
    'phi3-v',
    { checkpoint: 'tiny-phi3-v' },
    () => ['picture-336x336-1', 'text'].map((id) => backboneCase('phi3-v', id)),
    { vision: 2, text: 2 },
  ],
];

async function vectors(
  bundle: string,
  cases: readonly Case[],
  options: Partial<Parameters<typeof loadRuntime>[0]> = {},
): Promise<Float32Array[]> {
  const runtime = await loadRuntime({ reader: folderBundle(bundle), probe: 'never', ...options });
  try {
    const found: Float32Array[] = [];
    for (const { input, options } of cases) found.push((await runtime.embed([input], options))[0] as Float32Array);
    return found;
  } finally {
    await runtime.dispose();
  }
}

describe.each(MODELS)('%s', (name, parts, casesOf, blocks) => {
  const at = (kind: string) => path.join(folder, `${name}-${kind}`);
  const cases = casesOf();
  let whole: Float32Array[];
  beforeAll(async () => {
    await convertFixture(parts, at('whole'), { dtype: 'fp32' });
    whole = await vectors(at('whole'), cases);
    await convertFixture(parts, at('sliced'), { dtype: 'fp32', mlpSlices: 2 });
  });

  const expectRight = (found: Float32Array[]) => {
    found.forEach((vector, i) => {
      expect(1 - cosine(vector, cases[i]!.wanted)).toBeLessThan(1e-5);
      expect(maxDifference(vector, cases[i]!.wanted)).toBeLessThan(1e-5);
      expect(maxDifference(vector, whole[i]!)).toBeLessThan(1e-6);
    });
  };

  test('cut between all steps', async () => {
    const { stages } = await cutBundle(at('whole'), at('cut'), 1);
    const count = (kind: string) => stages.filter((stage) => stage.kind === kind).length;
    expect(count('vision')).toBe(2 * blocks.vision + 2 + (blocks.more ?? 0));
    expect(count('text')).toBe(2 * blocks.text + 1);
    expectRight(await vectors(at('cut'), cases));
  });

  test('streamed, in parts of single steps', async () => {
    expectRight(await vectors(at('whole'), cases, { weights: 'streamed', partBytes: 1 }));
  });

  test('sliced, and cut between the slices', async () => {
    const { stages, mlpSlices } = await cutBundle(at('sliced'), at('sliced-cut'), 1);
    expect(mlpSlices).toBe(2);
    expect(stages.filter(({ kind }) => kind === 'text').length).toBe(3 * blocks.text + 1);
    expectRight(await vectors(at('sliced'), cases));
    expectRight(await vectors(at('sliced-cut'), cases));
  });

  test('sliced and cut, with activations in float16', async () => {
    const found = await vectors(at('sliced-cut'), cases, { activations: 'f16' });
    found.forEach((vector, i) => expect(cosine(vector, cases[i]!.wanted)).toBeGreaterThan(0.9999));
  });

  test('quantized weights are the same numbers, sliced or not', async () => {
    await convertFixture(parts, at('q8'), { dtype: 'q8' });
    await convertFixture(parts, at('q8-sliced'), { dtype: 'q8', mlpSlices: 2 });
    const [one, other] = [await vectors(at('q8'), cases), await vectors(at('q8-sliced'), cases)];
    // Products of few rows with 8-bit weights are right to 2e-5, and slices round differently.
    one.forEach((vector, i) => expect(1 - cosine(vector, other[i]!)).toBeLessThan(1e-8));
  });

  test('a bundle that counts blocks, as before version 3, gives the same numbers', async () => {
    await cp(at('whole'), at('old'), { recursive: true });
    const file = path.join(at('old'), MANIFEST_PATH);
    const { mlpSlices: _, ...manifest } = JSON.parse(await readFile(file, 'utf8')) as BundleManifest;
    expect(manifest.stages.map(({ kind }) => kind)).toEqual(['vision', 'text']);
    const stages = manifest.stages.map(({ steps: _steps, ...stage }) => ({
      ...stage,
      blocks: { first: 0, last: blocks[stage.kind] },
    }));
    await writeFile(file, JSON.stringify({ ...manifest, version: 2, stages }));
    const found = await vectors(at('old'), cases);
    found.forEach((vector, i) => expect(maxDifference(vector, whole[i]!)).toBe(0));
  });

  test('stages that stop before the end, and more slices than there can be, are refused', async () => {
    const file = path.join(at('cut'), MANIFEST_PATH);
    const manifest = JSON.parse(await readFile(file, 'utf8')) as BundleManifest;
    for (const [change, message] of [
      [{ stages: manifest.stages.slice(0, -1) }, /text stages run \d+ steps; the tower has/],
      [{ mlpSlices: 99 }, /mlpSlices is 99/],
      [{ mlpSlices: 2 }, /steps; the tower has|lacks the tensor/],
    ] as const) {
      await writeFile(file, JSON.stringify({ ...manifest, ...change }));
      const loaded = loadRuntime({ reader: folderBundle(at('cut')), probe: 'never' });
      await expect(loaded).rejects.toThrow(BundleFormatError);
      await expect(loaded).rejects.toThrow(message);
    }
  });
});
