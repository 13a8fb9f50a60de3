/**
 * @file The nearest mistakes, made on purpose: each gives the vector that the reference code gives with the same
 * mistake, and that vector is outside the tolerance of the tests for right vectors. If the reference cannot make the
 * mistake, only the latter is checked.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { folderTree } from '../checkpoint/folder.node';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { resizeBicubic, resizeBilinear, type ImageSize, type RgbImage } from '../image';
import { loadRuntime } from '../runtime';
import { memoryBundle, type MemoryBundle } from '../store/memory';
import { backboneOracle, optionsOf } from '../testing/backbones';
import { cosine, fixturePath, maxDifference } from '../testing/fixtures';
import { floats, goldenInput } from '../testing/golden';
import type { Architecture, Backbone, BundleFacts, Picture, PicturePlan } from './architecture';
import { llavaNext } from './llava-next';
import { phi3v } from './phi3-v';

/** Changes a backbone; a mistake is such a change, or one to a bundle's facts beforehand. */
interface Mistake {
  facts?: (facts: BundleFacts) => BundleFacts;
  backbone?: (right: Backbone) => Partial<Backbone>;
}

const withPicture = (change: (right: Picture) => Partial<Picture>): Mistake => ({
  backbone: ({ picture }) => ({ picture: { ...picture, ...change(picture) } }),
});
const withPatches = (change: (patches: Float32Array, plan: PicturePlan) => void): Mistake =>
  withPicture(({ fill }) => ({
    fill(image, plan) {
      const patches = fill(image, plan);
      change(patches, plan);
      return patches;
    },
  }));
const withIds = (change: (encoded: ReturnType<Backbone['encode']>) => void): Mistake => ({
  backbone: ({ encode }) => ({
    encode(...given) {
      const encoded = encode(...given);
      change(encoded);
      return encoded;
    },
  }),
});
const withRows = (change: (rows: Int32Array) => Int32Array): Mistake =>
  withPicture(({ plan }) => ({
    plan(...given) {
      const right = plan(...given);
      const featureRows = change(right.featureRows!);
      return { ...right, featureRows, tokens: featureRows.length };
    },
  }));
const withConfig = (change: (config: Record<string, unknown>) => object): Mistake => ({
  facts: (facts) => ({ ...facts, config: { ...facts.config, ...change(facts.config) } }),
});

/** How many numbers a tile has, and a patch of one channel. */
const TILE = 3 * 336 ** 2;
const PATCH = 14;

/** Where a pixel of a tile is among the tile's patches. */
function indexOf(channel: number, y: number, x: number): number {
  const patch = Math.floor(y / PATCH) * (336 / PATCH) + Math.floor(x / PATCH);
  return patch * 3 * PATCH ** 2 + channel * PATCH ** 2 + (y % PATCH) * PATCH + (x % PATCH);
}

/** Every pixel of the view becomes the mean of those that it represents. */
function averageView(patches: Float32Array, { grid }: PicturePlan): void {
  const [rows, columns] = [(grid.height * PATCH) / 336, (grid.width * PATCH) / 336];
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < 336; y++) {
      for (let x = 0; x < 336; x++) {
        let sum = 0;
        for (let i = 0; i < rows * columns; i++) {
          const [row, column] = [y * rows + Math.floor(i / columns), x * columns + (i % columns)];
          const tile = 1 + Math.floor(row / 336) * columns + Math.floor(column / 336);
          sum += patches[tile * TILE + indexOf(channel, row % 336, column % 336)]!;
        }
        patches[indexOf(channel, y, x)] = sum / (rows * columns);
      }
    }
  }
}

function transposed({ width, height, data }: RgbImage): RgbImage {
  const turned = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [y, x, channel] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width, i % 3];
    turned[(x * height + y) * 3 + channel] = data[i]!;
  }
  return { width: height, height: width, data: turned };
}

/**
 * Resizes as Phi does, except for the filter: an upright picture is laid on its side, which shows in the bytes between
 * the passes.
 */
function lyingBicubic(image: RgbImage, { width, height }: ImageSize): RgbImage {
  if (image.width >= image.height) return resizeBicubic(image, width, height);
  return transposed(resizeBicubic(transposed(image), height, width));
}

const MEAN = [0.48145466, 0.4578275, 0.40821073];
const STD = [0.26862954, 0.26130258, 0.27577711];

/** As if the view were a picture again, made of whole bytes. */
function roundView(patches: Float32Array): void {
  for (let i = 0; i < TILE; i++) {
    const channel = Math.floor((i % 588) / 196);
    const byte = Math.min(255, Math.max(0, Math.round((patches[i]! * STD[channel]! + MEAN[channel]!) * 255)));
    patches[i] = (byte / 255 - MEAN[channel]!) / STD[channel]!;
  }
}

/** Patches of each of LLaVA's tiles, and Phi's visual tokens; constant rows follow. */
const OF_TILE = 576;
const OF_CROP = 144;

const PHI: Record<string, Mistake> = {
  'no second <s>': withIds(({ ids, images: [image] }) => ids.splice(image!.start + image!.tokens, 1)),
  'the first crop for the global view': withPatches((patches) => patches.copyWithin(0, TILE, 2 * TILE)),
  'box-averaged global view': withPatches(averageView),
  'bicubic instead of bilinear tiles': withPicture(({ fill }) => ({
    fill: (image, plan) => fill(lyingBicubic(image, plan.sizes[0]!), plan),
  })),
  'short factors beyond the switch': withConfig(({ shortFactors }) => ({ longFactors: shortFactors })),
  'm left out': withConfig(({ switchPositions }) => ({ maxPositions: switchPositions })),
};

