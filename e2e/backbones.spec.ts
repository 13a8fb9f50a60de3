/** @file In a real browser, LLaVA-NeXT and Phi-3-Vision: from a Hub at q4, and the vectors of the reference code at fp32. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { BundleManifest } from '../src/bundle/manifest';
import type { RgbImage } from '../src/image';
import type { EmbedInput, LoadOptions } from '../src/index';
import { backboneOracle, type BackboneCase } from '../src/testing/backbones';
import { floats, syntheticImage } from '../src/testing/golden';
import { startHub } from '../src/testing/hub-server';
import { bundleUrl, compare, openBlank } from './fixture-pages';
import { hashesOf, storedManifests } from './hub-pages';

const FULL = process.env.VLM2VEC_FULL_TESTS === '1';

type Index = typeof import('../src/index');
type Load = Pick<LoadOptions, 'device' | 'internal' | 'hubUrl' | 'dtype' | 'probe'>;

/** `gpu`: on SwiftShader too, which takes a second for the smallest picture. */
const MODELS = [
  {
    name: 'llava-next',
    gpu: ['text', 'picture-450x5'],
    more: ['text-literal-marker', 'picture-55x88', 'cat'],
    hub: { 'TIGER-Lab/VLM2Vec-LLaVa-Next': 'checkpoints/tiny-llava-next' },
  },
  {
    name: 'phi3-v',
    gpu: ['text', 'text-601-tokens', 'picture-1x1-1'],
    more: ['text-literal-marker', 'marker-inside', 'picture-20x300-4'],
    hub: { 'TIGER-Lab/VLM2Vec-LoRA': 'adapters/phi3-v-dora', 'vlm2vec-web/tiny-phi3-v': 'checkpoints/tiny-phi3-v' },
  },
] as const;

/** A case as the page takes it. */
const given = ({ id, text, numCrops, images: [image] = [] }: BackboneCase) => ({
  ...{ id, text, numCrops },
  file: typeof image === 'string' ? `/reference/fixtures/${image}` : null,
  pixels: typeof image === 'object' ? inBase64(syntheticImage(...image.synthetic)) : null,
});
const inBase64 = ({ width, height, data }: RgbImage) => ({
  width,
  height,
  base64: Buffer.from(data).toString('base64'),
});

/** Loads, embeds each case for itself, and frees the model. */
function embedCases(page: Page, source: string, options: Load, cases: readonly BackboneCase[]) {
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

function expectRight(vectors: Record<string, number[]>, cases: readonly BackboneCase[]): void {
  for (const { id, embedding } of cases) {
    const { cosine, difference } = compare(vectors[id]!, floats(embedding));
    test.info().annotations.push({ type: id, description: JSON.stringify({ cosine, difference }) });
    expect(1 - cosine, id).toBeLessThan(1e-5);
    expect(difference, id).toBeLessThan(1e-4);
  }
}

for (const [index, { name, gpu, more, hub: repos }] of MODELS.entries()) {
  const casesOf = (...ids: string[]) => {
    const found = backboneOracle(name).cases.filter(({ id }) => ids.includes(id));
    expect(found).toHaveLength(ids.length);
    return found;
  };

  // Without the full tests each architecture runs on one build: SwiftShader takes half a minute for it.
  const builds = ['jspi', 'asyncify'] as const;
  for (const build of FULL ? builds : [builds[index % 2]!]) {
    test(`${name} on a GPU, ${build} build`, async ({ page }, info) => {
      test.skip(info.project.name !== 'webgpu', 'needs a GPU');
      const problems = await openBlank(page);
      const cases = casesOf(...gpu);
      const options = { device: 'webgpu', probe: 'never', internal: { build, strictPlacement: true } } as const;
      const { vectors, info: found } = await embedCases(page, bundleUrl(name), options, cases);
      expect(found).toMatchObject({ device: 'webgpu', build });
      expectRight(vectors, cases);
      expect(problems).toEqual([]);
    });
  }

  test(`${name} on WASM`, async ({ page }, info) => {
    test.skip(info.project.name !== 'wasm', 'runs without a GPU');
    const problems = await openBlank(page);
    const cases = FULL ? backboneOracle(name).cases : casesOf(...gpu, ...more);
    const { vectors } = await embedCases(page, bundleUrl(name), { device: 'wasm', probe: 'never' }, cases);
    expectRight(vectors, cases);
    expect(problems).toEqual([]);
  });

  test(`${name} from a Hub at q4`, async ({ page }, info) => {
    test.skip(info.project.name !== 'wasm', 'no GPU is involved: once is enough');
    const folders = Object.entries(repos).map(([repo, folder]) => [repo, `reference/fixtures/${folder}`]);
    const hub = await startHub({ repos: Object.fromEntries(folders) as Record<string, string> });
    try {
      await openBlank(page);
      const cases = casesOf('text', gpu.at(-1)!);
      const [source] = Object.keys(repos);
      const options = { device: 'wasm', dtype: 'q4', hubUrl: hub.url } as const;
      const converted = await embedCases(page, source!, options, cases);
      expect(converted.info).toMatchObject({ recipe: 'vlm2vec', assumed: null, device: 'wasm' });
      // As in Node, bit for bit: files, and what they give.
      const ofNode = `${name}-q4`;
      const file = path.join('.cache/e2e-bundles', ofNode, 'bundle.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as BundleManifest;
      const [stored] = await storedManifests(page);
      expect(hashesOf(stored!)).toEqual(hashesOf(manifest));
      const again = await embedCases(page, bundleUrl(ofNode), { device: 'wasm', probe: 'never' }, cases);
      expect(converted.vectors).toEqual(again.vectors);
    } finally {
      await hub.stop();
    }
  });
}
