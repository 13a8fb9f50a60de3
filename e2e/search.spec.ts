/** @file The search page as a visitor uses it, on the built site: a folder indexed, searched in every way, without a network. */
import { readFileSync } from 'node:fs';
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import type { FakeIndex } from '../demo/search/testing/fake-index';
import type { FolderInfo, IndexState } from '../src/search';
import { looksRight } from './layout';
import { mainThreadTasks } from './main-thread';
import {
  largePhotos,
  mixedShapes,
  offerFolder,
  plainPhotos,
  samplePhotos,
  saidPhoto,
  type Photo,
} from './search-photos';
import { violations } from './site-pages';

test.beforeEach(() => test.skip(test.info().project.name !== 'wasm', 'no GPU is involved: once is enough'));

/** Tall enough for all pictures of a test: rows out of view do not exist. The service worker has a test of its own. */
test.use({ viewport: { width: 1280, height: 1800 }, serviceWorkers: 'block' });

const siteURL = () => test.info().project.metadata.siteURL as string;

/** What went wrong in the page. */
async function openSearch(page: Page, query = '?device=wasm'): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(`${siteURL()}/search.html${query}`);
  return problems;
}

/** Addresses outside this site that anything in this context requests. */
function watchForeign(context: BrowserContext): string[] {
  const foreign: string[] = [];
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && origin !== siteURL()) foreign.push(request.url());
  });
  return foreign;
}

async function indexFolder(page: Page, photos: readonly Photo[], name = 'My photos'): Promise<void> {
  await offerFolder(page, name, photos);
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:');
}

const summary = (page: Page) => page.locator('.folders > summary');
/** Opens or closes a panel of the toolbar. */
const panel = (page: Page, name: 'folders' | 'filters-menu' | 'model-choice') =>
  page.locator(`.${name} > summary`).click();
const line = (page: Page) => page.locator('.result-line');
const cells = (page: Page) => page.locator('.cell-open');
const box = (page: Page) => page.getByRole('searchbox', { name: 'What to search for' });

/** The pictures shown, in order, without their scores. */
async function names(page: Page): Promise<string[]> {
  // Until a row is read from the index, its picture is named by its position.
  await expect(page.locator('.cell-open[aria-label^="Picture "]')).toHaveCount(0);
  const labels = await cells(page).evaluateAll((all) =>
    all
      .map((cell) => [Number(cell.getAttribute('data-index')), cell.getAttribute('aria-label')!] as const)
      .sort(([a], [b]) => a - b)
      .map(([, label]) => label),
  );
  return labels.map((label) => label.replace(/, −?\d\.\d+ · .*/, ''));
}

/** All hits: the less relevant ones too. */
async function allNames(page: Page): Promise<string[]> {
  const words = /^(?:The best (\d+ )?of|(\d+) pictures? stands? out of) (\d+)/.exec((await line(page).textContent())!);
  const [, best, relevant, all] = words!;
  if (Number(best ?? relevant ?? 1) < Number(all)) {
    const fold = page.locator('.fold button');
    if ((await fold.getAttribute('aria-expanded')) === 'false') await fold.click();
    await expect(fold).toHaveText('Hide less relevant pictures');
  }
  await expect(cells(page)).toHaveCount(Number(all));
  return names(page);
}

/** Changes the query, and waits for the answer: the results are busy from the change until then. */
async function searching(page: Page, act: () => Promise<unknown>): Promise<void> {
  await act();
  await expect(page.locator('.results')).toHaveAttribute('aria-busy', 'false');
}

