/**
 * @file In a real browser, LLaVA-NeXT, Phi-3-Vision and SigLIP: give the vectors of the reference code at fp32.
 * Converted there from a Hub, these and Qwen3-VL become the same bundles as in Node.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { BundleManifest } from '../src/bundle/manifest';
import type { RgbImage } from '../src/image';
import type { EmbedInput, LoadOptions } from '../src/index';
import { backboneOracle, type BackboneCase, type BackboneName } from '../src/testing/backbones';
import { floats, golden, syntheticImage } from '../src/testing/golden';
import { startHub } from '../src/testing/hub-server';
import { bundleUrl, compare, openBlank } from './fixture-pages';
import { hashesOf, storedManifests } from './hub-pages';
import { WASM_ONLY, WEBGPU_ONLY } from './only';

const FULL = process.env.VLM2VEC_FULL_TESTS === '1';

type Index = typeof import('../src/index');
type Load = Pick<LoadOptions, 'device' | 'internal' | 'hubUrl' | 'dtype' | 'probe'>;

/** `gpu`: also on SwiftShader, which takes a second for the smallest picture. */
const MODELS = [
  {
    name: 'llava-next',
    bundle: 'llava-next',
    gpu: ['text', 'picture-450x5'],
    more: ['text-literal-marker', 'picture-55x88', 'cat'],
  },
  {
    name: 'phi3-v',
    bundle: 'phi3-v',
    gpu: ['text', 'text-601-tokens', 'picture-1x1-1'],
    more: ['text-literal-marker', 'marker-inside', 'picture-20x300-4'],
  },
  {
    name: 'siglip',
    bundle: 'siglip2',
    gpu: ['text-case', 'picture-5x7'],
    more: ['text-empty', 'text-65-tokens', 'picture-1x300', 'picture-640x481', 'cat'],
  },
] as const;

/**
 * At q4 the vectors equal those of Node's bundle; at fp32, also the oracle's. `bundle`: Node's bundle of the same
 * model.
 */
const ON_A_HUB = [
  {
    recipe: 'vlm2vec',
    dtype: 'q4',
    bundle: 'llava-next-q4',
    repos: { 'TIGER-Lab/VLM2Vec-LLaVa-Next': 'checkpoints/tiny-llava-next' },
    cases: casesOf('llava-next', ['text', 'picture-450x5']),
  },
  {
    recipe: 'vlm2vec',
    dtype: 'q4',
    bundle: 'phi3-v-q4',
    repos: { 'TIGER-Lab/VLM2Vec-LoRA': 'adapters/phi3-v-dora', 'vlm2vec-web/tiny-phi3-v': 'checkpoints/tiny-phi3-v' },
    cases: casesOf('phi3-v', ['text', 'picture-1x1-1']),
  },
  {
    recipe: 'siglip2',
    dtype: 'fp32',
    bundle: 'siglip2',
    repos: { 'google/siglip2-base-patch16-224': 'checkpoints/tiny-siglip2' },
    cases: casesOf('siglip', ['text-case', 'picture-5x7']),
  },
  {
    recipe: 'qwen3-vl-embedding',
    dtype: 'fp32',
    bundle: 'recipe-qwen3-vl-embedding',
    repos: { 'Qwen/Qwen3-VL-Embedding-2B': 'checkpoints/tiny-qwen3-vl' },
    cases: golden('qwen3-vl-embedding').cases.filter(({ id }) => ['text', 'picture-empty-text'].includes(id)),
  },
] as const;

function casesOf(name: BackboneName, ids: readonly string[]): BackboneCase[] {
  const found = backboneOracle(name).cases.filter(({ id }) => ids.includes(id));
  expect(found).toHaveLength(ids.length);
  return found;
}

/** A case of either kind of oracle. */
type Case = Pick<BackboneCase, 'id' | 'text' | 'numCrops' | 'images'> & { embedding?: string };

/** A case in the form that the page takes. */
const given = ({ id, text, numCrops, images: [image] = [] }: Case) => ({
  ...{ id, text, numCrops },
  file: typeof image === 'string' ? `/reference/fixtures/${image}` : null,
  pixels: typeof image === 'object' ? inBase64(syntheticImage(...image.synthetic)) : null,
});
const inBase64 = ({ width, height, data }: RgbImage) => ({
  width,
  height,
  base64: Buffer.from(data).toString('base64'),
});

