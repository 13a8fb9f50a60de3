/** @file The ranking page on WebGPU: the numbers that it shows are those of the CPU. */
import { expect, test } from '@playwright/test';
import { openWatched, ranked, rankUrl, settled, siteOf } from './site-pages';
import { WEBGPU_ONLY } from './only';

test.use({ serviceWorkers: 'block' });

test('the same ranking on the GPU as on the CPU', WEBGPU_ONLY, async ({ page }, info) => {
  const words = { caption: ['a bus', 'a strawberry', 'a grey cat'], sample: 'strawberry.png' };
  const { foreign, problems } = await openWatched(
    page,
    rankUrl(siteOf(info), words).replace('device=wasm', 'device=webgpu'),
  );
  const scores = async (where: string) => {
    await expect(page.locator('#status-text')).toContainText(where, { timeout: 120_000 });
    await expect(ranked(page)).toHaveCount(3, { timeout: 120_000 });
    await settled(page);
    const values = await page.locator('#ranking .score').allTextContents();
    return {
      order: await page.locator('#ranking .caption').allTextContents(),
      values: values.map((text) => Number(text.replace('−', '-'))),
    };
  };
  const gpu = await scores('Runs on the GPU (WebGPU');
  await page.locator('#device').selectOption('wasm');
  const cpu = await scores('Runs on the CPU (WebAssembly');
  expect(gpu.order).toEqual(cpu.order);
  expect(gpu.order[0]).toBe('a strawberry');
  // The page shows three decimals, so the last one may differ by rounding.
  for (const [i, value] of cpu.values.entries()) expect(Math.abs(gpu.values[i]! - value)).toBeLessThanOrEqual(0.0011);
  expect([foreign, problems]).toEqual([[], []]);
});
