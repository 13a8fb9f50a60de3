/**
 * @file From a checkpoint's files to the vector, compared with what transformers 4.57.3 returned:
 * `reference/backbones/siglip.py`.
 */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import type { FileTree } from '../../checkpoint/types';
import { convertCheckpoint, openCheckpoint } from '../../convert';
import { InvalidInputError, UnsupportedError } from '../../errors';
import { decodeImage } from '../../image';
import { computeProbe, loadRuntime, takeMoments, type EmbedUsage, type Runtime } from '../../runtime';
import type { BundleReader } from '../../bundle/storage';
import type { BundleManifest, WeightDtype } from '../../bundle/manifest';
import { memoryBundle } from '../../store/memory';
import { backboneOracle, variantsOf, type BackboneCase } from '../../testing/backbones';
import { changedTree } from '../../testing/checkpoint-files';
import { drawnFile, drawnTensors } from '../../testing/drawn-checkpoint';
import { cosine, fixturePath, maxDifference } from '../../testing/fixtures';
import { floats, goldenInput } from '../../testing/golden';
import { squarePicture } from './picture';

const { checkpoint, cases, logit } = backboneOracle('siglip');
const { files, variants } = variantsOf('siglip');
const tree = (name = checkpoint) => folderTree(fixturePath(`checkpoints/${name}`));
const caseOf = (id: string) => cases.find((item) => item.id === id)!;
const isPicture = ({ images }: BackboneCase) => images !== undefined;

const inputOf = (item: BackboneCase) => {
  const { text, image } = goldenInput(item);
  return image ? { image: image[0]! } : { text };
};
const embed = (runtime: Runtime, items: readonly BackboneCase[]) =>
  runtime.embed(items.map(inputOf), { orientation: 'stored' });

type Options = { dtype: WeightDtype; maxStageBytes?: number; feedback?: boolean };

async function convert(from: FileTree, { feedback = false, ...options }: Options) {
  const bundle = memoryBundle();
  const opened = await openCheckpoint({ checkpoint: from });
  const manifest = await convertCheckpoint({
    ...{ checkpoint: opened, writer: bundle.writer, ...options, computeProbe },
    ...(feedback ? { takeMoments } : {}),
  });
  return { ...bundle, manifest };
}

async function expectRight(runtime: Runtime, items: readonly BackboneCase[], least = 1e-6): Promise<void> {
  const found = await embed(runtime, items);
  items.forEach((item, i) => {
    const wanted = floats(item.embedding);
    expect(maxDifference(found[i]!, wanted), item.id).toBeLessThan(1e-5);
    expect(1 - cosine(found[i]!, wanted), item.id).toBeLessThan(least);
  });
}

test('the oracle has pictures of many sizes, and texts from empty to beyond the limit', () => {
  expect(cases.filter(isPicture).length).toBeGreaterThanOrEqual(20);
  const lengths = cases.filter((item) => !isPicture(item)).map(({ ids }) => (ids as number[]).indexOf(1));
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([0, 63]);
});

describe('the stored checkpoint', () => {
  let bundle: { reader: BundleReader; manifest: BundleManifest };
  let runtime: Runtime;
  beforeAll(async () => {
    bundle = await convert(await tree(), { dtype: 'fp32' });
    runtime = await loadRuntime({ reader: bundle.reader, probe: 'always' });
  });
  afterAll(() => runtime?.dispose());

  test.each(cases.map(({ id }) => id))('%s', async (id) => {
    const item = caseOf(id);
    const { ids } = await runtime.tokens(inputOf(item), { orientation: 'stored' });
    expect(ids).toEqual(item.ids);
    await expectRight(runtime, [item]);
  });

  test.each(cases.filter(isPicture).map(({ id }) => id))('pixels: %s', async (id) => {
    const item = caseOf(id);
    const image = await decodeImage(inputOf(item).image!, { orientation: 'stored' });
    const { mean, std, ...square } = { size: 32, patchSize: 8, filter: 'bilinear', mean: HALF, std: HALF } as const;
    const picture = squarePicture({ ...square, mean, std });
    const patches = picture.fill(image, picture.plan(image, {}));
    expect(createHash('sha256').update(new Uint8Array(patches.buffer)).digest('hex')).toBe(item.pixels);
  });

  test('texts and pictures in one call, in any order', async () => {
    await expectRight(runtime, [...cases.slice(5, 30), ...cases.slice(0, 5)]);
  });

  test('scale and bias of the probability', () => {
    expect(bundle.manifest.logit!.scale).toBeCloseTo(logit!.scale, 6);
    expect(runtime.info.logit!.bias).toBeCloseTo(logit!.bias, 6);
    expect(runtime.info).toMatchObject({
      architecture: 'siglip',
      dims: 32,
      maxTokens: 64,
      recipe: { name: 'siglip2' },
    });
  });

  test('both sides are prompted alike, whatever their names', async () => {
    const item = caseOf('text-photo');
    for (const role of ['query', 'document'] as const) {
      const [found] = await runtime.embed([inputOf(item)], { role, find: 'image' });
      expect(maxDifference(found!, floats(item.embedding))).toBeLessThan(1e-5);
    }
  });

  test('options without effect are refused by name', async () => {
    const { image } = inputOf(caseOf('cat'));
    await expect(runtime.embed([{ text: 'a cat', image: image! }])).rejects.toThrow(
      /inputs\[0\]: .*a picture and a text/,
    );
    await expect(runtime.embed([{ image: [image!, image!] }])).rejects.toThrow(/2 pictures/);
    await expect(runtime.embed(['a cat'], { instruction: 'Find it.' })).rejects.toThrow(/no instruction/);
    await expect(runtime.embed([{ image: image!, instruction: 'Find it.' }])).rejects.toThrow(/no instruction/);
    await expect(runtime.embed(['a cat'], { maxTokens: 20 })).rejects.toThrow(/64 tokens of every text/);
    await expect(runtime.embed([image!], { maxPixels: 1000 })).rejects.toThrow(/no maxPixels/);
    await expect(runtime.embed(['a cat'], { dims: 16 })).rejects.toThrow(InvalidInputError);
  });

  test('recipes that do not fit it are refused', async () => {
    const { reader, manifest } = bundle;
    const own = { ...(manifest.recipe as object) };
    const load = (changes: object) =>
      loadRuntime({ reader, manifest: { ...manifest, recipe: { ...own, ...changes } }, probe: 'never' });
    await expect(load({ pooling: 'all', score: 'maxsim' })).rejects.toThrow(/asks for one vector per token/);
    await expect(load({ positions: 'mrope' })).rejects.toThrow(UnsupportedError);
    await expect(load({ head: { weight: 'other.weight', size: 8 } })).rejects.toThrow(UnsupportedError);
  });

  test('activations in float16', async () => {
    const half = await loadRuntime({ reader: bundle.reader, activations: 'f16', probe: 'never' });
    const items = cases.filter((_, i) => i % 4 === 0);
    const found = await embed(half, items);
    items.forEach((item, i) => expect(1 - cosine(found[i]!, floats(item.embedding)), item.id).toBeLessThan(1e-4));
    await half.dispose();
  });
});

