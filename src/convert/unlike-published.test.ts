/** @file The warning about a known repository whose files are not those that its recipe expects. */

import { describe, expect, test } from 'vitest';
import { memoryBundle } from '../store/memory';
import { recipeNamed } from '../recipes';
import { convertCheckpoint } from './convert';
import { fakeCheckpoint } from './fake-checkpoint';
import { unlikePublished } from './unlike-published';

const QWEN = { minPixels: 3136, maxPixels: 12_845_056 };
const adapter = { kind: 'dora', r: 8, loraAlpha: 64 } as const;

function said(
  recipe: string,
  {
    own = adapter,
    image = QWEN,
  }: { own?: { kind: 'lora' | 'dora' | 'rslora'; r: number; loraAlpha: number }; image?: object },
): string | null {
  const source = {
    base: { id: 'base', revision: null },
    adapter: { id: 'owner/model', revision: null, kind: own.kind },
  };
  return unlikePublished({
    checkpoint: { source, adapter: own },
    architecture: 'qwen2_vl',
    recipe: recipeNamed(recipe),
    image: image as never,
  });
}

describe('unlikePublished', () => {
  test('the published files are as expected', () => {
    expect(said('vlm2vec', {})).toBeNull();
    expect(said('vlm2vec-v2', { own: { ...adapter, r: 16 } })).toBeNull();
    expect(said('colqwen2', { own: { kind: 'lora', r: 32, loraAlpha: 32 } })).toBeNull();
    expect(said('b3', { own: { ...adapter, loraAlpha: 16 } })).toBeNull(); // its alpha is not known
  });

  test.each([
    ['vlm2vec', { own: { ...adapter, r: 16 } }, 'its rank is 16, not 8'],
    ['vlm2vec', { own: { ...adapter, loraAlpha: 32 } }, 'its alpha is 32, not 64'],
    ['vlm2vec-v2', { own: { kind: 'lora', r: 16, loraAlpha: 64 } }, 'the adapter is lora, not dora'],
    ['vlm2vec', { image: { ...QWEN, maxPixels: 1_003_520 } }, '3136 to 1003520 pixels, not 3136 to 12845056'],
    [
      'unime-v2',
      { image: { ...QWEN, maxPixels: 1_003_520 } },
      'which resizes pictures of 1806336 to 1806336 once more',
    ],
    ['lamra-ret', { image: { minPixels: 3136, maxPixels: 200_704 } }, 'resizes pictures of 3136 to 235200 once more'],
  ] as const)('%s: %j', (recipe, differing, what) => {
    expect(said(recipe, differing)).toContain(what);
    expect(said(recipe, differing)).toContain('owner/model');
  });

  test('the file’s limits do not matter for recipes with limits of their own', () => {
    expect(said('gme', { image: { minPixels: 1, maxPixels: 784 } })).toBeNull();
    expect(said('vlm2vec-v2', { own: { ...adapter, r: 16 }, image: { minPixels: 1, maxPixels: 784 } })).toBeNull();
  });
});

describe('in a conversion', () => {
  const convert = async (id: string, r: number) => {
    const checkpoint = {
      ...fakeCheckpoint(),
      adapter: { ...adapter, r },
      source: {
        base: { id: 'Qwen/Qwen2-VL-2B-Instruct', revision: null },
        adapter: { id, revision: null, kind: 'dora' as const },
      },
    };
    const { assumed } = await convertCheckpoint({ checkpoint, writer: memoryBundle().writer, dtype: 'q4' });
    return assumed;
  };

  test('is kept in the bundle, as is that about a repository of another owner', async () => {
    expect(await convert('TIGER-Lab/VLM2Vec-Qwen2VL-2B', 8)).toBeNull();
    expect(await convert('VLM2Vec-Qwen2VL-2B', 8)).toBeNull(); // a folder with its name
    expect(await convert('TIGER-Lab/VLM2Vec-Qwen2VL-2B', 4)).toMatch(
      /differs from what is known about VLM2Vec.*rank is 4, not 8/,
    );
    expect(await convert('someone/VLM2Vec-Qwen2VL-2B', 8)).toMatch(
      /^someone\/VLM2Vec-Qwen2VL-2B is not a known repository, but has the name of TIGER-Lab\/VLM2Vec-Qwen2VL-2B/,
    );
  });
});
