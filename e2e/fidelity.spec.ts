/** @file In a real browser, every fixture model gives what HF transformers and PEFT give. */
import { expect, test, type Page } from '@playwright/test';
import type { LoadOptions } from '../src/index';
import {
  bundleUrl,
  compare,
  expectedEmbeddings,
  expectedInputs,
  fixtureInputs,
  MODELS,
  openBlank,
  worst,
} from './fixture-pages';
import { WASM_ONLY } from './only';

type Index = typeof import('../src/index');
type Load = Pick<LoadOptions, 'device' | 'activations' | 'probe' | 'internal'>;

const FULL = process.env.VLM2VEC_FULL_TESTS === '1';
const SAMPLE = fixtureInputs.filter((_, i) => i % 3 === 0);
const named = (ids: string[]) => (FULL ? fixtureInputs : fixtureInputs.filter(({ id }) => ids.includes(id)));
/**
 * What a kernel can get wrong is a size: from one token, around those of its tiles, to the longest; pictures of one token, wide,
 * tall, enlarged. Words, and the kinds of picture files, are read before the GPU has a part in it.
 */
const GPU_SIZES = named([
  ...['text-one-token', 'text-label', 'text-cat-dog', 'text-31-tokens', 'text-32-tokens', 'text-33-tokens'],
  ...[
    'text-64-tokens',
    'text-65-tokens',
    'text-300-tokens',
    'image-one-token',
    'image-tiny',
    'image-rgba',
    'image-cat',
  ],
  ...['image-cat-capped', 'image-wide', 'image-tall', 'image-upscaled', 'image-token-inside'],
]);
/** A short and a long text, and two pictures: SwiftShader takes a second for the longest. */
const GPU_SAMPLE = FULL ? SAMPLE : named(['text-cat-dog', 'text-65-tokens', 'image-cat', 'image-rgba']);

/**
 * Models differ in how their weights were merged, which happens in Node and is compared there, and in whether the table of
 * words is tied. All of them, and on the GPU the second build with all inputs, are tested by `npm run test:full`.
 */
function modelsOf(build: 'jspi' | 'asyncify' | 'wasm'): string[] {
  if (FULL) return MODELS;
  return build === 'wasm' ? ['tiny-tied+dora', 'tiny-untied'] : ['tiny-tied+dora'];
}

/** Loads a bundle and embeds fixture inputs; those with the same pixel limits in one call. */
async function embedFixtures(page: Page, url: string, options: Load, inputs = fixtureInputs) {
  return page.evaluate(
    async ({ url, inputs, options }) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const model = await VLM2Vec.load(url, options);
      const vectors: Record<string, number[]> = {};
      const groups = Map.groupBy(inputs, ({ minPixels, maxPixels }) => `${minPixels} ${maxPixels}`);
      for (const group of groups.values()) {
        const parts = await Promise.all(
          group.map(async ({ text, image }) =>
            image === null ? { text } : { text, image: await (await fetch(`/reference/fixtures/${image}`)).blob() },
          ),
        );
        const { minPixels, maxPixels } = group[0]!;
        const found = await model.embed(parts, {
          orientation: 'stored',
          ...(minPixels === null ? {} : { minPixels }),
          ...(maxPixels === null ? {} : { maxPixels }),
        });
        group.forEach(({ id }, i) => (vectors[id] = [...found[i]!]));
      }
      const { info } = model;
      await model.dispose();
      return { vectors, info };
    },
    { url, inputs, options },
  );
}

const BUNDLES = [
  ['stages', 'tiny-tied', 0.99999],
  ['dora-fp16', 'tiny-tied+dora', 0.9999],
  ['dora-q8', 'tiny-tied+dora', 0.999],
] as const;

const BUILDS = {
  webgpu: [
    { device: 'webgpu', build: 'jspi' },
    { device: 'webgpu', build: 'asyncify' },
  ],
  wasm: [{ device: 'wasm', build: 'wasm' }],
} as const;

