/**
 * @file Pictures of each page for the documentation: light, dark, and on a phone. `npm run screens` writes
 * `docs/screens/`; `npm run test:full` makes them too.
 */
import { mkdirSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import sharp from 'sharp';
import { offerFolder, samplePhotos } from './search-photos';
import { IS_FULL, ranked, settled, siteOf } from './site-pages';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm' || !IS_FULL, 'made under npm run test:full'));

const FOLDER = 'docs/screens';

const VIEWS = {
  light: { colorScheme: 'light', viewport: { width: 1240, height: 1120 } },
  dark: { colorScheme: 'dark', viewport: { width: 1240, height: 1120 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const;

/** Waits until everything in view at the new size is there: two frames, fonts and pictures. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await expect(page.locator('span.thumb:visible')).toHaveCount(0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
  });
}

/** A screenshot of the visible part, small enough for a repository. */
async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const [view, { colorScheme, viewport }] of Object.entries(VIEWS)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await page.evaluate(() => scrollTo(0, 0));
    await settle(page);
    const picture = await page.screenshot({ animations: 'disabled' });
    await sharp(picture).png({ palette: true, quality: 85, effort: 10 }).toFile(`${FOLDER}/${name}-${view}.png`);
  }
}

test('the ranking page', async ({ page }, info) => {
  await page.goto(`${siteOf(info)}/?device=wasm`);
  await expect(ranked(page)).toHaveCount(7);
  await page.getByRole('button', { name: /^Drawing of an elephant/ }).click();
  await settled(page);
  await page.locator('.matrix thead .thumb').first().click();
  await expect(page.locator('html')).toHaveAttribute('data-offline', 'ready');
  await expect(page.locator('.toast')).toHaveCount(0);
  await shoot(page, 'rank');
});

test('the search page', async ({ page }, info) => {
  await page.goto(`${siteOf(info)}/search.html?device=wasm`);
  await offerFolder(page, 'My photos', await samplePhotos());
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:');
  await page.getByRole('searchbox', { name: 'What to search for' }).fill('a drawing of an umbrella');
  await expect(page.locator('.result-line')).toContainText('of 24');
  await expect(page.locator('html')).toHaveAttribute('data-offline', 'ready');
  await expect(page.locator('.toast')).toHaveCount(0);
  await shoot(page, 'search');
});

test('the page of models', async ({ page }, info) => {
  await page.goto(`${siteOf(info)}/models.html`);
  await page.locator('#kind').selectOption('folder');
  await page.locator('#folder').setInputFiles('reference/fixtures/checkpoints/tiny-tied');
  await page.getByRole('button', { name: 'See what it costs' }).click();
  await page.getByRole('button', { name: 'Convert and store' }).click();
  await expect(page.locator('#stored li')).toContainText('ready');
  await page.locator('#kind').selectOption('hub');
  await shoot(page, 'models');
});