test('words, exclusions, a picture, both at once, and filters', async ({ page, context }) => {
  const foreign = watchForeign(context);
  const problems = await openSearch(page);
  const photos = await samplePhotos();
  const broken = { path: 'Summer/torn.jpg', bytes: photos[0]!.bytes.subarray(0, 900) };
  await indexFolder(page, [...photos, broken, { path: 'notes.txt', bytes: Buffer.from('no picture') }]);
  await expect(summary(page)).toHaveText('24 pictures');
  await expect(line(page)).toContainText('24 pictures');
  await expect(cells(page)).toHaveCount(24);
  await expect(cells(page).first(), 'newest first').toHaveAccessibleName(/ in winter\.jpg$/);

  await panel(page, 'folders');
  await page.getByRole('button', { name: '1 picture could not be read' }).click();
  await expect(page.locator('.problems li')).toContainText('My photos/Summer/torn.jpg');
  await page.keyboard.press('Escape'); // the dialog
  await expect(page.locator('.problems')).toHaveCount(0);
  await page.keyboard.press('Escape'); // the panel
  await expect(page.locator('.folders')).not.toHaveAttribute('open');

  await searching(page, () => box(page).fill('a strawberry'));
  const everyName = photos.map(({ path }) => path.split('/').at(-1)!).sort();
  expect((await allNames(page)).sort()).toEqual(everyName);
  const byWords = await allNames(page);

  await panel(page, 'filters-menu');
  await page.getByText('Advanced').click();
  await page.getByLabel('Show scores').check();
  const scores = async () =>
    (await page.locator('.cell-score').allTextContents()).map((text) => Number(text.replace('−', '-').split(' ')[0]));
  const falling = await scores();
  expect(falling).toHaveLength(24);
  expect(falling).toEqual([...falling].sort((a, b) => b - a));

  // Excluded pictures lose.
  const scoreOf = async (name: string) => {
    await allNames(page);
    const label = (await page.locator(`.cell-open[aria-label^="${name},"]`).getAttribute('aria-label'))!;
    return Number(
      label
        .slice(name.length + 1)
        .trim()
        .replace('−', '-')
        .split(' ')[0],
    );
  };
  const best = byWords[0]!;
  const plain = await scoreOf(best);
  await searching(page, () => box(page).fill('a fruit'));
  const asFruit = await scoreOf(best);
  await searching(page, () => box(page).fill('a fruit -strawberry'));
  expect(await scoreOf(best)).toBeLessThan(asFruit);
  await searching(page, () => box(page).fill('a strawberry'));
  await page.locator('.cell').first().hover();
  await page.locator('.cell-like').first().click();
  await expect(page.locator('.part-name')).toHaveText(`like ${best}`);
  await page.locator('.part-sign').click();
  await expect(line(page)).toContainText('Also say what to search for');
  await searching(page, () => box(page).fill('a strawberry'));
  await expect(line(page)).toContainText('of 24');
  expect(await scoreOf(best)).toBeLessThan(plain);
  await page.getByRole('button', { name: `Remove ${best}` }).click();

  // A picture finds itself; with words added, the query is a different one.
  await box(page).fill('');
  const asked = photos[2]!;
  const upload = { name: 'asked.jpg', mimeType: 'image/jpeg', buffer: asked.bytes };
  await searching(page, () => page.locator('.query input[type=file]').setInputFiles(upload));
  await expect(page.locator('.part-name')).toHaveText('like asked.jpg');
  await expect(line(page)).toContainText('of 24');
  await expect(cells(page).first()).toHaveAccessibleName(new RegExp(`^${asked.path.split('/').at(-1)}, `));
  const byPicture = await scores();
  await searching(page, () => box(page).fill('in winter'));
  expect(await scores()).not.toEqual(byPicture);
  await expect(line(page)).toContainText('of 24');
  await page.getByRole('button', { name: 'Remove asked.jpg' }).click();

  // Filters go together with words.
  await searching(page, () => box(page).fill('an animal'));
  await panel(page, 'filters-menu');
  await searching(page, async () => {
    await page.getByLabel('From').fill('2024-01-02');
    await page.getByLabel('To', { exact: true }).fill('2024-01-04');
  });
  await expect(line(page)).toContainText('of 3');
  expect(await allNames(page)).toHaveLength(3);
  for (const name of await allNames(page)) expect(name).toMatch(/ in winter\.jpg$/);
  await page.keyboard.press('Escape'); // the panel, which covers the chips
  await page.getByRole('button', { name: 'Remove the filter: Jan 2, 2024 to Jan 4, 2024' }).click();
  await expect(line(page)).toContainText('of 24');
  await panel(page, 'filters-menu');
  await page.getByLabel('Camera').selectOption('Acme Sunny 1');
  await expect(line(page)).toContainText('of 12');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await panel(page, 'folders');
  await page.getByRole('treeitem', { name: 'Winter, 12 pictures' }).click();
  await expect(line(page)).toContainText('of 12');
  await expect(page.locator('.chip')).toHaveText('in My photos/Winter');
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('one box: dates, places and keywords of the pictures, each result with its reason, taken back by a click', async ({
  page,
  context,
}) => {
  const foreign = watchForeign(context);
  const problems = await openSearch(page);
  const rome: [number, number] = [41.8902, 12.4922];
  const photos = await Promise.all([
    saidPhoto({ path: 'one.jpg', taken: '2021:07:01 12:00:00', place: rome }, 10),
    saidPhoto({ path: 'two.jpg', taken: '2021:07:02 12:00:00', place: [60.3975, 5.3245] }, 80),
    saidPhoto({ path: 'three.jpg', taken: '2019:01:05 12:00:00', keywords: ['harbour'] }, 160),
    saidPhoto({ path: 'summer 2021/four.jpg', taken: '2018:01:05 12:00:00' }, 240),
  ]);
  await indexFolder(page, photos);

  await box(page).fill('summer 2021');
  await expect(page.locator('.chips')).toContainText('summer 2021');
  await expect(cells(page)).toHaveCount(3);
  expect(await names(page)).toEqual(['two.jpg', 'one.jpg', 'four.jpg']);
  await expect(page.locator('.why')).toHaveText(['date', 'date', 'folder']);

  await box(page).fill('in Rome');
  await expect(page.locator('.why')).toHaveText(['Rome, Italy']);
  expect(await names(page)).toEqual(['one.jpg']);

  await box(page).fill('harbour');
  await expect(page.locator('.cell', { hasText: 'keyword' })).toHaveCount(1);
  expect((await names(page))[0]).toBe('three.jpg');

  await box(page).fill('summer 2021');
  await expect(cells(page)).toHaveCount(3);
  await page.getByRole('button', { name: 'Treat “summer 2021” as words' }).click();
  await expect(cells(page)).toHaveCount(4);
  await expect(page.locator('.cell', { hasText: 'folder' })).toHaveCount(1);
  expect([foreign, problems]).toEqual([[], []]);
});

test('while large pictures of all kinds are read, the page’s own thread stays free', async ({ page, browser }) => {
  await openSearch(page);
  await expect(page.locator('.model-choice')).toContainText('nano'); // otherwise the page would still be loading it
  await offerFolder(page, 'Large', [...(await largePhotos()), ...(await plainPhotos(9))]);
  const tasks = await mainThreadTasks(browser, page, async () => {
    await page.getByRole('button', { name: 'Choose a folder…' }).click();
    await expect(page.locator('.run-outcome')).toHaveText('Done: 12 pictures read.');
    await expect(cells(page)).toHaveCount(12);
  });
  test.info().annotations.push({ type: 'tasks', description: JSON.stringify(tasks.slice(0, 5)) });
  // 20 ms if nothing else runs; decoding one of these takes a hundred.
  expect(tasks[0]).toBeLessThan(60);
});

test('pause, reload, continue: everything is there; a second tab only reads, and takes over', async ({
  page,
  context,
}) => {
  const problems = await openSearch(page);
  await offerFolder(page, 'Many', await plainPhotos(60));
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const words = document.querySelector('.run-words')?.textContent ?? '';
      const pause = [...document.querySelectorAll<HTMLButtonElement>('.run-actions button')].find(
        ({ textContent }) => textContent === 'Pause',
      );
      if (!pause || !/^[1-9]\d* of 60/.test(words)) return;
      observer.disconnect();
      pause.click();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.locator('.run-words')).toContainText('Paused;');
  const read = Number((await summary(page).textContent())!.split(' ')[0]);
  expect(read).toBeLessThan(60);
  await page.reload();
  await expect(summary(page)).toHaveText(`${read} pictures`);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:');
  await expect(summary(page)).toHaveText('60 pictures');
  expect(problems).toEqual([]);

  const second = await context.newPage();
  await openSearch(second);
  await expect(second.locator('.notice')).toContainText('Another tab');
  await panel(second, 'folders');
  await expect(second.getByRole('button', { name: 'Add a folder…' })).toHaveCount(0);
  await searching(second, () => box(second).fill('a strawberry'));
  await expect(line(second)).toContainText('of 60');
  await panel(second, 'folders');
  await page.close();
  await expect(second.getByRole('button', { name: 'Add a folder…' })).toBeVisible();
});

test.describe('with the service worker', () => {
  test.use({ serviceWorkers: 'allow' });
  test('without a network after the first visit, and without a request while searching', async ({ page, context }) => {
    const foreign = watchForeign(context);
    await openSearch(page);
    const inRome = await saidPhoto({ path: 'rome.jpg', taken: '2021:07:01 12:00:00', place: [41.8902, 12.4922] }, 40);
    await indexFolder(page, [...(await samplePhotos()).slice(0, 5), inRome]);
    await page.waitForFunction(() => document.documentElement.dataset.offline === 'ready');
    await page.waitForFunction(() => document.documentElement.dataset.offlinePlaces === 'ready');
    await context.setOffline(true);
    await page.reload();
    await expect(summary(page)).toHaveText('6 pictures');
    const requests: string[] = [];
    // Except for parts of the page itself, which come from the service worker: there is no network.
    const isOwn = (url: string) => /^(blob|data):|^[^?]*\/(assets|icons)\/[\w.-]+$/.test(url);
    context.on('request', (request) => {
      if (!isOwn(request.url())) requests.push(request.url());
    });
    await searching(page, () => box(page).fill('a drawing of an animal'));
    await cells(page).first().click();
    await expect(page.locator('.original .drawn')).toBeVisible();
    await page.keyboard.press('Escape');
    // The map, which nobody had looked at before.
    await box(page).fill('');
    await page.locator('.choice label', { hasText: 'Places' }).click();
    await expect(page.locator('.places-line')).toHaveText('1 picture on the map · 5 pictures without a place');
    await expect(page.locator('.place-name')).toHaveText(['Rome']);
    await expect(page.locator('.places-map [role=alert]')).toHaveCount(0);
    expect(requests).toEqual([]);
    expect(foreign).toEqual([]);
    await panel(page, 'folders');
    await page.getByText('Nothing leaves this device').click();
    await expect(page.locator('.privacy')).toContainText('0 to anyone else');
  });
});

test('by keyboard: through the grid, the viewer and a selection', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const problems = await openSearch(page);
  const hostile = '<img src=x onerror=alert(1)>.jpg';
  const photos = await samplePhotos();
  await indexFolder(page, [...photos.slice(0, 9), { ...photos[9]!, path: hostile }]);
  await expect(cells(page)).toHaveCount(10);
  const order = await names(page);
  await cells(page).first().focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(cells(page).nth(1)).toBeFocused();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.selection')).toContainText('2 selected');
  await page.keyboard.press('Enter');

  const viewer = page.getByRole('dialog', { name: 'Picture' });
  await expect(viewer).toContainText('3 of 10');
  await expect(viewer.getByRole('heading')).toHaveText(order[2]!);
  await expect(viewer.getByRole('img', { name: order[2]! })).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(viewer.getByRole('heading')).toHaveText(order[3]!);
  await page.keyboard.press('End');
  await expect(viewer).toContainText('10 of 10');
  await page.keyboard.press('Home');
  await expect(viewer).toContainText('1 of 10');
  await page.keyboard.press('s');
  await page.keyboard.press('Escape');
  await expect(viewer).toBeHidden();
  await expect(cells(page).first(), 'the focus is where one looked last').toBeFocused();

  await expect(page.locator('.selection')).toContainText('3 selected');
  await page.locator('.selection summary').click();
  await page.getByRole('button', { name: 'Copy paths' }).click();
  await expect(page.locator('.toast', { hasText: '3 paths copied.' })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\n').map((path) => path.split('/').at(-1))).toEqual([order[1], order[2], order[0]]);

  // Names are text wherever they stand.
  await page.getByRole('button', { name: 'Clear selection' }).click();
  await cells(page).nth(order.indexOf(hostile)).click();
  await expect(viewer.getByRole('heading')).toHaveText(hostile);
  await expect(viewer.locator('dl')).toContainText('Acme');
  await page.keyboard.press('m');
  await expect(page.locator('.part-name')).toHaveText(`like ${hostile}`);
  expect(problems).toEqual([]);
});

test('dropped: one picture is a query, several are a folder', async ({ page }) => {
  const problems = await openSearch(page);
  const photos = await samplePhotos();
  const drop = async (files: Photo[]) => {
    const dataTransfer = await page.evaluateHandle(
      (files) => {
        const transfer = new DataTransfer();
        for (const { name, bytes } of files)
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }));
        return transfer;
      },
      files.map(({ path, bytes }) => ({ name: path.split('/').at(-1)!, bytes: [...bytes] })),
    );
    await page.dispatchEvent('body', 'dragenter', { dataTransfer });
    await expect(page.locator('.drop-veil')).toBeVisible();
    await page.dispatchEvent('body', 'drop', { dataTransfer });
    await expect(page.locator('.drop-veil')).toHaveCount(0);
  };
  await drop(photos.slice(0, 4));
  await expect(summary(page)).toHaveText('4 pictures');
  await searching(page, () => drop([photos[0]!]));
  await expect(cells(page).first()).toHaveAccessibleName(photos[0]!.path.split('/').at(-1)!);

  // Dropped files cannot be opened again after a reload; what was indexed can still be searched.
  await page.reload();
  await expect(page.locator('.notice')).toContainText('The permission to read “Dropped pictures” was not permanent');
  await searching(page, () => box(page).fill('a strawberry'));
  await cells(page).first().click();
  await expect(page.locator('.original figcaption')).toContainText('This is the thumbnail');
  expect(problems).toEqual([]);
});

