/** @file The evaluation page of the built site: P@1 of a model in the browser, beside PyTorch's. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { siteOf } from './site-pages';

test.use({ serviceWorkers: 'block' });

const QUERIES = 3;

test.beforeEach(({}, info) => {
  test.skip(info.project.name !== 'wasm', 'nano takes minutes on SwiftShader; bench/nano-eval.ts measures WebGPU');
});

async function open(page: Page): Promise<void> {
  await page.goto(`${siteOf(test.info())}/eval.html?device=wasm`);
  await expect(page.locator('#status-text')).toContainText('Runs on the CPU');
  await page.locator('#limit').fill(String(QUERIES));
}

/** Numbers of a table line: queries, chance, PyTorch's if known, ours. */
async function line(page: Page, name: string): Promise<number[]> {
  const row = page.locator('#outcome tr', { has: page.getByRole('rowheader', { name, exact: true }) });
  return (await row.locator('td').allInnerTexts()).map(Number);
}

test('the built-in miniature, and a folder: each set, the averages, and the choices that PyTorch makes', async ({
  page,
}) => {
  await open(page);
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
  await expect(page.locator('#outcome')).toBeVisible({ timeout: 120_000 });

  const expected = JSON.parse(readFileSync('public/eval/nano.json', 'utf8')) as {
    sets: Record<string, { predictions: number[] }>;
  };
  const shares: number[] = [];
  for (const [name, { predictions }] of Object.entries(expected.sets)) {
    const [queries, chance, reference, here] = await line(page, name);
    const right = predictions.slice(0, QUERIES).filter((prediction) => prediction === 0).length;
    expect(queries, name).toBe(QUERIES);
    expect(reference, name).toBeCloseTo((100 * right) / QUERIES, 1);
    expect(chance, name).toBeGreaterThan(0);
    shares.push(here!);
  }
  const all = await line(page, 'All sets');
  expect(all[0]).toBe(QUERIES * 12);
  expect(all.at(-1)).toBeCloseTo(shares.reduce((sum, share) => sum + share) / shares.length, 0);
  // The built-in weights are rounded to 8 bits: nearly all choices are the same.
  const [of, same] = (await page.locator('#agreement').innerText()).match(/\d+/g)!.map(Number);
  expect(of).toBe(QUERIES * 12);
  expect(same! / of!).toBeGreaterThan(0.85);

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the report' }).click();
  const report = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as { sets: { queries: number }[] };
  expect(report.sets.map(({ queries }) => queries)).toEqual(new Array(12).fill(QUERIES));

  // A folder in MMEB's layout; any other folder is refused; a run can be stopped.
  await page.getByRole('radio', { name: 'MMEB on this device' }).check();
  await expect(page.getByRole('button', { name: 'Measure' })).toBeDisabled();
  await page.locator('#data-folder').setInputFiles('public/samples');
  await expect(page.getByRole('alert')).toContainText('contains no MMEB table');
  await page.locator('#data-folder').setInputFiles('public/eval/mmeb-mini');
  await expect(page.locator('#data-name')).toHaveText('mmeb-mini: 12 sets');
  await expect(page.getByRole('alert')).toHaveCount(0);

  await page.locator('#limit').fill('');
  await page.getByRole('button', { name: 'Measure' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#outcome')).toHaveCount(0);
  await page.locator('#limit').fill('1');
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.locator('#outcome')).toBeVisible({ timeout: 120_000 });
  expect((await line(page, 'All sets'))[0]).toBe(12);
  await expect(page.locator('#agreement')).toHaveCount(0);

  // Visual documents by their own metric, beside the pages they are found among.
  await page.locator('#data-folder').setInputFiles('reference/fixtures/visual-documents');
  await expect(page.locator('#data-name')).toHaveText('visual-documents: 4 sets');
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.locator('#outcome')).toContainText('VisRAG', { timeout: 120_000 });
  const [queries, pages, score] = await line(page, 'ViDoRe_shiftproject');
  expect([queries, pages]).toEqual([1, 12]);
  expect(score).toBeGreaterThanOrEqual(0);
  expect(score).toBeLessThanOrEqual(100);
});
