/**
 * @file LLaVA-NeXT and Phi-3-Vision in sizes other than those of the stored checkpoints: seeds, KV heads, depths, tied
 * tables, the names of both generations. Weights are random; the vectors are those of the reference code.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { folderTree } from '../checkpoint/folder.node';
import type { FileTree } from '../checkpoint/types';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { loadRuntime, type Runtime } from '../runtime';
import { memoryBundle } from '../store/memory';
import { idsOf, optionsOf, variantsOf } from '../testing/backbones';
import { changedTree, rewrittenTensors, type PlainTensor } from '../testing/checkpoint-files';
import { drawnFile, drawnTensors } from '../testing/drawn-checkpoint';
import { cosine, fixtureBytes, fixturePath, maxDifference } from '../testing/fixtures';
import { floats, goldenInput } from '../testing/golden';

const TABLE = 'model.embed_tokens.weight';
const NAMES = ['llava-next', 'phi3-v'] as const;
const all = NAMES.flatMap((architecture) => {
  const { files, variants } = variantsOf(architecture);
  return variants.map((variant) => ({ architecture, files, ...variant }));
});
/** Takes the place of a picture's tokens. */
const PLACEHOLDER = { 'llava-next': 380, 'phi3-v': -1 } as const;

async function convert(checkpoint: FileTree, adapter?: FileTree) {
  const bundle = memoryBundle();
  const opened = await openCheckpoint({ checkpoint, adapter });
  const manifest = await convertCheckpoint({ checkpoint: opened, writer: bundle.writer, dtype: 'fp32' });
  return { ...bundle, manifest };
}

/** Of all stored weights. */
const hashes = ({ stages, embeddings }: BundleManifest) => [
  ...stages.map(({ weights }) => weights.sha256),
  embeddings.sha256,
];

describe.each(all)('$architecture, $name', ({ architecture, files, config, weights, newerNames, cases, mistakes }) => {
  let tensors: Record<string, PlainTensor>;
  let manifest: BundleManifest;
  let runtime: Runtime;
  const treeOf = async (file: Uint8Array, changes: object = {}) =>
    changedTree(await folderTree(fixturePath(`checkpoints/${files}`)), {
      'config.json': JSON.stringify({ ...config, ...changes }),
      'model.safetensors': file,
    });

  beforeAll(async () => {
    tensors = drawnTensors(weights);
    const bundle = await convert(await treeOf(drawnFile(tensors)));
    manifest = bundle.manifest;
    runtime = await loadRuntime({ reader: bundle.reader, probe: 'never' });
  });
  afterAll(() => runtime?.dispose());

  test.each(cases.map(({ id }) => id))('%s', async (id) => {
    const item = cases.find((each) => each.id === id)!;
    const { ids } = await runtime.tokens(goldenInput(item), optionsOf(item));
    expect(ids).toEqual(idsOf(item, PLACEHOLDER[architecture]));
    const [found] = await runtime.embed([goldenInput(item)], optionsOf(item));
    const wanted = floats(item.embedding);
    expect(1 - cosine(found!, wanted)).toBeLessThan(1e-6);
    expect(maxDifference(found!, wanted)).toBeLessThan(1e-5);
  });

  test.runIf(newerNames)('is the same under the names of later releases', async () => {
    expect(Object.keys(newerNames!).sort()).toEqual(Object.keys(tensors).sort());
    const newer = await convert(await treeOf(drawnFile(tensors, (name) => newerNames![name])));
    expect(hashes(newer.manifest)).toEqual(hashes(manifest));
  });

  test.runIf(architecture === 'phi3-v')('is the same with the table again below the picture’s embedding', async () => {
    const twice = { ...tensors, 'model.vision_embed_tokens.wte.weight': tensors[TABLE]! };
    const other = await convert(await treeOf(drawnFile(twice), { rope_scaling: renamed(config.rope_scaling) }));
    expect(hashes(other.manifest)).toEqual(hashes(manifest));
  });

  // Every position sees all positions before it: a window as long as the positions makes no difference, but a shorter
  // one would.
  test.runIf(mistakes?.length)('a shorter window would make a difference, and is refused', async () => {
    const [mistake] = mistakes!;
    expect(mistake!.cosine).toBeLessThan(0.999);
    const last = cases.find(({ id }) => id === mistake!.case)!;
    expect(last.ids.length).toBe(config.sliding_window);
    const shorter = await treeOf(drawnFile(tensors), { sliding_window: (config.sliding_window as number) - 1 });
    await expect(convert(shorter)).rejects.toThrow(/"sliding_window" is 639, less than the 640/);
  });
});

/** `longrope` is the later name. */
const renamed = (scaling: unknown) => ({ ...(scaling as object), type: 'longrope' });

test('an adapter of LLaVA under the names of later releases', async () => {
  const folder = 'adapters/llava-next-dora';
  const base = () => folderTree(fixturePath('checkpoints/tiny-llava-next'));
  const older = await folderTree(fixturePath(folder));
  let changed = 0;
  const file = rewrittenTensors(fixtureBytes(`${folder}/adapter_model.safetensors`), (name, tensor) => {
    const newer = name
      .replace('base_model.model.language_model.model.', 'base_model.model.model.language_model.')
      .replace('base_model.model.vision_tower.', 'base_model.model.model.vision_tower.');
    if (newer !== name) changed++;
    return [[newer, tensor]];
  });
  expect(changed).toBe(3 * (2 * 5 + 3 * 4));
  const [one, other] = [
    await convert(await base(), older),
    await convert(await base(), changedTree(older, { 'adapter_model.safetensors': file })),
  ];
  expect(hashes(other.manifest)).toEqual(hashes(one.manifest));
});
