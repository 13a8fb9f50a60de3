/** @file From a checkpoint's files to the vector, compared with what transformers 4.47.1 returned. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeImage, type RgbImage } from '../../image';
import { loadRuntime, type Runtime } from '../../runtime';
import { folderBundle } from '../../store/folder.node';
import { adaptedOracle, backboneOracle, idsOf, type BackboneCase } from '../../testing/backbones';
import { convertFixture } from '../../testing/bundles';
import { cosine, maxDifference } from '../../testing/fixtures';
import { floats, goldenInput, type GoldenCase } from '../../testing/golden';
import type { ClipConfig } from '../blocks/clip';
import { tiledPicture, type TileConfig } from './picture';

const { checkpoint, cases } = backboneOracle('llava-next');
const adapted = adaptedOracle('llava-next+dora');
const pictures = cases.filter(({ images }) => images);
const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-llava-'));
afterAll(() => rmSync(folder, { recursive: true }));

const caseOf = (id: string) => cases.find((item) => item.id === id)!;
const inputOf = (item: BackboneCase) => {
  const { text, image } = goldenInput(item as unknown as GoldenCase);
  return image ? { text, image: image[0]! } : { text };
};
const embed = async (runtime: Runtime, items: readonly BackboneCase[]) =>
  (await runtime.embed(items.map(inputOf), { orientation: 'stored' })) as Float32Array[];

async function open(name: string, options: Parameters<typeof convertFixture>[2], adapter?: string): Promise<Runtime> {
  const out = path.join(folder, name);
  await convertFixture({ checkpoint, adapter }, out, options);
  return loadRuntime({ reader: folderBundle(out) });
}

/** The reference's [tiles, 3, 336, 336] of patches. */
function tilesOf(patches: Float32Array): Float32Array {
  const tiles = new Float32Array(patches.length);
  for (let i = 0; i < patches.length; i++) {
    const [tile, patch, within] = [Math.floor(i / 338688), Math.floor(i / 588) % 576, i % 588];
    const [channel, y, x] = [Math.floor(within / 196), Math.floor(within / 14) % 14, within % 14];
    const row = Math.floor(patch / 24) * 14 + y;
    tiles[tile * 338688 + channel * 112896 + row * 336 + (patch % 24) * 14 + x] = patches[i]!;
  }
  return tiles;
}

/** The parts of the tower that pictures depend on. */
const VISION = { patchSize: 14, imageSize: 336 } as ClipConfig;
const IMAGE: TileConfig = {
  shapes: [
    { width: 672, height: 336 },
    { width: 336, height: 672 },
    { width: 672, height: 672 },
    { width: 336, height: 1008 },
    { width: 1008, height: 336 },
  ],
  tile: 336,
  patchSize: 14,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  shortCanvas: true,
};

async function rgb(item: BackboneCase): Promise<RgbImage> {
  const { image } = inputOf(item);
  return decodeImage(image!, { orientation: 'stored' });
}

function hashOf(image: RgbImage, config: TileConfig): string {
  const picture = tiledPicture(VISION, config);
  const tiles = tilesOf(picture.fill(image, picture.plan(image, {})));
  return createHash('sha256').update(new Uint8Array(tiles.buffer)).digest('hex');
}

test.each(pictures.map(({ id }) => id))('pixels: %s', async (id) => {
  const item = caseOf(id);
  const image = await rgb(item);
  const plan = tiledPicture(VISION, IMAGE).plan(image, {});
  expect([plan.sequences, plan.tokens]).toEqual([item.tiles, item.ids[1]]);
  expect(hashOf(image, IMAGE)).toBe(item.pixels);
});

test('another order of the shapes decides ties differently', async () => {
  const square = await rgb(caseOf('picture-336x336'));
  expect(hashOf(square, { ...IMAGE, shapes: [...IMAGE.shapes].reverse() })).not.toBe(caseOf('picture-336x336').pixels);
});

describe('fp32', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await open('fp32', { dtype: 'fp32' });
  });
  afterAll(() => runtime?.dispose());

  test.each(cases.map(({ id }) => id))('%s', async (id) => {
    const item = caseOf(id);
    const { ids } = await runtime.tokens(inputOf(item), { orientation: 'stored' });
    expect(ids).toEqual(idsOf(item, 380));
    const [found] = await embed(runtime, [item]);
    const wanted = floats(item.embedding);
    expect(1 - cosine(found!, wanted)).toBeLessThan(1e-6);
    expect(maxDifference(found!, wanted)).toBeLessThan(1e-5);
  });

  test('different pictures and texts together are as each alone', async () => {
    const names = ['picture-336x336', 'picture-450x5', 'tall', 'text-line', 'picture-1000x333', 'picture-200x305'];
    const items = names.map(caseOf);
    const found = await embed(runtime, items);
    items.forEach(({ id, embedding }, i) => expect(maxDifference(found[i]!, floats(embedding)), id).toBeLessThan(1e-5));
  });

  test('the small picture of the probe shows little, but includes the last patches of tiles and ends of lines', () => {
    const { probe, plan } = tiledPicture(VISION, IMAGE);
    const { tokens, sequences, featureRows } = plan(probe!.pictures!['small-picture']!, {});
    expect([tokens, sequences]).toEqual([648, 3]);
    const [endOfLine, lastPatches] = [576, [575, 577 + 575]];
    expect([endOfLine, ...lastPatches].every((row) => featureRows!.includes(row))).toBe(true);
    expect(plan({ width: 140, height: 112 }, {}).tokens).toBe(1320);
  });

  test('an option of another plan is refused', async () => {
    const input = inputOf(caseOf('cat'));
    await expect(runtime.embed([input], { minPixels: 3136 })).rejects.toThrow(/no minPixels.*no options/);
    await expect(runtime.embed([input], { numCrops: 4 })).rejects.toThrow(/no numCrops/);
  });

  test('float16 activations', async () => {
    const half = await loadRuntime({ reader: folderBundle(path.join(folder, 'fp32')), activations: 'f16' });
    const items = ['picture-450x5', 'picture-200x305', 'cat', 'text', 'text-long'].map(caseOf);
    const found = await embed(half, items);
    items.forEach(({ id, embedding }, i) => expect(cosine(found[i]!, floats(embedding)), id).toBeGreaterThan(0.99999));
    await half.dispose();
  });
});

test('with a DoRA adapter of both towers, in stages of a block', async () => {
  const runtime = await open('dora', { dtype: 'fp32', maxStageBytes: 2 ** 20 }, adapted.adapter);
  for (const { id, embedding, cosineToBase } of adapted.cases) {
    const item = caseOf(id);
    if (item.text === '') continue;
    const [found] = await embed(runtime, [item]);
    expect(maxDifference(found!, floats(embedding)), id).toBeLessThan(1e-5);
    expect(cosine(found!, floats(item.embedding)), id).toBeCloseTo(cosineToBase, 4);
  }
  await runtime.dispose();
});

test('q4', async () => {
  const runtime = await open('q4', { dtype: 'q4' });
  const items = ['picture-450x5', 'cat', 'text'].map(caseOf);
  const found = await embed(runtime, items);
  items.forEach(({ id, embedding }, i) => expect(cosine(found[i]!, floats(embedding)), id).toBeGreaterThan(0.9));
  await runtime.dispose();
});
