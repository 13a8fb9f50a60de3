/**
 * @file The documentation site in a browser, in a folder on a plain host: axe in both themes and widths, the search,
 * and the playground, without a request to another host. In the full tests, since it builds the documents first; links
 * and policies are checked in every run, without a browser (`scripts/docs-site/site.test.ts`).
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { IS_FULL, openWatched, siteFolderOf, violations } from './site-pages';
import { startStaticSite, type StaticSite } from './static-site';

const PAGES = ['index.html', 'guides/hosting.html', 'guides/playground.html', 'classes/vlm2vec-web.VLM2Vec.html'];

test.describe('documents', () => {
  test.skip(!IS_FULL, 'npm run test:full');

  let site: StaticSite | undefined;
  // One preparation for all of them: it writes into the site's folder.
  test.describe.configure({ mode: 'default' });
  test.beforeAll(async ({}, info) => {
    test.skip(info.project.name !== 'wasm', 'no GPU is involved: once is enough');
    const folder = siteFolderOf(info);
    execFileSync(process.execPath, [
      'node_modules/tsx/dist/cli.mjs',
      'scripts/docs-site/build.ts',
      path.join(folder, 'docs'),
    ]);
    site = await startStaticSite(folder);
  });
  test.afterAll(() => site?.stop());

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      test(`axe, ${colorScheme}, ${width} px`, async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        for (const name of PAGES) {
          await page.goto(`${site!.url}docs/${name}`);
          await expect(page.locator('#tsd-nav-container a').first()).toBeAttached();
          expect(await violations(page), name).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width);
        }
      });
    }
  }

  test('the search finds sections, and the playground runs nano only on request', async ({ page }) => {
    const { foreign, problems } = await openWatched(page, `${site!.url}docs/index.html`);
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill('nginx');
    const section = page.locator('#tsd-search-results a[href$="guides/hosting.html#nginx"]');
    await expect(section).toHaveText(/ › nginx$/);
    await section.click();
    await expect(page.locator('h3#nginx')).toBeInViewport();

    await page.goto(`${site!.url}docs/guides/playground.html`);
    const run = page.getByRole('button', { name: /and run$/ });
    await expect(run).toBeVisible();
    expect(site!.asked.filter((file) => file.includes('/models/'))).toEqual([]);
    await run.click();
    await expect(page.locator('.scores th').first()).toHaveText('a penguin');
    await expect(page.locator('pre code').last()).toContainText("model.rank({ image: 'penguin.png' }");
    expect(site!.asked.filter((file) => file.includes('/models/nano/'))).not.toEqual([]);
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
});
