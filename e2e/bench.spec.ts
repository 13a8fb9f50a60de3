/**
 * @file The built site's page for measuring speed: its figures, what it says about them, and the comparison it offers.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, type Page } from '@playwright/test';
import type { MeasureReport } from '../src/measure';
import { WASM_ONLY } from './only';
import { IS_FULL, openWatched, siteOf, violations } from './site-pages';
import { serveTinySiglip } from './tiny-siglip';

test.use({ serviceWorkers: 'block', permissions: ['clipboard-read', 'clipboard-write'] });

test.beforeEach(({}, { project }) => {
  test.skip(project.name !== 'wasm' && !IS_FULL, 'a minute on SwiftShader');
});

const measure = (page: Page) => page.getByRole('button', { name: 'Measure', exact: true });

/** The report as copied, once everything is measured. */
async function copied(page: Page): Promise<MeasureReport> {
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await expect(page.locator('.toast')).toContainText('Copied');
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as MeasureReport;
}

/** Names of all fields, lists by their first element: what two reports have in common. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(fieldsOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fieldsOf(inner)]));
}

test('nano: figures with their stages, a cosine of 1, and the same fields as vlm2vec bench', async ({ page }, info) => {
  const device = info.project.name === 'wasm' ? 'wasm' : 'webgpu';
  const sizes = { pictures: device === 'wasm' ? '16,1024' : '16', captions: '2' };
  const address = `${siteOf(info)}/bench.html?device=${device}&${new URLSearchParams(sizes).toString()}`;
  const { foreign, problems } = await openWatched(page, address);
  await measure(page).click();
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
  // shown as soon as it is measured
  await expect(page.locator('[data-figure="captions 2"]')).toBeVisible({ timeout: 120_000 });
  await expect(page.getByRole('button', { name: 'Copy as JSON' })).toBeVisible({ timeout: 120_000 });
  const report = await copied(page);
  const [rung] = report.rungs;
  expect(rung).toMatchObject({ device, activations: 'f32', error: null, probe: [{ outcome: 'passed' }] });
  expect(rung!.probe[0]!.cosine).toBeGreaterThan(0.999999);
  expect(rung!.matmul!.flopsPerSecond).toBeGreaterThan(1e6);
  const measured = rung!.figures.flatMap((figure) => (figure.skipped === null ? [figure] : []));
  expect(measured.map(({ kind, size }) => [kind, size])).toEqual([
    ['captions', 2],
    ['picture', 16],
  ]);
  for (const { milliseconds, text, share, stages, flops } of measured) {
    for (const value of [milliseconds, text, share, flops]) expect(value).toBeGreaterThan(0);
    for (const stage of stages) expect(stage.milliseconds).toBeGreaterThan(0);
  }
  expect(measured[1]!.stages.map(({ name }) => name)).toEqual(['vision.0', 'text.0']);
  expect([foreign, problems]).toEqual([[], []]);
  if (device !== 'wasm') return;

  await expect(page.locator('.reason')).toHaveText('this model takes at most 512 tokens');
  const command = ['dist/lib/cli.js', 'bench', '--model', 'nano', '--json', '--seconds', '1'];
  const options = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, value]);
  const { stdout } = await promisify(execFile)(process.execPath, [...command, ...options]);
  const inNode = JSON.parse(stdout) as MeasureReport;
  // The browser may not have measured its memory by then.
  const comparable = (each: MeasureReport) =>
    fieldsOf({ ...each, rungs: each.rungs.map((one) => ({ ...one, memory: null })) });
  expect(comparable(report)).toEqual(comparable(inNode));
  expect(report.model).toMatchObject({ id: inNode.model!.id, bytes: inNode.model!.bytes });
  const work = ({ rungs }: MeasureReport) => rungs[0]!.figures.map((figure) => figure.skipped ?? figure.flops);
  expect(work(report)).toEqual(work(inNode));

  await page.getByRole('button', { name: 'Copy as Markdown' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain('| a picture, 16 visual tokens |');
  await page
    .locator('details')
    .first()
    .evaluate((details: HTMLDetailsElement) => (details.open = true));
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);

  // A run can be stopped and started again.
  await measure(page).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(measure(page)).toBeVisible();
  await expect(page.getByText('Stopped.')).toBeVisible();
});

test(
  'transformers.js: nothing is requested before the click, sizes come first, then figures',
  WASM_ONLY,
  async ({ page }, info) => {
    const asked = await serveTinySiglip(page.context());
    await openWatched(page, `${siteOf(info)}/bench.html?device=wasm&captions=2`);
    await page.getByRole('button', { name: 'Open the page that connects to the Hub' }).click();
    await page.waitForURL('**/bench-hub.html?**');
    await page.getByRole('button', { name: 'Look up their sizes' }).click();
    const rival = page.locator('[data-rival="siglip"]');
    await expect(rival).toContainText(/q8, on wasm: [\d.]+ [kM]B to download/);
    await expect(page.locator('[data-rival="embeddinggemma-2"]')).toContainText('q4, on wasm: 3.0 MB to download');
    expect(asked).toEqual([]);
    await rival.getByRole('button', { name: 'Download and measure' }).click();
    await expect(rival.locator('[data-figure="captions 2"] .each')).toHaveText(/^[\d.,]+$/);
    await expect(rival.locator('[data-figure="picture null"] .each')).toHaveText(/^[\d.,]+$/);
    await expect(rival.locator('.bad')).toHaveCount(0);
    expect(asked).toContain('onnx/vision_model_quantized.onnx');
  },
);

test('transformers.js without a network: a plain error', WASM_ONLY, async ({ page }, info) => {
  await page.context().route('https://huggingface.co/**', (route) => route.abort('internetdisconnected'));
  await page.goto(`${siteOf(info)}/bench-hub.html?device=wasm`);
  await page.getByRole('button', { name: 'Look up their sizes' }).click();
  await expect(page.getByRole('alert')).toContainText('huggingface.co cannot be reached.');
});