const HALF = [0.5, 0.5, 0.5] as const;

test.each(['q4', 'q8', 'fp16'] as const)('%s stays close, in stages of a step each, streamed', async (dtype) => {
  const { reader } = await convert(await tree(), { dtype, maxStageBytes: 2 ** 15 });
  for (const weights of ['resident', 'streamed'] as const) {
    const runtime = await loadRuntime({ reader, probe: 'always', weights });
    const items = cases.filter((_, i) => i % 3 === 0);
    const found = await embed(runtime, items);
    const least = { q4: 0.9, q8: 0.9995, fp16: 0.99999 }[dtype];
    items.forEach((item, i) => expect(cosine(found[i]!, floats(item.embedding)), item.id).toBeGreaterThan(least));
    await runtime.dispose();
  }
});

describe('a tower is loaded with the first input that needs it', () => {
  const NEVER = { probe: 'never', vision: 'later', text: 'later' } as const;

  test.each<[string, BackboneCase, RegExp]>([
    ['texts', caseOf('text-photo'), /^(text\.\d+|embeddings)\.bin$/],
    ['pictures', caseOf('cat'), /^vision\.\d+\.bin$/],
  ])('%s alone read nothing of the other', async (_, item, own) => {
    const { reader, manifest } = await convert(await tree(), { dtype: 'q8' });
    const opened = new Set<string>();
    const watched: BundleReader = { ...reader, open: (path, signal) => (opened.add(path), reader.open(path, signal)) };
    const runtime = await loadRuntime({ reader: watched, manifest, ...NEVER });
    const weights = () => [...opened].filter((path) => path.endsWith('.bin'));
    expect(weights()).toEqual([]);
    const { stages } = await usageOf(runtime, item);
    expect(weights().length).toBeGreaterThan(0);
    for (const path of weights()) expect(path).toMatch(own);
    for (const { flops } of stages!) expect(flops).toBeGreaterThan(0); // every operator is known
    await embed(runtime, [caseOf('text-photo'), caseOf('cat')]);
    expect(weights().sort()).toEqual([...manifest.stages.map(({ weights }) => weights.path), 'embeddings.bin'].sort());
    await runtime.dispose();
  });
});

async function usageOf(runtime: Runtime, item: BackboneCase): Promise<EmbedUsage> {
  let usage!: EmbedUsage;
  await runtime.embed([inputOf(item)], { stageTimes: true, onUsage: (taken) => (usage = taken) });
  return usage;
}

test('with feedback, q4 is closer', async () => {
  const losses: number[] = [];
  for (const feedback of [false, true]) {
    const { reader, manifest } = await convert(await tree(), { dtype: 'q4', feedback });
    expect(manifest.rounding).toBe(feedback ? 'feedback' : undefined);
    const runtime = await loadRuntime({ reader, probe: 'never' });
    const found = await embed(runtime, cases);
    losses.push(cases.reduce((sum, { embedding }, i) => sum + 1 - cosine(found[i]!, floats(embedding)), 0));
    await runtime.dispose();
  }
  expect(losses[1]!).toBeLessThan(losses[0]!);
});

describe.each(variants)('$name', ({ config, preprocessor, weights, cases: own }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    const from = changedTree(await tree(files), {
      'config.json': JSON.stringify(config),
      'preprocessor_config.json': JSON.stringify(preprocessor),
      'model.safetensors': drawnFile(drawnTensors(weights)),
    });
    runtime = await loadRuntime({ reader: (await convert(from, { dtype: 'fp32' })).reader, probe: 'never' });
  });
  afterAll(() => runtime?.dispose());

  test.each(own.map(({ id }) => id))('%s', async (id) => {
    const item = own.find((each) => each.id === id)!;
    expect((await runtime.tokens(inputOf(item), { orientation: 'stored' })).ids).toEqual(item.ids);
    await expectRight(runtime, [item]);
  });
});
