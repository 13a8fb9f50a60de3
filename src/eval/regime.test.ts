/** @file The size of pictures in each regime, and Pillow's two ways to resize. */

import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { InvalidInputError, UnsupportedError } from '../errors';
import { decodeImage, resizeBicubic } from '../image';
import { imageGrid } from '../testing/patches';
import { fixtureBytes, sha256 } from '../testing/fixtures';
import { plainPicture } from '../testing/mmeb-files';
import { recipeNamed, recipes } from '../recipes';
import { expectRegime, makeRegime, REGIMES, type RegimeName } from './regime';

/** As in the preprocessor_config.json of the Qwen2-VL checkpoints. */
const QWEN = {
  ...{ plan: 'native', options: ['minPixels', 'maxPixels'] as const },
  ...{ minPixels: 3136, maxPixels: 12_845_056, patchSize: 14, mergeSize: 2 },
  ...{
    mean: [0.48145466, 0.4578275, 0.40821073] as [number, number, number],
    std: [0.26862954, 0.26130258, 0.27577711] as [number, number, number],
  },
};

async function tokens(name: RegimeName, width: number, height: number, maxPixels?: number): Promise<number> {
  const regime = makeRegime(name, QWEN, { maxPixels });
  const image = await regime.prepare(await plainPicture([9, 8, 7], width, height));
  return imageGrid(image.height, image.width, { ...QWEN, ...regime.options }).tokens;
}

describe('visual tokens', () => {
  test.each<[RegimeName, number, number, number | undefined, number]>([
    ['v1', 800, 599, undefined, 2304],
    ['v1', 10, 2000, undefined, 2304],
    ['v1', 4000, 3000, undefined, 2304],
    ['v1', 800, 599, 1_003_520, 1225], // the V2 code's evaluation of V1 models
    ['v2', 800, 599, undefined, 609],
    ['v2', 4000, 3000, undefined, 1230],
    ['v2', 20, 500, undefined, 4], // 56 × 56
    ['v2', 6000, 28, undefined, 1225], // 980 × 980
    ['native', 800, 599, undefined, 609],
    ['native', 4000, 3000, 200_704, 234],
  ])('%s, %i × %i, at most %s: %i', async (name, width, height, maxPixels, expected) => {
    expect(await tokens(name, width, height, maxPixels)).toBe(expected);
  });

  test('pictures that Qwen2-VL refuses stay refused in the native regime', async () => {
    await expect(tokens('native', 20, 500)).rejects.toThrow(/at least 28/);
    await expect(tokens('native', 6000, 28)).rejects.toThrow(/aspect ratio/);
    expect(() => makeRegime('v1', QWEN, { maxPixels: 700 })).toThrow(InvalidInputError);
  });

  test('each has a key of its own', () => {
    const keys = (['v1', 'v2', 'native'] as const).flatMap((name) => [
      makeRegime(name, QWEN).key,
      makeRegime(name, QWEN, { maxPixels: 100_000 }).key,
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(makeRegime('v2', QWEN).key).toBe('v2,3136,1003520'); // not changed by the one with a limit
  });
});

describe('models that cut pictures', () => {
  const TILES = { plan: 'tiles', options: [] };
  const CROPS = { plan: 'hd', options: ['numCrops'] as const };
  const photo = () => plainPicture([9, 8, 7], 80, 60);

  test('LLaVA’s are squeezed first, Phi’s are not: 4 crops as the paper’s, or the checkpoint’s own', async () => {
    const seen = async (...args: Parameters<typeof makeRegime>) => {
      const { options, prepare } = makeRegime(...args);
      const { width, height } = await prepare(await photo());
      return [width, height, options];
    };
    expect(await seen('v1', TILES)).toEqual([1344, 1344, {}]);
    expect(await seen('native', TILES)).toEqual([80, 60, {}]);
    expect(await seen('v1', CROPS)).toEqual([80, 60, { numCrops: 4 }]);
    expect(await seen('native', CROPS)).toEqual([80, 60, {}]);
    expect(await seen('v1', CROPS, { numCrops: 16 })).toEqual([80, 60, { numCrops: 16 }]);
    const keys = [{}, { numCrops: 4 }, { numCrops: 16 }].map((choices) => makeRegime('native', CROPS, choices).key);
    expect(new Set([...keys, makeRegime('v1', CROPS).key]).size).toBe(4);
  });

  test('options that they do not accept are refused', () => {
    for (const image of [TILES, CROPS]) {
      expect(() => makeRegime('v2', image)).toThrow(UnsupportedError);
      expect(() => makeRegime('v1', image, { maxPixels: 10_000 })).toThrow(/maxPixels has no meaning/);
    }
    for (const image of [TILES, QWEN])
      expect(() => makeRegime('v1', image, { numCrops: 4 })).toThrow(/numCrops has no/);
    expect(() => makeRegime('v1', CROPS, { numCrops: 1000 })).toThrow(InvalidInputError);
  });
});

describe('V1 resizes what Pillow opens', () => {
  const resized = (bytes: Uint8Array) => makeRegime('v1', QWEN).prepare(bytes);

  // sha256 of Image.open(file).resize((1344, 1344)).convert('RGB').tobytes(), Pillow 11
  test.each([
    ['images/palette.png', 'a04444d864b6dd3186b2973798286eb67b138c60ff4934f2aa67ac9d844d42a6'],
    ['images/bilevel.png', 'd0dac7b50bdeac1e41bcaac3275ecb2bb5d1fc705b5bff885735fc7b0d14681f'],
    ['images/cat.png', '75fea5a27ca8870ef973a3f7aeed02cb6bfa229bdf50a9f3ae5cd5fc62c1aad5'],
    ['images/grey.png', 'cff63a23742d0cf03e6503dd29e902cb9159305d666433b2d28cee63969032e6'],
  ])('%s', async (file, expected) => {
    const image = await resized(fixtureBytes(file));
    expect([image.width, image.height]).toEqual([1344, 1344]);
    expect(sha256(image.data)).toBe(expected);
  });

  test('and leaves the camera’s orientation as stored', async () => {
    const turned = new Uint8Array(
      await sharp(fixtureBytes('images/cat.png')).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
    );
    const stored = await decodeImage(turned, { orientation: 'stored' });
    expect(sha256((await resized(turned)).data)).toBe(sha256(resizeBicubic(stored, 1344, 1344).data));
  });
});

test('each recipe has the regimes in which its pictures are its authors’', () => {
  const fitting = (name: string) => {
    const recipe = recipeNamed(name);
    return REGIMES.filter((regime) => {
      try {
        expectRegime(regime, { ...recipe, isRaw: 'raw' in recipe.prompt });
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(UnsupportedError);
        expect((error as Error).message).toContain(recipe.title);
        return false;
      }
    });
  };
  const found = recipes.map(({ name }) => [name, fitting(name)] as const).filter(([, regimes]) => regimes.length > 0);
  expect(Object.fromEntries(found)).toEqual({
    vlm2vec: ['v1', 'v2', 'native'],
    'vlm2vec-v2': ['v2'],
    b3: ['v2'],
    'unime-v2': ['native'],
  });
});
