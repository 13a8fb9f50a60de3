/**
 * @file The recommended models, and the message before a long run: measured with three photos, without touching
 * anything else.
 */
import { expect, test } from '@playwright/test';
import { offerFolder, samplePhotos } from './search-photos';
import { siteOf, violations } from './site-pages';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm', 'nothing here depends on the GPU'));

test('three models are recommended; nano is measured, and the result is remembered; the page asks before a long run', async ({
  page,
}, info) => {
  await page.goto(`${siteOf(info)}/models.html`);
  const nano = page.locator('.model-card[data-kind="try"]');
  await expect(page.locator('.model-card')).toHaveCount(3);
  await expect(nano).toContainText('not measured on this device yet');
  await nano.getByRole('button', { name: 'Measure with three photos: nano' }).click();
  await expect(nano.locator('dl')).toContainText(/about \d+ (s|min) on the CPU/);
  expect(await violations(page)).toEqual([]);
  await page
    .locator('.model-card[data-kind="photos"]')
    .getByRole('button', { name: /^Get it/ })
    .waitFor();
  await nano.getByRole('link', { name: 'Use in Search: nano' }).click();

  // More photos than are started without asking; the answer is no, and nothing was read.
  await page.evaluate(() => {
    const times = JSON.parse(localStorage.getItem('photo-times')!) as { times: { milliseconds: number }[] }[];
    for (const each of times) each.times[0]!.milliseconds = 600_000;
    localStorage.setItem('photo-times', JSON.stringify(times));
  });
  await page.goto(`${siteOf(info)}/search.html?device=wasm`);
  await expect(page.locator('.model-card[data-kind="photos"]').getByRole('link', { name: /^Get it/ })).toHaveAttribute(
    'href',
    /models\.html\?get=google%2Fsiglip2/,
  );
  const photos = (await samplePhotos()).slice(0, 3);
  await offerFolder(page, 'My photos', photos);
  await expect(page.getByRole('button', { name: 'Import an index…' })).toBeEnabled();
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  const dialog = page.getByRole('dialog', { name: '3 photos' });
  await expect(dialog).toContainText('about 30 min on this device');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Measure again: nano' }).click();
  await expect(dialog).toContainText(/about \d+ s on this device/);
  await dialog.getByRole('button', { name: 'Not now' }).click();
  await expect(page.getByRole('heading', { name: 'Choose a folder of pictures' })).toBeVisible();
  // Now the run is known to be short.
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.folders > summary')).toContainText('3 pictures');
});
