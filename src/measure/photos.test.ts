import { expect, test } from 'vitest';
import { recipeNamed } from '../recipes';
import type { EmbedOptions } from '../runtime';
import { measurePhotos, photoSizes, type SizedInfo } from './photos';

const qwen = (recipe: string, maxPixels = 12_845_056): SizedInfo => ({
  image: { plan: 'native', options: ['minPixels', 'maxPixels'], minPixels: 3136, maxPixels },
  recipe: { resize: recipeNamed(recipe).resize },
});
const fixed: SizedInfo = { image: { plan: 'square', options: [] }, recipe: {} };
const crops: SizedInfo = { image: { plan: 'hd', options: ['numCrops'] }, recipe: {} };
const worksOf = (info: SizedInfo) => photoSizes(info).map(({ name, work }) => `${name} ${work}`);

test('sizes below the model’s own are offered, as far as it has any', () => {
  expect(worksOf(qwen('vlm2vec'))).toEqual(['own 12000000', '1003520px 1003520', '401408px 401408', '200704px 200704']);
  // Its recipe reduces to 1,280 tokens, whatever the file allows.
  expect(worksOf(qwen('vlm2vec-v2'))).toEqual(['own 1003520', '401408px 401408', '200704px 200704']);
  expect(worksOf(qwen('vlm2vec', 11_760))).toEqual(['own 11760']);
  expect(worksOf(crops)).toEqual(['own 17', '4crops 5', '1crops 2']);
  expect(photoSizes(fixed)).toEqual([{ name: 'own', options: {}, work: 12e6 }]);
});

/** Takes a second for each 100,000 pixels, and once longer. */
function slow(info: SizedInfo, factor = 1) {
  let clock = 0;
  const calls: (number | undefined)[] = [];
  const embed = async (_: unknown, { maxPixels }: EmbedOptions) => {
    calls.push(maxPixels);
    clock += factor * (maxPixels ?? 1_003_520) * 0.01 + (calls.length === 1 ? 777 : 0);
  };
  return { model: { info, embed }, calls, now: () => clock };
}
const photos = [new Blob(['a']), new Blob(['b']), new Blob(['c'])];

test('three photos at each size, smallest first; the first call, which prepares, does not count', async () => {
  const { model, calls, now } = slow(qwen('vlm2vec-v2'));
  const steps: number[] = [];
  const times = await measurePhotos(model, { photos, now, onProgress: (done, total) => steps.push(done / total) });
  expect(times.map(({ size, milliseconds }) => [size, Math.round(milliseconds!)])).toEqual([
    ['own', 10035],
    ['401408px', 4014],
    ['200704px', 2007],
  ]);
  // What takes long is not done a fourth time.
  expect(calls.map((pixels) => pixels ?? 0)).toEqual([...Array(4).fill(200_704), ...Array(4).fill(401_408), 0, 0, 0]);
  expect(steps.at(-1)).toBe(1);
  expect(steps).toHaveLength(9);
});

test('what would take too long is left out, with the least that it takes', async () => {
  const { model, calls, now } = slow(qwen('vlm2vec'), 4);
  const times = await measurePhotos(model, { photos, longest: 20, now });
  expect(times.map(({ size, milliseconds }) => [size, milliseconds === null])).toEqual([
    ['own', true],
    ['1003520px', true],
    ['401408px', false],
    ['200704px', false],
  ]);
  expect(times[1]!.atLeast).toBeCloseTo(40_141, 0);
  expect(calls).not.toContain(1_003_520);
});

test('it ends where it is told to', async () => {
  const abort = new AbortController();
  const { model, calls, now } = slow(fixed);
  const measured = measurePhotos(model, { photos, now, signal: abort.signal, onProgress: () => abort.abort() });
  await expect(measured).rejects.toThrow(/abort/i);
  expect(calls).toHaveLength(1);
});
