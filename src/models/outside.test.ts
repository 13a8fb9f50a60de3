/**
 * @file An architecture that is registered from outside is converted, loaded and used without a change anywhere else.
 * Its blocks add nothing (their last matrices are zero), so the right result is known: the normed state of the last
 * token.
 */
import { expect, test } from 'vitest';
import type { JsonObject } from '../bundle/manifest';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { folderTree } from '../checkpoint/folder.node';
import { InvalidInputError, UnsupportedError } from '../errors';
import { patchRows, resizeSteps, type RgbImage } from '../image';
import { recipeNamed, type Recipe } from '../recipes';
import { computeProbe, loadRuntime } from '../runtime';
import { memoryBundle } from '../store/memory';
import { changedTree, f32, safetensors, type PlainTensor } from '../testing/checkpoint-files';
import { checkpointPath, cosine, fixturePath } from '../testing/fixtures';
import { syntheticImage } from '../testing/golden';
import {
  CHAINED,
  type Architecture,
  type Backbone,
  type BackboneOptions,
  type Network,
  type Tower,
} from './architecture';
import { decoderTower } from './blocks/decoder';
import { applyLinear, applyNorm, linear, norm, weightsOf } from './blocks/layers';
import { inverseFrequencies, rotaryTables } from './blocks/rotary';
import { towerOf } from './blocks/steps';
import { vitRun, vitSteps, type VitBlock, type VitRun } from './blocks/vit';
import { registerArchitecture } from './index';
import { readFileSync } from 'node:fs';