/** Loads the model, embeds each case separately, and frees it. */
function embedCases(page: Page, source: string, options: Load, cases: readonly Case[]) {
  return page.evaluate(
    async ({ source, options, cases }) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const model = await VLM2Vec.load(source, options);
      const vectors: Record<string, number[]> = {};
      for (const { id, text, numCrops, file, pixels } of cases) {
        const image = pixels
          ? { ...pixels, data: Uint8Array.from(atob(pixels.base64), (character) => character.charCodeAt(0)) }
          : file && (await (await fetch(file)).blob());
        const input: EmbedInput = image ? { text, image } : { text };
        const asked = { orientation: 'stored', ...(numCrops ? { numCrops } : {}) } as const;
        vectors[id] = [...(await model.embed(input, asked))];
      }
      const { recipe, device, build } = model.info;
      await model.dispose();
      return { vectors, info: { recipe: recipe.name, assumed: recipe.assumed, device, build } };
    },
    { source, options, cases: cases.map(given) },
  );
}

function expectRight(vectors: Record<string, number[]>, cases: readonly Case[]): void {
  for (const { id, embedding } of cases) {
    const { cosine, difference } = compare(vectors[id]!, floats(embedding!));
    test.info().annotations.push({ type: id, description: JSON.stringify({ cosine, difference }) });
    expect(1 - cosine, id).toBeLessThan(1e-5);
    expect(difference, id).toBeLessThan(1e-4);
  }
}

for (const [index, { name, bundle, gpu, more }] of MODELS.entries()) {
  // Without the full tests each architecture runs on one build: SwiftShader takes half a minute for it.
  const builds = ['jspi', 'asyncify'] as const;
  for (const build of FULL ? builds : [builds[index % 2]!]) {
    test(`${name} on a GPU, ${build} build`, WEBGPU_ONLY, async ({ page }) => {
      const problems = await openBlank(page);
      const cases = casesOf(name, gpu);
      const options = { device: 'webgpu', probe: 'never', internal: { build, strictPlacement: true } } as const;
      const { vectors, info: found } = await embedCases(page, bundleUrl(bundle), options, cases);
      expect(found).toMatchObject({ device: 'webgpu', build });
      expectRight(vectors, cases);
      expect(problems).toEqual([]);
    });
  }

  test(`${name} on WASM`, WASM_ONLY, async ({ page }) => {
    const problems = await openBlank(page);
    const cases = FULL ? backboneOracle(name).cases : casesOf(name, [...gpu, ...more]);
    const { vectors } = await embedCases(page, bundleUrl(bundle), { device: 'wasm', probe: 'never' }, cases);
    expectRight(vectors, cases);
    expect(problems).toEqual([]);
  });
}

for (const { recipe, dtype, bundle, repos, cases } of ON_A_HUB) {
  const [source] = Object.keys(repos);
  test(`${source} from a Hub at ${dtype}`, WASM_ONLY, async ({ page }) => {
    const folders = Object.entries(repos).map(([repo, folder]) => [repo, `reference/fixtures/${folder}`]);
    const hub = await startHub({ repos: Object.fromEntries(folders) as Record<string, string> });
    try {
      await openBlank(page);
      const options = { device: 'wasm', dtype, hubUrl: hub.url } as const;
      const converted = await embedCases(page, source!, options, cases);
      expect(converted.info).toMatchObject({ recipe, assumed: null, device: 'wasm' });
      // As in Node, bit for bit: the files, and their vectors.
      const file = path.join('.cache/e2e-bundles', bundle, 'bundle.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as BundleManifest;
      const [stored] = await storedManifests(page);
      expect(hashesOf(stored!)).toEqual(hashesOf(manifest));
      if (dtype === 'fp32') return expectRight(converted.vectors, cases);
      const again = await embedCases(page, bundleUrl(bundle), { device: 'wasm', probe: 'never' }, cases);
      expect(converted.vectors).toEqual(again.vectors);
    } finally {
      await hub.stop();
    }
  });
}
