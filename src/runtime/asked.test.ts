import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../bundle/validate';
import { InvalidInputError, UnsupportedError } from '../errors';
import { recipeNamed } from '../recipes';
import { folderBundle } from '../store/folder.node';
import { askedOf } from './asked';
import { loadRuntime } from './runtime';

/** Written by the first version of the format, and kept so. */
const NANO = 'public/models/nano';
const bytes = readFileSync(`${NANO}/bundle.json`);

describe('a bundle of version 1', () => {
  const manifest = parseManifest(bytes);

  test('is prompted as VLM2Vec is', () => {
    expect(JSON.parse(bytes.toString())).toMatchObject({ version: 1 });
    expect(askedOf(manifest)).toMatchObject({ recipe: recipeNamed('vlm2vec'), assumed: null });
  });

  test('loads and reproduces its probe', async () => {
    const runtime = await loadRuntime({ reader: folderBundle(NANO), probe: 'always' });
    expect(runtime.info).toMatchObject({ architecture: 'qwen2_vl', recipe: { name: 'vlm2vec', assumed: null } });
    expect(runtime.info.ladder.at(-1)).toMatchObject({ outcome: 'passed' });
    const [vector] = await runtime.embed(['two dogs']);
    expect(vector).toHaveLength(192);
    await expect(runtime.embed(['two dogs'], { dims: 64 })).rejects.toThrow(
      /dims is 64; vectors of VLM2Vec have 192 only/,
    );
    await runtime.dispose();
  });

  test('accepts another recipe of its kind', () => {
    expect(askedOf(manifest, 'gme').recipe).toEqual(recipeNamed('gme'));
    const own = { ...recipeNamed('vlm2vec-v2'), name: 'mine' };
    expect(askedOf(manifest, own)).toMatchObject({ recipe: own, assumed: null });
  });

  test.each([
    ['ops-mm-v1', UnsupportedError, /three-axis positions.*must be converted again/s],
    ['colqwen2', UnsupportedError, /a head of 128 numbers.*in no head\. Convert the checkpoint with the recipe/],
    ['siglip', InvalidInputError, /There is no recipe "siglip"; known recipes are vlm2vec,/],
    [
      { ...recipeNamed('gme'), architectures: ['phi3_v'] },
      UnsupportedError,
      /is for phi3_v; this model's architecture is qwen2_vl/,
    ],
    [{ ...recipeNamed('gme'), positions: '2d' as '1d' }, InvalidInputError, /^recipe.positions: one of 1d, mrope/],
  ])('refuses what it cannot be asked by: %j', (choice, kind, message) => {
    expect(() => askedOf(manifest, choice)).toThrow(kind);
    expect(() => askedOf(manifest, choice)).toThrow(message);
  });
});
