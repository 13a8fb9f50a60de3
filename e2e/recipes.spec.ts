/** @file In a real browser, recipes give the vectors of their authors' code: one for each kind of positions and pooling. */
import { expect, test } from '@playwright/test';
import type { EmbedInput, EmbedOptions, MultiVector } from '../src/index';
import { floats, golden, type GoldenCase } from '../src/testing/golden';
import { bundleUrl, compare, openBlank } from './fixture-pages';
import { IS_FULL } from './site-pages';
import { WASM_ONLY } from './only';

type Index = typeof import('../src/index');

/** `both`: on SwiftShader too, which takes seconds for a picture. */
const CASES = [
  { recipe: 'gme', both: ['text-instruction', 'text'], wasm: ['picture-query', 'both', 'both-instruction'] },
  { recipe: 'ops-mm-v1', both: ['text-instruction', 'picture-instruction'], wasm: ['both', 'two-pictures'] },
  {
    recipe: 'qwen3-vl-embedding',
    both: ['text', 'picture-empty-text'],
    wasm: ['both-instruction', 'two-pictures', 'rgba'],
  },
  { recipe: 'colqwen2', both: ['text', 'picture-tiny', 'picture-wide'], wasm: ['picture', 'picture-rocket'] },
] as const;

/** The rows that the authors keep, as one list. */
function wantedOf({ embedding, embeddings }: GoldenCase): Float32Array {
  return floats((embedding ?? embeddings)!);
}

for (const { recipe, both, wasm } of CASES) {
  // The others run Qwen2-VL's graphs, which fidelity.spec.ts tries on the GPU; half a minute each on SwiftShader.
  const only = IS_FULL || recipe === 'qwen3-vl-embedding' ? {} : WASM_ONLY;
  test(`${recipe} gives its authors' vectors`, only, async ({ page }, info) => {
    const device = info.project.name as 'webgpu' | 'wasm';
    const ids: readonly string[] = device === 'wasm' ? [...both, ...wasm] : both;
    const cases = golden(recipe).cases.filter(({ id }) => ids.includes(id));
    expect(cases).toHaveLength(ids.length);
    const problems = await openBlank(page);
    const { found, named } = await page.evaluate(
      async ({ url, cases, device }) => {
        const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
        const model = await VLM2Vec.load(url, { device, internal: { strictPlacement: device === 'webgpu' } });
        const found: Record<string, number[]> = {};
        for (const { id, text, images = [], role, instruction, rows } of cases) {
          const blobs = images.map(async (path) => (await fetch(`/reference/fixtures/${path as string}`)).blob());
          const image = await Promise.all(blobs);
          const input: EmbedInput = image.length > 0 ? { text, image } : { text };
          const options: EmbedOptions = { orientation: 'stored', role: role!, instruction };
          const vector = await model.embed<Float32Array | MultiVector>(input, options);
          if (vector instanceof Float32Array) found[id] = [...vector];
          else {
            const { data, dims, count } = vector;
            const kept = rows ?? Array.from({ length: count }, (_, row) => row);
            found[id] = kept.flatMap((row) => [...data.subarray(row * dims, (row + 1) * dims)]);
          }
        }
        const { info } = model;
        await model.dispose();
        return { found, named: { recipe: info.recipe.name, assumed: info.recipe.assumed, device: info.device } };
      },
      { url: bundleUrl(`recipe-${recipe}`), cases, device },
    );
    expect(named).toEqual({ recipe, assumed: null, device });
    for (const item of cases) {
      const { cosine, difference } = compare(found[item.id]!, wantedOf(item));
      test.info().annotations.push({ type: item.id, description: JSON.stringify({ cosine, difference }) });
      expect(cosine, item.id).toBeGreaterThanOrEqual(0.99999);
      expect(difference, item.id).toBeLessThanOrEqual(1e-4);
    }
    expect(problems).toEqual([]);
  });
}