const HIDDEN = 32;
const PATCH = 8;
const LENGTH = 3 * PATCH ** 2;
/** Every picture becomes 16 × 16 pixels, four patches, four visual tokens. */
const SIDE = 2 * PATCH;
const PIXELS = { patchSize: PATCH, mergeSize: 1, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

interface Tokenizer {
  added_tokens: { id: number; content: string }[];
  model: { vocab: Record<string, number> };
}
const tokenizer = JSON.parse(readFileSync(fixturePath('checkpoints/tiny-tied/tokenizer.json'), 'utf8')) as Tokenizer;
const VOCAB = 1 + Math.max(...Object.values(tokenizer.model.vocab), ...tokenizer.added_tokens.map(({ id }) => id));
const IMAGE_TOKEN = tokenizer.added_tokens.find(({ content }) => content === '<|image_pad|>')!;

function visionTower(): Tower {
  const embed = {
    patches: linear({
      name: 'v.embed',
      sources: ['eye.embed'],
      inFeatures: LENGTH,
      outFeatures: HIDDEN,
      bias: false,
      quantize: false,
    }),
  };
  const part = (kind: string, inFeatures: number, outFeatures: number) =>
    linear({ name: `v.${kind}`, sources: [`eye.${kind}`], inFeatures, outFeatures, bias: true });
  const layerNorm = (kind: string) =>
    norm({ name: `v.${kind}`, source: `eye.${kind}`, length: HIDDEN, epsilon: 1e-6, bias: true });
  const block: VitBlock = {
    norm1: layerNorm('norm1'),
    qkv: part('qkv', HIDDEN, 3 * HIDDEN),
    proj: part('proj', HIDDEN, HIDDEN),
    norm2: layerNorm('norm2'),
    fc1: part('fc1', HIDDEN, 2 * HIDDEN),
    fc2: part('fc2', 2 * HIDDEN, HIDDEN),
  };
  const last = { norm: layerNorm('post'), out: part('out', HIDDEN, HIDDEN) };
  return towerOf<VitRun>({
    blocks: [
      [
        {
          weights: weightsOf(embed),
          rows: 'patches',
          apply: (context, { hidden }) => {
            const alpha = context.precision.residual;
            return { hidden: applyLinear(context, embed.patches, hidden, { type: 'f32', alpha }), branch: null };
          },
        },
        ...vitSteps({ heads: 2, headDim: 16 }, block),
        {
          weights: weightsOf(last),
          rows: 'tokens',
          apply: (context, stream) => {
            const { normed } = applyNorm(context, last.norm, stream);
            const features = applyLinear(context, last.out, normed, { output: 'features' });
            context.graph.output(features, context.precision.type, ['tokens', HIDDEN]);
            return { hidden: features, branch: null };
          },
        },
      ],
    ],
    width: HIDDEN,
    f16Scale: 1 / 16,
    start: ({ graph }) => ({ hidden: graph.input('patches', 'f32', ['patches', LENGTH]), branch: null }),
    run: (context) => vitRun(context, { rotary: false, headDim: 16 }),
  });
}

function network({ head }: BackboneOptions): Network {
  const config = {
    hiddenSize: HIDDEN,
    intermediateSize: 64,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    rmsEps: 1e-6,
  };
  return {
    name: 'toy',
    hiddenSize: HIDDEN,
    dims: head?.size ?? HIDDEN,
    vocabSize: VOCAB,
    embeddingTensor: 'words.embed_tokens.weight',
    routes: CHAINED,
    towers: {
      vision: visionTower(),
      text: decoderTower(config, { source: 'words', attentionBias: false, head, f16Scale: 1 / 16 }),
    },
  };
}

const backbone = (options: BackboneOptions, config: JsonObject): Backbone => ({
  ...network(options),
  config,
  image: { plan: 'toy' },
  prompts: { imageToken: IMAGE_TOKEN.content, imageTokenId: IMAGE_TOKEN.id, maxTokens: 100 },
  picture: {
    options: [],
    plan: () => ({
      key: 'toy',
      sequences: 1,
      patches: 4,
      length: 4,
      tokens: 4,
      features: 4,
      featureRows: Int32Array.of(3, 2, 1, 0), // the last token shows the first patch
      grid: { height: 2, width: 2 },
      cells: { height: 2, width: 2 },
      sizes: [{ width: SIDE, height: SIDE }],
    }),
    fill: (image, { sizes }) => patchRows(resizeSteps(image, sizes), PIXELS),
    rotary: () => null,
  },
  rotary: {
    positions: ['1d'],
    key: () => '',
    sequence: (rows) => {
      const frequencies = inverseFrequencies(1e4, 16);
      return rotaryTables(rows, 8, (row, column) => row * frequencies[column]!);
    },
    positionsOf: () => new Int32Array(),
    rows: () => rotaryTables(0, 8, () => 0),
  },
  encode: (words, prompt, images) => {
    const ids: number[] = [];
    const places: { start: number; tokens: number }[] = [];
    for (const id of words.encode(prompt)) {
      if (id !== IMAGE_TOKEN.id || images.length === 0) ids.push(id);
      else {
        places.push({ start: ids.length, tokens: images[places.length]! });
        ids.push(...new Array<number>(places.at(-1)!.tokens).fill(id));
      }
    }
    return { ids, images: places };
  },
});

const toy: Architecture = {
  id: 'toy',
  modelType: 'toy_vl',
  recipe: 'vlm2vec',
  names: {
    layouts: [
      { words: 'words', eye: 'eye', rest: 'guess' },
      { words: 'model.words', eye: 'model.eye', rest: 'model.guess' },
    ],
    unneeded: /^guess\./,
    unadaptable: /^guess\./,
  },
  fromCheckpoint: ({ config }, options) => backbone(options, { size: config.size } as JsonObject),
  network: (_, options) => network(options),
  fromBundle: ({ config }, options) => backbone(options, config),
};

/** Prompts as VLM2Vec does, with nothing after the marker. */
const recipe: Recipe = {
  ...recipeNamed('vlm2vec'),
  name: 'toy',
  title: 'Toy',
  architectures: ['toy'],
  hub: [],
  prompt: { templates: { any: '{text}{image}' } },
};

test('an architecture from outside is converted, loaded and used', async () => {
  const config = { model_type: 'toy_vl', size: 3 };
  const tied = await folderTree(checkpointPath('tiny-tied'));
  const weights = new Map<string, { shape: number[]; data: number[] }>();
  const isZero = /^(eye\.(proj|fc2)\.|words\.layers\.0\.(self_attn\.o_proj|mlp\.down_proj)\.)/;
  let state = 7;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  const add = (name: string, shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    weights.set(name, { shape, data: Array.from({ length: size }, () => (isZero.test(name) ? 0 : random())) });
  };
  const { towers, embeddingTensor } = network({ head: null });
  add(embeddingTensor, [VOCAB, HIDDEN]);
  for (const { parts, shape } of [...towers.vision.blocks, ...towers.text.blocks].flat(2)) {
    const rows = (part: string) => (parts.length === 1 ? shape[0]! : part.includes('q_proj') ? 32 : 16); // two heads, one of keys and values
    for (const part of parts) add(part, [rows(part), ...shape.slice(1)]);
  }
  add('guess.weight', [4]); // not needed
  const tensors = (extra: Record<string, PlainTensor> = {}) =>
    safetensors({
      ...Object.fromEntries(
        [...weights].map(([name, { shape, data }]) => [`model.${name}`, { dtype: 'F32', shape, bytes: f32(data) }]),
      ),
      ...extra,
    });
  const tree = (file: Uint8Array) =>
    changedTree(tied, {
      'config.json': JSON.stringify(config),
      'model.safetensors': file,
      'model.safetensors.index.json': null,
    });

  await expect(openCheckpoint({ checkpoint: tree(tensors()) })).rejects.toThrow(/"toy_vl"; this version only converts/);
  registerArchitecture(toy);
  expect(() => registerArchitecture(toy)).toThrow(InvalidInputError);

  const checkpoint = await openCheckpoint({ checkpoint: tree(tensors()) });
  const { writer, reader } = memoryBundle();
  // Its own recipe is not among the built-in ones, and no built-in one is for it.
  await expect(convertCheckpoint({ checkpoint, writer, dtype: 'fp32' })).rejects.toThrow(UnsupportedError);
  const manifest = await convertCheckpoint({ checkpoint, writer, dtype: 'fp32', recipe, computeProbe });
  expect(manifest).toMatchObject({ architecture: 'toy', config: { size: 3 }, image: { plan: 'toy' }, assumed: null });

  const runtime = await loadRuntime({ reader });
  const numbers = (name: string) => weights.get(name)!.data;
  const vectorOf = (state: readonly number[]) =>
    Float32Array.from(state, (x, i) => x * numbers('words.norm.weight')[i]!);
  const product = (matrix: string, x: readonly number[]) =>
    Array.from({ length: HIDDEN }, (_, row) =>
      x.reduce((sum, value, i) => sum + value * numbers(matrix)[row * x.length + i]!, 0),
    );
  const [text] = await runtime.embed(['two dogs']);
  const { ids } = await runtime.tokens('two dogs');
  expect(ids.length).toBeGreaterThan(1);
  expect(
    cosine(text!, vectorOf(numbers(embeddingTensor).slice(ids.at(-1)! * HIDDEN, (ids.at(-1)! + 1) * HIDDEN))),
  ).toBeGreaterThan(0.999999);

  const image: RgbImage = syntheticImage(SIDE, SIDE);
  const patch = [...patchRows(image, PIXELS).subarray(0, LENGTH)];
  const embedded = product('eye.embed.weight', patch);
  const mean = embedded.reduce((sum, x) => sum + x / HIDDEN, 0);
  const deviation = Math.sqrt(embedded.reduce((sum, x) => sum + (x - mean) ** 2 / HIDDEN, 1e-6));
  const normed = embedded.map(
    (x, i) => ((x - mean) / deviation) * numbers('eye.post.weight')[i]! + numbers('eye.post.bias')[i]!,
  );
  const seen = product('eye.out.weight', normed).map((x, i) => x + numbers('eye.out.bias')[i]!);
  const [shown] = await runtime.embed([{ image, text: 'see' }]);
  expect(cosine(shown!, vectorOf(seen))).toBeGreaterThan(0.999999);
  await expect(runtime.embed([{ image }], { maxPixels: 100 })).rejects.toThrow(/has no maxPixels/);
  await runtime.dispose();

  const more = tensors({ 'model.eye.more': { dtype: 'F32', shape: [1], bytes: f32([1]) } });
  const other = await openCheckpoint({ checkpoint: tree(more) });
  await expect(
    convertCheckpoint({ checkpoint: other, writer: memoryBundle().writer, dtype: 'fp32', recipe }),
  ).rejects.toThrow(/does not use: .*eye\.more/);
});