test('a folder that vanished is reported, kept, found again, and forgotten only when asked', async ({ page }) => {
  const problems = await openSearch(page);
  const photos = (await samplePhotos()).slice(0, 5);
  await indexFolder(page, photos.slice(0, 4), 'Stick');
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('Stick', { recursive: true }));
  await panel(page, 'folders');
  await page.getByRole('button', { name: 'Check for changes' }).click();
  const notice = page.locator('.notice');
  await expect(notice).toContainText('“Stick” is no longer where it was');
  await expect(notice).toContainText('can still be searched (4 pictures)');
  await searching(page, () => box(page).fill('a strawberry'));
  await expect(line(page)).toContainText('of 4');

  await offerFolder(page, 'Stick', photos);
  await notice.getByRole('button', { name: 'Choose it again' }).click();
  await expect(notice).toHaveCount(0);
  // One more picture than before: its count shows that the run which the choice started has scanned the folder.
  await expect(summary(page)).toHaveText('5 pictures');

  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('Stick', { recursive: true }));
  await panel(page, 'folders');
  await page.getByRole('button', { name: 'Check for changes' }).click();
  await notice.getByRole('button', { name: 'Forget its pictures…' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(summary(page)).toHaveText('5 pictures');
  await notice.getByRole('button', { name: 'Forget its pictures…' }).click();
  await page.getByRole('button', { name: 'Forget', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Choose a folder of pictures' })).toBeVisible();
  expect(problems).toEqual([]);
});

test('another model has an index of its own; the first one is still there; both are listed and deleted', async ({
  page,
}) => {
  const problems = await openSearch(page);
  const photos = (await samplePhotos()).slice(0, 6);
  await indexFolder(page, photos);
  const model = page.locator('.model-choice');
  await model.locator('summary').click();
  await model.locator('#model').selectOption('url');
  await model.locator('#url').fill(`${siteURL()}/e2e-bundles/tiny-tied/`);
  await model.getByRole('button', { name: 'Load', exact: true }).click();
  await expect(page.locator('#other-indexes')).toContainText('an index of 6 pictures with nano');
  await expect(page.locator('#other-indexes')).toContainText('the pictures have to be read again');
  await indexFolder(page, photos.slice(0, 3), 'Fewer');
  await expect(summary(page)).toHaveText('3 pictures');
  await searching(page, () => box(page).fill('a strawberry'));
  await expect(line(page)).toContainText('of 3');

  await model.locator('summary').click();
  await model.locator('#model').selectOption('nano');
  await expect(summary(page)).toHaveText('6 pictures');
  await expect(page.locator('.run'), 'nothing to do').toHaveCount(0);
  await searching(page, () => box(page).fill('a picture'));
  await expect(line(page)).toContainText('of 6');

  await page.getByRole('link', { name: 'Models' }).click();
  const rows = page.locator('#indexes li');
  await expect(rows).toHaveCount(2);
  const tiny = rows.filter({ hasText: 'tiny-tied' });
  await expect(tiny).toContainText(/3 pictures · \d+ kB · last used \w+ \d+, \d+/);
  await tiny.getByRole('button', { name: /^Delete the index:/ }).click();
  await expect(tiny.getByRole('button', { name: 'Keep' })).toBeFocused();
  await tiny.getByRole('button', { name: 'Keep' }).click();
  await tiny.getByRole('button', { name: /^Delete the index:/ }).click();
  await tiny.getByRole('button', { name: 'Delete permanently' }).click();
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText(/^nano6 pictures/);
  expect(problems).toEqual([]);
});

interface Box {
  top: number;
  bottom: number;
  height: number;
  width: number;
}

/** Each row of the grid with its cells, buttons and pictures, from the top. */
function gridBoxes(page: Page): Promise<{ row: Box; inside: Box[] }[]> {
  return page.locator('.grid-row').evaluateAll((rows) => {
    const boxOf = (element: Element): Box => {
      const { top, bottom, height, width } = element.getBoundingClientRect();
      return { top, bottom, height, width };
    };
    return rows
      .map((row) => ({ row: boxOf(row), inside: [...row.querySelectorAll('.cell, .cell-open, .thumb')].map(boxOf) }))
      .sort((a, b) => a.row.top - b.row.top);
  });
}

test('pictures of all shapes fill square cells, and no row covers the next one', async ({ page }) => {
  await openSearch(page);
  await indexFolder(page, await mixedShapes(36));
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 2400 });
    await expect(cells(page)).toHaveCount(36);
    await expect(page.locator('.cell-open img.thumb')).toHaveCount(36);
    const rows = await gridBoxes(page);
    expect(rows.length, `${width} px`).toBeGreaterThan(3);
    for (const [i, { row, inside }] of rows.entries()) {
      for (const each of inside) {
        expect(each.top, `row ${i} at ${width} px`).toBeCloseTo(row.top, 0);
        expect(each.bottom, `row ${i} at ${width} px`).toBeCloseTo(row.bottom, 0);
        expect(each.width, `row ${i} at ${width} px`).toBeCloseTo(each.height, 0);
      }
      if (i > 0) expect(row.top - rows[i - 1]!.row.bottom, `above row ${i} at ${width} px`).toBeCloseTo(6, 0);
    }
  }
  await page.locator('.views select').selectOption('Similar'); // on a phone the views are a list
  const members = page.locator('.member');
  await expect(members.first().locator('img')).toBeVisible();
  const shapes = await members.evaluateAll((all) =>
    all.map((member) => member.getBoundingClientRect()).map(({ width, height }) => width / height),
  );
  for (const shape of shapes) expect(shape).toBeCloseTo(4 / 3, 1);
});

