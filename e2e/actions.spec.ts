/**
 * @file Actions on the pictures that were found, on the built site: favourites, albums, files, and the viewer on a
 * touch screen.
 */
import { expect, test, type Page } from '@playwright/test';
import { offerFolder, plainPhotos } from './search-photos';
import { violations } from './site-pages';

test.beforeEach(() => test.skip(test.info().project.name !== 'wasm', 'no GPU is involved: once is enough'));
test.use({ serviceWorkers: 'block', viewport: { width: 1280, height: 900 } });

const PICTURES = 5;
const cells = (page: Page) => page.locator('.cell-open');
const hearts = (page: Page) => page.locator('.cell-heart[aria-pressed="true"]');
const viewer = (page: Page) => page.getByRole('dialog', { name: 'Picture' });
const select = async (page: Page, ...at: number[]) => {
  for (const i of at)
    await cells(page)
      .nth(i)
      .click({ modifiers: ['ControlOrMeta'] });
};

/** A folder of a few plain pictures, indexed. */
async function indexed(page: Page): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${test.info().project.metadata.siteURL as string}/search.html?device=wasm`);
  await offerFolder(page, 'My photos', await plainPhotos(PICTURES));
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(cells(page)).toHaveCount(PICTURES);
  await expect(page.locator('.run-words')).toHaveCount(0);
  return problems;
}

test('favourites and albums: created, shown, kept across a reload, renamed, deleted', async ({ page }) => {
  const problems = await indexed(page);
  await cells(page).first().hover();
  await page.locator('.cell-heart').first().click();
  await expect(hearts(page)).toHaveCount(1);
  await cells(page).nth(2).click();
  await page.keyboard.press('f');
  await expect(viewer(page).getByRole('button', { name: /to your favourites$/ })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  expect(await violations(page), 'viewer').toEqual([]);
  await page.keyboard.press('Escape');
  await expect(hearts(page)).toHaveCount(2);

  await select(page, 1, 2, 3);
  await page.getByRole('button', { name: 'Add to album…' }).click();
  const picker = page.getByRole('dialog', { name: 'Add 3 pictures to an album' });
  await picker.getByLabel('New album').fill('Rome');
  await picker.getByRole('button', { name: 'Create' }).click();
  await expect(picker.getByRole('checkbox', { name: 'Rome' })).toBeChecked();
  await picker.getByLabel('New album').fill('ROME');
  await picker.getByRole('button', { name: 'Create' }).click();
  await expect(picker).toContainText('There is already an album “ROME”.');
  expect(await violations(page), 'picker').toEqual([]);
  await picker.getByRole('button', { name: 'Done' }).click();

  await page.reload();
  await expect(hearts(page)).toHaveCount(2);
  await page.locator('.albums-menu summary').click();
  expect(await violations(page), 'menu').toEqual([]);
  await page.getByRole('button', { name: 'Show Rome, 3 pictures' }).click();
  await expect(cells(page)).toHaveCount(3);
  await select(page, 0);
  await page.locator('.selection summary').click();
  await page.getByRole('button', { name: 'Remove from Rome' }).click();
  await expect(cells(page)).toHaveCount(2);

  await page.locator('.albums-menu summary').click();
  await page.getByRole('button', { name: 'Rename Rome' }).click();
  const rename = page.getByRole('dialog', { name: 'Rename album' });
  await rename.getByLabel('Name').fill('Bath');
  await rename.getByRole('button', { name: 'Rename' }).click();
  await expect(page.locator('.chip')).toContainText('In Bath');
  if (!(await page.locator('.albums-menu').evaluate((menu: HTMLDetailsElement) => menu.open)))
    await page.locator('.albums-menu summary').click();
  await page.getByRole('button', { name: 'Delete Bath' }).click();
  await page.getByRole('button', { name: 'Delete album' }).click();
  await expect(cells(page), 'what it filtered is shown again').toHaveCount(PICTURES);
  await expect(page.locator('.chip')).toHaveCount(0);
  expect(problems).toEqual([]);
});

test('files: copied to a folder, as a picture, saved, listed, shared if possible', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.addInitScript(() => {
    for (const name of ['showOpenFilePicker', 'showSaveFilePicker']) Reflect.deleteProperty(globalThis, name);
    const shared: string[] = [];
    Object.assign(globalThis, { shared });
    Object.defineProperty(navigator, 'canShare', { value: () => true, configurable: true });
    Object.defineProperty(navigator, 'share', {
      value: async ({ files }: { files: File[] }) => void shared.push(...files.map(({ name }) => name)),
      configurable: true,
    });
  });
  const problems = await indexed(page);
  // One name is already taken in the chosen folder, and one of the originals is gone.
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const photos = await root.getDirectoryHandle('My photos');
    await photos.removeEntry('plain 3.jpg');
    const target = await root.getDirectoryHandle('Copies', { create: true });
    const stream = await (await target.getFileHandle('plain 1.jpg', { create: true })).createWritable();
    await stream.write('someone else’s');
    await stream.close();
    Object.assign(globalThis, { showDirectoryPicker: async () => target });
  });
  await cells(page).first().focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.getByRole('button', { name: 'Copy to folder…' }).click();
  const report = page.getByRole('dialog', { name: 'Pictures copied' });
  await expect(report).toContainText('4 pictures copied to “Copies”.');
  await expect(report).toContainText('1 name was already taken');
  await expect(report.locator('.problem-path')).toHaveText('My photos/plain 3.jpg');
  const copies = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const read = async (folder: string, name: string) => {
      const file = await (await (await root.getDirectoryHandle(folder)).getFileHandle(name)).getFile();
      return (await file.bytes()).toString();
    };
    const names: string[] = [];
    for await (const name of (await root.getDirectoryHandle('Copies')).keys()) names.push(name);
    const isSame = (await read('Copies', 'plain 1 (2).jpg')) === (await read('My photos', 'plain 1.jpg'));
    return { names: names.sort(), isSame };
  });
  expect(copies).toEqual({
    names: ['plain 0.jpg', 'plain 1 (2).jpg', 'plain 1.jpg', 'plain 2.jpg', 'plain 4.jpg'],
    isSame: true,
  });
  expect(await violations(page), 'report').toEqual([]);
  await report.getByRole('button', { name: 'Close' }).last().click();

  await page.locator('.selection summary').click();
  const list = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save list of paths…' }).click();
  expect((await list).suggestedFilename()).toBe('pictures.txt');
  await page.getByRole('button', { name: 'Clear selection' }).click();

  await page
    .getByRole('button', { name: /^plain 0/ })
    .first()
    .click();
  await viewer(page).getByRole('button', { name: 'Copy picture' }).click();
  await expect(page.locator('.toast', { hasText: 'Picture copied.' })).toBeVisible();
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bitmap = await createImageBitmap(await item!.getType('image/png'));
    return [bitmap.width, bitmap.height];
  });
  expect(copied).toEqual([96, 72]);
  const saved = page.waitForEvent('download');
  await viewer(page).getByRole('button', { name: 'Save…' }).click();
  expect((await saved).suggestedFilename()).toBe('plain 0.jpg');
  const opened = page.waitForEvent('popup');
  await viewer(page).getByRole('button', { name: 'Open original' }).click();
  expect((await opened).url()).toMatch(/^blob:/);
  await (await opened).close();
  await viewer(page).getByRole('button', { name: 'Share…' }).click();
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as { shared: string[] }).shared))
    .toEqual(['plain 0.jpg']);
  expect(problems).toEqual([]);
});

test.describe('on a touch screen', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test('a swipe shows the next picture, a double tap and a pinch zoom, as do keys and buttons; selection stays hidden', async ({
    page,
  }) => {
    await page.goto('/demo/search/testing/large.html?count=400');
    await page.locator('.cell-mark').nth(1).tap();
    await page.evaluate(() => scrollBy(0, 6000));
    await expect(page.locator('.cell-open[data-index="9"]')).toHaveCount(0);
    await page.locator('.cell-mark').nth(4).tap();
    await expect(page.locator('.selection')).toContainText('2 selected');
    await page.locator('.views select').selectOption('Map');
    await expect(page.locator('.selection'), 'another view').toContainText('2 selected');
    await page.locator('.views select').selectOption('Pictures');
    await page.getByRole('button', { name: 'Clear selection' }).tap();

    await cells(page).first().tap();
    const stage = page.locator('.zoomable[data-zoom="ready"]');
    await expect(stage).toBeVisible();
    const at = viewer(page).getByRole('status').first();
    const before = Number(/(\d+) of 400/.exec((await at.textContent())!)![1]);
    const touch = await page.context().newCDPSession(page);
    const move = async (...steps: [number, number][][]) => {
      for (const [i, points] of steps.entries()) {
        const touchPoints = points.map(([x, y], id) => ({ x, y, id }));
        const type = points.length === 0 ? 'touchEnd' : i === 0 ? 'touchStart' : 'touchMove';
        await touch.send('Input.dispatchTouchEvent', { type, touchPoints });
      }
    };
    await move([[300, 150]], [[250, 152]], [[150, 155]], []);
    await expect(at).toContainText(`${before + 1} of 400`);
    await move([[300, 150]], [[299, 120]], [[295, 60]], []);
    await expect(at, 'up and down means nothing').toContainText(`${before + 1} of 400`);

    const level = page.locator('.zoom-level');
    await move(
      [
        [100, 100],
        [250, 300],
      ],
      [
        [60, 60],
        [320, 380],
      ],
      [
        [20, 20],
        [380, 420],
      ],
      [],
    );
    await expect(level).not.toContainText('100 %');
    await move([[300, 150]], [[150, 155]], []);
    await expect(at, 'a drag moves a picture that is zoomed').toContainText(`${before + 1} of 400`);
    await page.keyboard.press('0');
    await expect(level).toContainText('100 %');
    await move([[100, 100]], []);
    await move([[100, 100]], []);
    await expect(level).toContainText('250 %');
    await page.keyboard.press('-');
    await expect(level).toContainText('167 %');
    const x = () => page.locator('.zoom-layer').evaluate((layer) => new DOMMatrix(getComputedStyle(layer).transform).e);
    await expect.poll(x).toBeLessThan(0); // eased
    await page.waitForTimeout(250);
    const left = await x();
    await page.keyboard.press('ArrowRight');
    await expect.poll(x).toBeLessThan(left);
    expect(await violations(page)).toEqual([]);
  });
});
