/** @file The built npm package from a plain folder, without a bundler, as `<script type="module">` would load it. */
import { expect, test } from '@playwright/test';

test('the package runs from a static folder and loads ONNX Runtime once', async ({ page, baseURL }, info) => {
  const wasm: string[] = [];
  const foreign: string[] = [];
  page.context().on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname.endsWith('.wasm')) wasm.push(url.pathname.split('/').at(-1)!);
    if (/^https?:$/.test(url.protocol) && url.origin !== baseURL) foreign.push(url.href);
  });
  await page.goto('/package/lib/licenses.txt'); // any document of the origin will do
  const result = await page.evaluate(async () => {
    const packageUrl = '/package/lib/index.js';
    const { VLM2Vec, similarity } = (await import(packageUrl)) as typeof import('../src/index');
    const model = await VLM2Vec.load('nano', { modelsUrl: '/package/models/' });
    const [fox, again, guitar] = await model.embed(['a fox', 'a fox', 'a guitar']);
    const { device, build } = model.info;
    await model.dispose();
    return { device, build, same: similarity(fox!, again!), other: similarity(fox!, guitar!) };
  });
  const build = info.project.name === 'wasm' ? 'wasm' : 'jspi';
  expect(result).toMatchObject({ device: info.project.name, build });
  expect(result.same).toBeCloseTo(1, 5);
  expect(result.other).toBeLessThan(0.99);
  expect(wasm).toEqual([build === 'wasm' ? 'ort-wasm-simd-threaded.wasm' : 'ort-wasm-simd-threaded.jspi.wasm']);
  expect(foreign).toEqual([]);
});