test('similar groups, map, export, deletion and import', async ({ page }) => {
  // Without dialogs of the browser's own, files are downloaded and chosen.
  await page.addInitScript(() => {
    for (const name of ['showOpenFilePicker', 'showSaveFilePicker']) Reflect.deleteProperty(globalThis, name);
  });
  const problems = await openSearch(page);
  const photos = await samplePhotos();
  await indexFolder(page, [...photos, { ...photos[0]!, path: 'copy.jpg' }]);
  await expect(summary(page)).toHaveText('25 pictures');

  await page.locator('.choice label', { hasText: 'Similar' }).click();
  const exact = page.locator('.group-list').first();
  await expect(exact).toContainText('1 group, 2 pictures');
  await exact.getByRole('button', { name: 'Select all but the first' }).click();
  await expect(page.locator('.selection')).toContainText('1 selected');
  await page.getByRole('button', { name: 'Clear selection' }).click();
  await page.locator('.threshold input').fill('0.7');
  await expect(page.locator('.group-list').nth(1)).toContainText(/\d+ groups?, /);

  await page.locator('.choice label', { hasText: 'Map' }).click();
  const canvas = page.locator('.map canvas');
  await expect(canvas).toBeVisible();
  await canvas.focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('.map-card')).toBeVisible();
  await expect(page.locator('.map-picture.current')).toHaveCount(1);
  const seen = new Set<string | null>();
  for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    seen.add(await page.locator('.map-card').textContent());
  }
  expect(seen.size).toBeGreaterThan(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Picture' })).toContainText('of 25');
  await page.keyboard.press('Escape');
  await page.locator('.choice label', { hasText: 'Draw a loop' }).click();
  const { x, y, width, height } = (await canvas.boundingBox())!;
  await page.mouse.move(x + 2, y + 2);
  await page.mouse.down();
  for (const [fx, fy] of [
    [1, 0],
    [1, 1],
    [0, 1],
  ] as const) {
    await page.mouse.move(x + 2 + fx * (width - 4), y + 2 + fy * (height - 4), { steps: 3 });
  }
  await page.mouse.up();
  await expect(page.locator('.selection')).toContainText('25 selected');

  await panel(page, 'folders');
  const saved = async (item: string) => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: item }).click();
    return (await download).path();
  };
  const exported = await saved('Export the index…');
  await saved('Export as Parquet…');
  await page.getByRole('button', { name: 'Delete the index…' }).click();
  await page.getByRole('button', { name: 'Delete the index', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Choose a folder of pictures' })).toBeVisible();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import an index…' }).click();
  await (await chooser).setFiles({ name: 'photos.vlm2vec-index', mimeType: '', buffer: readFileSync(exported) });
  await expect(summary(page)).toContainText('25 pictures');
  await page.locator('.choice label', { hasText: /^Pictures$/ }).click();
  await searching(page, () => box(page).fill('a strawberry'));
  expect(problems).toEqual([]);
});

