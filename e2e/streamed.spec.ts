/**
 * @file Streamed weights in a real browser: the same vectors as resident ones, with only part of the weights on the GPU
 * at a time.
 */
import { expect, test } from '@playwright/test';
import { bundleUrl, openBlank } from './fixture-pages';

type Index = typeof import('../src/index');

test('streamed weights give the same as resident ones, in less memory', async ({ page }, { project }) => {
  await openBlank(page);
  const device = project.name as 'webgpu' | 'wasm';
  const { vectors, peaks, stages, weights } = await page.evaluate(
    async ({ url, device }) => {
      // What is on the GPU: both towers' weights, or one stage's.
      let [bytes, peak] = [0, 0];
      if (device === 'webgpu') {
        const { createBuffer } = GPUDevice.prototype;
        const { destroy } = GPUBuffer.prototype;
        GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor) {
          peak = Math.max(peak, (bytes += descriptor.size));
          return createBuffer.call(this, descriptor);
        };
        GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
          bytes -= this.size;
          return destroy.call(this);
        };
      }
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const image = await (await fetch('/reference/fixtures/images/tiny.png')).blob();
      const vectors: number[][][] = [];
      const peaks: number[] = [];
      const stages = new Set<string>();
      const info: string[] = [];
      for (const weights of ['resident', 'streamed'] as const) {
        [bytes, peak] = [0, 0];
        const model = await VLM2Vec.load(url, { device, weights, worker: false, probe: 'never' });
        const found = await model.embed(['a cat', { image }, { image, text: 'what is this?' }], {
          onProgress: ({ stages: passed }) => passed && stages.add(`${passed.done}/${passed.total}`),
        });
        info.push(model.info.weights);
        await model.dispose();
        vectors.push(found.map((vector) => [...vector]));
        peaks.push(peak);
      }
      return { vectors, peaks, stages: [...stages], weights: info };
    },
    { url: bundleUrl('stages'), device },
  );
  expect(weights).toEqual(['resident', 'streamed']);
  expect(vectors[1]).toEqual(vectors[0]);
  expect(stages.at(-1)).toBe(`${stages.length}/${stages.length}`);
  expect(stages.length).toBeGreaterThan(2);
  if (device === 'webgpu') expect(peaks[1]).toBeLessThan(0.7 * peaks[0]!);
});
