/** @file A folder of 200 mixed files, indexed by the built page with `nano`: every file accounted for, dates right. */
import { expect, test, type Page } from '@playwright/test';
import { fixtureBytes } from '../src/testing/fixtures';
import { mixedFolder } from './mixed-folder';
import { offerFolder } from './search-photos';
import { siteOf } from './site-pages';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm', 'no GPU is involved: once is enough'));
test.use({ serviceWorkers: 'block' });

interface Row {
  path: string;
  kind: 'picture' | 'skipped' | 'failed';
  taken: number;
  dated: boolean;
  reason: string;
}

/** What the only index says about each file. */
function rowsOf(page: Page): Promise<Row[]> {
  return page.evaluate(async () => {
    const { name } = (await indexedDB.databases()).find((each) => each.name?.startsWith('vlm2vec-search-'))!;
    const opening = indexedDB.open(name!);
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error!);
    });
    const reading = database.transaction('files').objectStore('files').getAll();
    return new Promise<Row[]>((resolve) => {
      reading.onsuccess = () => {
        database.close();
        resolve(reading.result as Row[]);
      };
    });
  });
}

test('200 mixed files: every one is indexed or listed with a reason, and dates are right', async ({ page }, info) => {
  const files = await mixedFolder();
  expect(files).toHaveLength(200);
  expect(new Set(files.map(({ path }) => path)).size).toBe(200);
  await page.goto(`${siteOf(info)}/search.html?device=wasm`);
  await offerFolder(page, 'Everything', files);
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:', { timeout: 120_000 });

  const rows = new Map((await rowsOf(page)).map((row) => [row.path, row]));
  const found = files.map(({ path }) => {
    const row = rows.get(path);
    const outcome = !row ? 'passed over' : row.kind === 'picture' ? 'indexed' : 'listed';
    const date = row?.kind === 'picture' && row.dated ? new Date(row.taken).toISOString().slice(0, 19) : null;
    return { path, outcome, date, ...(outcome === 'listed' && { reason: row!.reason }) };
  });
  expect(found).toEqual(
    files.map(({ path, outcome, date }) => ({
      path,
      outcome,
      date,
      ...(outcome === 'listed' && { reason: expect.stringMatching(/^[A-Z].*\.$/s) }),
    })),
  );
  const listed = found.filter(({ outcome }) => outcome === 'listed');
  for (const { reason } of listed) expect(reason).not.toMatch(/inputs\[|maxInputPixels|bad seek|undefined/);
  await page.locator('.folders > summary').click();
  await page.getByRole('button', { name: `${listed.length} pictures could not be read` }).click();
  await expect(page.locator('.problems li')).toHaveCount(listed.length);
});

test('the viewer shows HEIC, and pictures that the browser would leave on their side, as they were indexed', async ({
  page,
}, info) => {
  const sharp = (await import('sharp')).default;
  const stored = sharp({ create: { width: 96, height: 64, channels: 3, background: '#c33' } });
  const turned = await stored.withMetadata({ orientation: 6 }).webp().toBuffer();
  const heic = Buffer.from(fixtureBytes('photos/heic.heic'));
  await page.goto(`${siteOf(info)}/search.html?device=wasm`);
  await offerFolder(page, 'Two', [
    { path: 'heic.heic', bytes: heic },
    { path: 'turned.webp', bytes: turned },
  ]);
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:');
  for (const [name, width, height] of [
    ['heic.heic', 64, 48],
    ['turned.webp', 64, 96],
  ] as const) {
    await page.locator(`.cell-open[aria-label="${name}"]`).click();
    const image = page.locator('.original img.drawn');
    await expect(image).toBeVisible();
    expect(await image.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight])).toEqual([
      width,
      height,
    ]);
    await page.keyboard.press('Escape');
  }
});
