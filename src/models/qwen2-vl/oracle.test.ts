/** @file The graphs, compared with what HF transformers computed with the fixture checkpoints and adapters. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../convert';
import { folderTree } from '../../checkpoint/folder.node';
import { decodeImage } from '../../image';
import { imagePatches } from '../../testing/patches';
import {
  adapterPath,
  checkpointPath,
  cosine,
  expectedInputs,
  expectedModel,
  fixtureInputs,
  fixturePath,
  maxDifference,
  MODEL_NAMES,
  modelParts,
  type ModelName,
} from '../../testing/fixtures';
import { planStages } from '..';
import { parseConfig } from './config';
import type { Qwen2VLConfig } from './config';
import type { Tensor, Weights } from './testing/reference-forward';
import { Towers } from './testing/session.node';
import { storeStage } from './testing/store';
import { EMBEDDINGS, tinyNetwork, tokenRows } from './testing/tiny-model';

/** The processor's settings, which all fixtures share. */
const IMAGE = {
  minPixels: 3136,
  maxPixels: 12845056,
  mean: [0.48145466, 0.4578275, 0.40821073] as [number, number, number],
  std: [0.26862954, 0.26130258, 0.27577711] as [number, number, number],
  patchSize: 14,
  mergeSize: 2,
};

const inputs = fixtureInputs();
const expected = expectedInputs();
const texts = inputs.filter(({ image }) => image === null);
const images = inputs.filter(({ image }) => image !== null);

async function openModel(name: ModelName): Promise<{ config: Qwen2VLConfig; weights: Weights }> {
  const { checkpoint: base, adapter } = modelParts(name);
  const checkpoint = await openCheckpoint({
    checkpoint: await folderTree(checkpointPath(base)),
    adapter: adapter === null ? undefined : await folderTree(adapterPath(adapter)),
  });
  const config = parseConfig(checkpoint.config);
  const weights = new Map<string, Tensor>();
  const parts = planStages(tinyNetwork(config), () => 0).flatMap((stage) =>
    stage.weights.flatMap((weight) => weight.parts),
  );
  for (const part of [EMBEDDINGS, ...parts]) {
    const shape = [...checkpoint.tensors.info(part)!.shape];
    weights.set(part, { shape, data: await checkpoint.tensors.readRows(part, 0, shape[0]!) });
  }
  return { config, weights };
}

/** Token rows of the ids, with image tokens replaced by features: indices into the rows followed by the features. */
function splice(config: Qwen2VLConfig, ids: number[], hasImage: boolean): number[] {
  let visual = ids.length;
  return ids.map((id, i) => (hasImage && id === config.imageTokenId ? visual++ : i));
}

/** Sequences of indices into the concatenated rows of all ids. */
function flatSequences(ids: readonly number[][]): number[][] {
  let next = 0;
  return ids.map((sequence) => sequence.map(() => next++));
}

describe.each(MODEL_NAMES)('%s', (name) => {
  const model = expectedModel(name);
  let config: Qwen2VLConfig;
  let weights: Weights;
  let towers: Towers;

  beforeAll(async () => {
    ({ config, weights } = await openModel(name));
    // One block per stage, given the size limit of a file.
    const plans = planStages(tinyNetwork(config), ({ shape }) => (shape.length === 2 ? 2 ** 25 : 0));
    expect(plans.length).toBe(config.layers + config.vision.depth);
    towers = await Towers.open(
      config,
      plans.map((plan) => storeStage(config, plan, weights, 'fp32')),
    );
  });

  afterAll(() => towers.release());

  test('texts in one batch', async () => {
    const ids = texts.map(({ id }) => expected.get(id)!.ids);
    const embeddings = await towers.text(tokenRows(config, weights, ids.flat()), null, flatSequences(ids));
    expect(texts.length).toBeGreaterThan(10);
    texts.forEach(({ id }, i) => {
      const wanted = model.embeddings.get(id)!;
      expect(maxDifference(embeddings[i]!, wanted), id).toBeLessThan(2e-6);
      expect(cosine(embeddings[i]!, wanted), id).toBeGreaterThan(0.999999);
    });
  });

  test.each(images.map(({ id }) => id))('%s', async (id) => {
    const { image, minPixels, maxPixels } = images.find((input) => input.id === id)!;
    const picture = await decodeImage(new Blob([readFileSync(fixturePath(image!))]), { orientation: 'stored' });
    const { patches, grid } = imagePatches(picture, {
      ...IMAGE,
      minPixels: minPixels ?? IMAGE.minPixels,
      maxPixels: maxPixels ?? IMAGE.maxPixels,
    });
    const { ids, grid: wantedGrid } = expected.get(id)!;
    expect([grid.height, grid.width]).toEqual(wantedGrid);
    const features = await towers.vision(patches, grid);
    const wanted = model.features?.get(id);
    if (wanted) {
      const stored = wanted.rows.flatMap((row) => [
        ...features.subarray(row * config.hiddenSize, (row + 1) * config.hiddenSize),
      ]);
      expect(maxDifference(Float32Array.from(stored), wanted.data)).toBeLessThan(2e-5);
    }
    const sequence = splice(config, ids, true);
    const [embedding] = await towers.text(tokenRows(config, weights, ids), features, [sequence]);
    expect(maxDifference(embedding!, model.embeddings.get(id)!)).toBeLessThan(2e-6);
  });
});

test('texts with float16 activations', async () => {
  const { config, weights } = await openModel('tiny-tied+dora');
  const stages = planStages(tinyNetwork(config), () => 0).map((plan) => storeStage(config, plan, weights, 'fp32'));
  const towers = await Towers.open(config, stages, { activations: 'f16' });
  const ids = texts.map(({ id }) => expected.get(id)!.ids);
  const embeddings = await towers.text(tokenRows(config, weights, ids.flat()), null, flatSequences(ids));
  const { embeddings: wanted } = expectedModel('tiny-tied+dora');
  texts.forEach(({ id }, i) => expect(cosine(embeddings[i]!, wanted.get(id)!), id).toBeGreaterThan(0.99999));
  await towers.release();
});
