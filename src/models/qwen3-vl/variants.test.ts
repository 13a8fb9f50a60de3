/**
 * @file Qwen3-VL in sizes other than the stored checkpoint's: depths, layers that DeepStack feeds, patches, groups,
 * heads, an output layer, the later spelling. Weights are random; the vectors are those of transformers 4.57.3
 * (`reference/backbones/qwen3_vl_variants.py`).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import { convertCheckpoint, openCheckpoint } from '../../convert';
import { loadRuntime, type Runtime } from '../../runtime';
import { memoryBundle } from '../../store/memory';
import { variantsOf, type Variant } from '../../testing/backbones';
import { changedTree } from '../../testing/checkpoint-files';
import { drawnFile, drawnTensors } from '../../testing/drawn-checkpoint';
import { cosine, fixturePath, maxDifference } from '../../testing/fixtures';
import { floats, goldenInput } from '../../testing/golden';

const { files, variants } = variantsOf('qwen3-vl');

/** Runs the variant at fp32, optionally with a config other than its own. */
async function load({ config, preprocessor, weights }: Variant, vision: object = {}): Promise<Runtime> {
  const tree = changedTree(await folderTree(fixturePath(`checkpoints/${files}`)), {
    'config.json': JSON.stringify({ ...config, vision_config: { ...(config.vision_config as object), ...vision } }),
    'preprocessor_config.json': JSON.stringify(preprocessor),
    'model.safetensors': drawnFile(drawnTensors(weights)),
  });
  const bundle = memoryBundle();
  const checkpoint = await openCheckpoint({ checkpoint: tree });
  // Small files, so that features pass from stage to stage wherever they can.
  await convertCheckpoint({ checkpoint, writer: bundle.writer, dtype: 'fp32', maxStageBytes: 1e6 });
  return loadRuntime({ reader: bundle.reader, probe: 'never' });
}

function embed(runtime: Runtime, items: Variant['cases']): Promise<Float32Array[]> {
  return Promise.all(
    items.map(async (item) => {
      const options = { orientation: 'stored', instruction: item.instruction } as const;
      return (await runtime.embed([goldenInput(item)], options))[0]!;
    }),
  );
}

describe.each(variants)('$name', (variant) => {
  let runtime: Runtime;
  beforeAll(async () => void (runtime = await load(variant)));
  afterAll(() => runtime?.dispose());

  test('texts and pictures have the vectors of transformers, alone and together', async () => {
    const { cases } = variant;
    const single = await embed(runtime, cases);
    const asked = cases.filter(({ instruction }) => instruction === undefined);
    const together = await runtime.embed(asked.map(goldenInput), { orientation: 'stored' });
    for (const [i, item] of cases.entries()) {
      for (const found of [single[i]!, together[asked.indexOf(item)] ?? single[i]!]) {
        const wanted = floats(item.embedding);
        expect(maxDifference(found, wanted), item.id).toBeLessThan(2e-5);
        expect(1 - cosine(found, wanted), item.id).toBeLessThan(1e-6);
      }
    }
  });
});

test('features taken from the neighbouring block, with the same weights, make a visible difference', async () => {
  const [variant] = variants as [Variant];
  const runtime = await load(variant, { deepstack_visual_indexes: [2, 4] });
  const item = variant.cases.find(({ id }) => id === 'picture-150x108')!;
  const [found] = await embed(runtime, [item]);
  await runtime.dispose();
  expect(1 - cosine(found!, floats(item.embedding))).toBeGreaterThan(1e-5);
});