for (const [project, builds] of Object.entries(BUILDS)) {
  for (const { device, build } of builds) {
    test.describe(`${device}, ${build} build`, () => {
      test.beforeEach(() => test.skip(test.info().project.name !== project, `runs in project ${project}`));
      const internal = build === 'wasm' ? {} : { build };

      for (const name of modelsOf(build)) {
        test(`${name} at fp32`, async ({ page }) => {
          const problems = await openBlank(page);
          // strictPlacement: on the GPU, no node may run on the CPU
          const strictPlacement = device === 'webgpu';
          const inputs = { wasm: fixtureInputs, jspi: GPU_SIZES, asyncify: FULL ? fixtureInputs : GPU_SAMPLE }[build];
          const options = { device, internal: { ...internal, strictPlacement } };
          const { vectors, info } = await embedFixtures(page, bundleUrl(name), options, inputs);
          expect(info).toMatchObject({ device, build, activations: 'f32', dtype: 'fp32' });
          expect(Object.keys(vectors)).toHaveLength(inputs.length);
          const result = worst(vectors, expectedEmbeddings(name));
          test.info().annotations.push({ type: 'measured', description: JSON.stringify(result) });
          expect(result.cosine, result.at).toBeGreaterThanOrEqual(0.99999);
          expect(result.difference).toBeLessThanOrEqual(1e-4);
          expect(problems).toEqual([]);
        });
      }

      // Of both builds, the graphs and kernels are the same.
      const isSame = build === 'asyncify';
      (isSame && !FULL ? test.skip : test)('stages chained, and DoRA at fp16 and q8', async ({ page }) => {
        await openBlank(page);
        const inputs = device === 'webgpu' ? GPU_SAMPLE : SAMPLE;
        for (const [bundle, name, least] of BUNDLES) {
          // Checked only against the oracle, not by the probe as well, for which SwiftShader would compile more.
          const options = { device, activations: 'f32', probe: 'never', internal } as const;
          const { vectors } = await embedFixtures(page, bundleUrl(bundle), options, inputs);
          const result = worst(vectors, expectedEmbeddings(name));
          test.info().annotations.push({ type: bundle, description: JSON.stringify(result) });
          expect(result.cosine, `${bundle} ${result.at}`).toBeGreaterThanOrEqual(least);
        }
      });

      (isSame ? test.skip : test)('64 captions in one call give the same as each alone', async ({ page }) => {
        await openBlank(page);
        const { together, alone } = await page.evaluate(
          async ({ url, device, internal, every }) => {
            const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
            const model = await VLM2Vec.load(url, { device, probe: 'never', internal });
            const words = ['red', 'kite', 'two dogs', 'on a beach', 'at night', 'a very old, dusty violin case'];
            const captions = Array.from({ length: 64 }, (_, i) =>
              Array.from({ length: 1 + (i % 9) }, (_, j) => words[(i * 3 + j * 5) % words.length]).join(' '),
            );
            const together = (await model.embed(captions)).map((vector) => [...vector]);
            const alone: Record<number, number[]> = {};
            for (let i = 0; i < captions.length; i += every) alone[i] = [...(await model.embed(captions[i]!))];
            await model.dispose();
            return { together, alone };
          },
          // SwiftShader is slow for each call.
          { url: bundleUrl('tiny-tied+dora'), device, internal, every: FULL || device === 'wasm' ? 1 : 16 },
        );
        expect(together).toHaveLength(64);
        for (const [i, vector] of Object.entries(alone)) {
          expect(compare(vector, Float32Array.from(together[Number(i)]!)).difference).toBeLessThanOrEqual(1e-5);
        }
      });
    });
  }
}

test('token ids, grids and every bit of the patches equal the oracle’s', WASM_ONLY, async ({ page }) => {
  await openBlank(page);
  const found = await page.evaluate(async (inputs) => {
    const { decodeImage } = (await import('/src/image/index.ts' as string)) as typeof import('../src/image');
    const { bundleBackbone } = (await import('/src/models/index.ts' as string)) as typeof import('../src/models');
    const { compose, recipeNamed } = (await import(
      '/src/recipes/index.ts' as string
    )) as typeof import('../src/recipes');
    const text = (await import('/src/text/index.ts' as string)) as typeof import('../src/text');
    const store = (await import('/src/store/index.ts' as string)) as typeof import('../src/store');
    const reader = store.httpBundle('/e2e-bundles/tiny-tied/');
    const manifest = await store.readManifest(reader);
    const { prompts, tokenizer } = manifest;
    const backbone = bundleBackbone(manifest, { head: null });
    const recipe = recipeNamed('vlm2vec');
    const files = new Map<string, Uint8Array>();
    for (const file of tokenizer.files) files.set(file.path, await store.verifiedBytes(reader, file));
    const loaded = await text.loadTokenizer(files);
    const results: Record<string, { ids: number[]; grid: [number, number] | null; foldedSha256?: string }> = {};
    for (const { id, text: words, image, minPixels, maxPixels } of inputs) {
      if (image === null) {
        results[id] = { ids: backbone.encode(loaded, words, []).ids, grid: null };
        continue;
      }
      const blob = await (await fetch(`/reference/fixtures/${image}`)).blob();
      const picture = await decodeImage(blob, { orientation: 'stored' });
      const plan = backbone.picture.plan(picture, {
        minPixels: minPixels ?? undefined,
        maxPixels: maxPixels ?? undefined,
      });
      const { grid } = plan;
      const patches = backbone.picture.fill(picture, plan);
      const digest = await crypto.subtle.digest('SHA-256', patches as Float32Array<ArrayBuffer>);
      const { prompt } = compose({ text: words, images: 1 }, recipe, prompts.imageToken);
      results[id] = {
        ids: backbone.encode(loaded, prompt, [plan.tokens]).ids,
        grid: [grid.height, grid.width],
        foldedSha256: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
      };
    }
    return results;
  }, fixtureInputs);
  for (const { id } of fixtureInputs) {
    const { ids, grid, foldedSha256 } = expectedInputs[id]!;
    expect(found[id], id).toEqual({ ids, grid, ...(foldedSha256 === undefined ? {} : { foldedSha256 }) });
  }
});