test('no accessibility violations on any view, in either theme; nothing moves or overlaps, at 200 % and on a phone', async ({
  page,
}) => {
  const check = (view: string) => looksRight(page, view);
  await openSearch(page);
  await check('welcome');
  await page.getByRole('button', { name: 'Try it with sample pictures' }).click();
  await expect(page.locator('.run-outcome')).toContainText('Done:');
  await panel(page, 'folders');
  await page.getByText('Nothing leaves this device').click();
  await check('folders');
  await panel(page, 'model-choice');
  await check('model');
  await page.keyboard.press('Escape');
  await searching(page, () => box(page).fill('an animal'));
  await panel(page, 'filters-menu');
  await page.getByText('Advanced').click();
  await page.getByLabel('Show scores').check();
  await check('results');
  await page.keyboard.press('Escape');
  await cells(page).first().click();
  await expect(page.getByRole('dialog', { name: 'Picture' })).toBeVisible();
  await check('viewer');
  await page.keyboard.press('Escape');
  await page.locator('.choice label', { hasText: 'Similar' }).click();
  await expect(page.locator('.group-list')).toHaveCount(2);
  await check('groups');
  await page.locator('.choice label', { hasText: 'Map' }).click();
  await expect(page.locator('.map-picture img').first()).toBeVisible();
  await check('map');
});