const LLAVA: Record<string, Mistake> = {
  'no <s>': withIds(({ ids }) => ids.shift()),
  bilinear: withPicture(({ fill, plan }) => ({
    fill(image, right) {
      const squeezed = resizeBilinear(image, 336, 336);
      const { width, height } = right.sizes.at(-1)!;
      const patches = fill(resizeBilinear(image, width, height), right);
      patches.set(fill(squeezed, plan(squeezed, {})).subarray(0, TILE));
      return patches;
    },
  })),
  'padding of later releases': { facts: (facts) => ({ ...facts, image: { ...facts.image, shortCanvas: false } }) },
  'a space for the line break': {
    backbone: ({ encode }) => ({
      encode: (tokenizer, prompt, images) => encode(tokenizer, prompt.replaceAll('\n', ' '), images),
    }),
  },
  'squeezed to 1344 x 1344 first': withPicture(({ fill, plan }) => ({
    plan: (_, options) => plan({ width: 1344, height: 1344 }, options),
    fill: (image, right) => fill(resizeBicubic(image, 1344, 1344), right),
  })),
};

/** Mistakes that the reference code cannot be made to make. */
const FURTHER: { phi: Record<string, Mistake>; llava: Record<string, Mistake> } = {
  phi: {
    'the view in whole bytes': withPatches(roundView),
    'separators changed over': withRows((rows) =>
      rows.map((row) => (row === OF_CROP ? OF_CROP + 1 : row === OF_CROP + 1 ? OF_CROP : row)),
    ),
  },
  llava: {
    'no ends of lines': withRows((rows) => rows.filter((row) => row !== OF_TILE)),
    'the squeezed picture last': withRows((rows) =>
      Int32Array.from([...rows.subarray(OF_TILE), ...rows.subarray(0, OF_TILE)]),
    ),
  },
};

const MODELS = [
  {
    ...{ name: 'phi3-v' as const, architecture: phi3v, mistakes: PHI, further: FURTHER.phi, seen: 'picture-800x599-4' },
    specified: [
      ...['bicubic instead of bilinear tiles', 'box-averaged global view', 'no second <s>'],
      ...['short factors beyond the switch', 'm left out'],
    ],
  },
  {
    ...{ name: 'llava-next' as const, architecture: llavaNext, mistakes: LLAVA, further: FURTHER.llava, seen: 'cat' },
    specified: ['padding of later releases', 'bilinear', 'no <s>'],
  },
];

describe.each(MODELS)('$name', ({ name, architecture, mistakes, further, specified, seen }) => {
  const oracle = backboneOracle(name);
  let bundle: MemoryBundle;
  let manifest: BundleManifest;

  beforeAll(async () => {
    bundle = memoryBundle();
    const checkpoint = await openCheckpoint({
      checkpoint: await folderTree(fixturePath(`checkpoints/${oracle.checkpoint}`)),
    });
    manifest = await convertCheckpoint({ checkpoint, writer: bundle.writer, dtype: 'fp32' });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => vi.restoreAllMocks());

  async function embedWrongly(id: string, { facts, backbone }: Mistake): Promise<Float32Array> {
    const right: Architecture['fromBundle'] = architecture.fromBundle.bind(architecture);
    vi.spyOn(architecture, 'fromBundle').mockImplementation((given, options) => {
      const made = right(facts ? facts(given) : given, options);
      return backbone ? { ...made, ...backbone(made) } : made;
    });
    const item = oracle.cases.find((each) => each.id === id)!;
    const runtime = await loadRuntime({ reader: bundle.reader, manifest, probe: 'never' });
    const [found] = await runtime.embed([goldenInput(item)], optionsOf(item));
    await runtime.dispose();
    return found!;
  }
  const rightOf = (id: string) => floats(oracle.cases.find((each) => each.id === id)!.embedding);

  test('all specified mistakes are made', () => {
    const made = new Set(oracle.mistakes.map((mistake) => mistake.name));
    expect([...made].sort()).toEqual(Object.keys(mistakes).sort());
    expect(specified.filter((each) => !made.has(each))).toEqual([]);
  });

  test.each(oracle.mistakes)('$name, in $case', async ({ case: id, name: mistake, cosine: left }) => {
    const found = await embedWrongly(id, mistakes[mistake]!);
    const measured = cosine(found, rightOf(id));
    expect(Math.abs(measured - left)).toBeLessThan(2e-5 + 0.01 * (1 - left));
    expect(1 - measured).toBeGreaterThan(1e-5);
    expect(maxDifference(found, rightOf(id))).toBeGreaterThan(1e-4);
  });

  test.each(Object.keys(further))('%s', async (mistake) => {
    const found = await embedWrongly(seen, further[mistake]!);
    expect(1 - cosine(found, rightOf(seen))).toBeGreaterThan(1e-5);
    expect(maxDifference(found, rightOf(seen))).toBeGreaterThan(1e-4);
  });

  test('no mistake: the vector is right', async () => {
    expect(maxDifference(await embedWrongly(seen, {}), rightOf(seen))).toBeLessThan(1e-5);
  });
});