/** What the simulated index reports from now on. @returns the folders that it was asked to connect again */
function setFake(page: Page, change: Partial<IndexState>): Promise<number[]> {
  return page.evaluate((change) => {
    const { fake } = globalThis as unknown as { fake: FakeIndex };
    fake.set(change);
    return fake.reconnected;
  }, change);
}

test('the address describes the view: Back, Forward and reload restore it; the keyboard reaches the pictures', async ({
  page,
  baseURL,
}) => {
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.routeWebSocket('**', () => undefined);
  const hostile = '#photo=77777777777&view=evil&from=2020-99-99&like=abc&q=%3Cimg%20src=x%20onerror=alert(1)%3E';
  const address = `${baseURL}/demo/search/testing/large.html?count=2000`;
  await page.goto(`${address}${hostile}`);
  await expect(box(page)).toHaveValue('<img src=x onerror=alert(1)>');
  await expect(cells(page).first()).toBeVisible();
  await expect(page.locator('.viewer, .chip')).toHaveCount(0);

  await page.goto('about:blank');
  await page.goto(address);
  await expect(page.locator('.date-heading').first()).toContainText('Monday, March 25, 2019');
  await page.keyboard.press('/');
  await expect(box(page)).toBeFocused();
  await searching(page, () => page.keyboard.type('dog'));
  await expect(page).toHaveURL(/#q=dog$/);
  await page.keyboard.press('ArrowDown');
  await expect(cells(page).first()).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/#q=dog&photo=2$/);
  await page.reload();
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  await expect(viewer).toContainText('2 of 60');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/#q=dog$/);

  await page.getByLabel('Order').selectOption('Oldest first');
  await expect(page).toHaveURL(/#q=dog&sort=oldest$/);
  await page.locator('.choice label', { hasText: 'Map' }).click();
  await expect(page.locator('.map canvas')).toBeVisible();
  await page.goBack();
  await expect(page.getByLabel('Order')).toHaveValue('oldest');
  await page.goBack();
  await expect(page.getByLabel('Order')).toHaveValue('fit');
  await page.goBack();
  await expect(box(page)).toHaveValue('');
  await page.goForward();
  await expect(box(page)).toHaveValue('dog');
  await expect(viewer).toHaveCount(0);

  // To a year, on the rail beside the pictures; Back restores the position.
  await box(page).fill('');
  await expect(line(page)).toContainText('2,000 pictures');
  const rail = page.getByRole('slider', { name: 'Go to a date' });
  await rail.focus();
  await page.keyboard.press('End');
  await expect(rail).toHaveAttribute('aria-valuetext', 'No date in the file');
  await expect(page.locator('.date-heading', { hasText: 'No date in the file' })).toBeInViewport();
  const down = await page.evaluate(() => scrollY);
  await page.mouse.move(400, 500);
  await page.locator('.cell:hover .cell-like').click();
  await expect(page).toHaveURL(/#like=\d+$/);
  await page.goBack();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(down);
});

test('the second pass: progress, pausing and continuing, pictures not reached in time, and results from the first pass', async ({
  page,
  baseURL,
}) => {
  await page.routeWebSocket('**', () => undefined);
  await page.goto(`${baseURL}/demo/search/testing/large.html?count=300`);
  await expect(cells(page).first()).toBeVisible();
  const run = page.locator('.deep-run');
  await expect(run).toHaveCount(0);
  const counts = { done: 100, total: 300, failed: 0, unreadable: 0, rate: 0.5, secondsLeft: 400, error: null };
  const deep = { modelId: 'strong', modelName: 'The strong one', phase: 'running', ...counts } as const;
  await setFake(page, { deep });
  await expect(run).toContainText(/^Second look by The strong one: 100 of 300 pictures.*7 min/);
  const bar = run.getByRole('progressbar', { name: 'Second look' });
  await expect(bar).toBeVisible();
  expect(await bar.evaluate((each: HTMLProgressElement) => each.position)).toBeCloseTo(1 / 3);

  await run.getByRole('button', { name: 'Pause' }).click();
  await setFake(page, { deep: { ...deep, phase: 'paused', rate: null, secondsLeft: null } });
  await expect(run).toContainText('paused');
  await expect(bar).toHaveCount(0);
  await run.getByRole('button', { name: 'Resume' }).click();
  expect(await page.evaluate(() => (globalThis as unknown as { fake: FakeIndex }).fake.deepCalls)).toEqual([
    'pause',
    'start',
  ]);

  await searching(page, () => box(page).fill('dog'));
  // Of the 60 that stand out, the time sufficed for three.
  await expect(line(page)).toContainText('57 of them ranked by the first look only');
  for (const [place, saw] of [/^(?!.*First look only)/, /First look only$/].entries()) {
    await expect(page.locator(`.cell-open[data-index="${place + 2}"]`)).toHaveAccessibleName(saw);
  }
  await page.locator('.choice label', { hasText: 'Similar' }).click();
  await expect(page.locator('.groups')).toContainText('Ranked by the first look only');
  expect(await violations(page)).toEqual([]);
  await setFake(page, { deep: { ...deep, phase: 'idle', done: 300 } });
  await expect(run).toHaveCount(0);
});

test('100,000 pictures: scrolling is smooth, few of them exist in the page, also on the map; permissions of folders', async ({
  page,
  browser,
  baseURL,
}) => {
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.routeWebSocket('**', () => undefined); // the dev server must not reload the page because a file was saved
  await page.goto(`${baseURL}/demo/search/testing/large.html?count=100000`);
  await expect(page.locator('.grid img').first()).toBeVisible();
  for (const [width, most] of [
    [390, 240],
    [1280, 200],
  ] as const) {
    await page.setViewportSize({ width, height: 860 });
    const { y } = (await cells(page).first().boundingBox())!;
    expect(y, `above the first picture at ${width} px`).toBeLessThanOrEqual(most);
  }
  // The main thread's processor time, which other work on this machine does not lengthen.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000;
  };
  const scroll = async (kind: 'flick' | 'jumps') => {
    const before = await busy();
    const seen = await page.evaluate(async (kind) => {
      const frame = () => new Promise<number>(requestAnimationFrame);
      const frames: number[] = [];
      let cells = 0;
      const end = document.documentElement.scrollHeight - innerHeight;
      let last = await frame();
      for (let i = 0; i < 60; i++) {
        // Jumps go back and forth, and replace every picture in view.
        scrollTo(0, kind === 'flick' || i % 2 === 0 ? i * 120 : end - i * 120);
        const now = await frame();
        frames.push(now - last);
        last = now;
        cells = Math.max(cells, document.querySelectorAll('.cell').length);
      }
      return { median: frames.sort((a, b) => a - b)[30]!, cells, end };
    }, kind);
    return { ...seen, work: ((await busy()) - before) / 60 };
  };
  await scroll('flick'); // a first time, while the code is compiled
  const flick = await scroll('flick');
  const jumps = await scroll('jumps');
  expect(flick.end).toBeGreaterThan(1_000_000);
  expect(Math.max(flick.cells, jumps.cells)).toBeLessThan(200);
  // The first one is that which Tab reaches.
  await expect(page.locator('.grid-row').nth(1)).toHaveAttribute('aria-rowindex', /^\d{5}$/);
  await expect(page.locator('.grid-row').nth(1).locator('img').first()).toBeVisible();
  // The work per frame depends only on what is in view: with a hundredth of the pictures it is the same, on any
  // machine.
  await page.evaluate(() => scrollTo(0, 0));
  await setFake(page, { indexed: 1000, revision: 2 });
  await expect(line(page)).toContainText(/^1,000 pictures/);
  const few = { flick: await scroll('flick'), jumps: await scroll('jumps') };
  test.info().annotations.push({ type: 'scroll', description: JSON.stringify({ flick, jumps, few }) });
  expect(flick.work).toBeLessThan(2 * few.flick.work + 2);
  expect(jumps.work).toBeLessThan(2 * few.jumps.work + 2);
  await page.evaluate(() => scrollTo(0, 0));
  await setFake(page, { indexed: 100_000, revision: 3 });
  await expect(line(page)).toContainText(/^100,000 pictures/);
  // More pictures arrive, and all are sorted by time again.
  const tasks = await mainThreadTasks(browser, page, async () => {
    for (let more = 1; more <= 5; more++) {
      await setFake(page, { phase: 'idle', indexed: 100_000 + more, revision: 3 + more });
      await expect(line(page)).toContainText(`100,00${more} pictures`);
    }
  });
  test.info().annotations.push({ type: 'tasks', description: JSON.stringify(tasks.slice(0, 8)) });
  expect(tasks[0]).toBeLessThan(100);

  // A test cannot lose a picker's permission, so what the index would report then is set here.
  const folderIs = (change: Partial<FolderInfo>) =>
    setFake(page, {
      folders: [{ id: 7, name: 'Stick', access: 'ready', problem: null, found: 9, indexed: 9, older: 0, ...change }],
    });
  const notice = page.locator('.notice');
  await folderIs({ access: 'ask' });
  await expect(notice).toContainText('The browser asks for your permission before this page reads “Stick” again');
  await notice.getByRole('button', { name: 'Allow reading' }).click();
  expect(await folderIs({ problem: { kind: 'refused', path: 'Stick', reason: '' } })).toEqual([7]);
  await expect(notice.getByRole('button')).toHaveText(['Allow reading']);
  await folderIs({ access: 'choose' });
  await expect(notice).toContainText('The permission to read “Stick” was not permanent');
  await folderIs({ problem: { kind: 'partial', path: 'Stick/2023/', reason: '' } });
  await expect(notice).toContainText('the first one was “Stick/2023/”');
  await expect(notice.getByRole('button')).toHaveText(['Check again']);
  await folderIs({ older: 7 });
  await expect(notice).toContainText('An earlier version of this site read 7 pictures');
  await expect(notice.getByRole('button')).toHaveText(['Read keywords and titles']);
  await folderIs({});
  await expect(notice).toHaveCount(0);

  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.choice label', { hasText: 'Map' }).click();
  await page.locator('.map canvas').focus();
  const onMap = page.locator('.map-picture');
  await expect(onMap).toHaveCount(0);
  for (let i = 0; i < 16 && (await onMap.count()) === 0; i++) {
    await page.keyboard.press('+');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  await expect(onMap.locator('img').first()).toBeVisible();
  expect(await onMap.count()).toBeLessThanOrEqual(80);
  await page.keyboard.press('0');
  await expect(onMap).toHaveCount(0);
});
