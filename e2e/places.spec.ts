/**
 * @file The map of places on the built site: pictures with GPS in clusters, opened and browsed, filtered by drawing and
 * by name.
 */
import { expect, test } from '@playwright/test';
import { layoutFaults, looksRight } from './layout';
import { offerFolder, saidPhoto, type Photo } from './search-photos';
import { violations } from './site-pages';

test.beforeEach(() => test.skip(test.info().project.name !== 'wasm', 'no GPU is involved: once is enough'));
test.use({ viewport: { width: 1280, height: 860 }, serviceWorkers: 'block' });

/** Three in Rome, two at one spot in Bergen, and one without a place. */
function photos(): Promise<Photo[]> {
  const places: ([number, number] | undefined)[] = [
    [41.8902, 12.4922],
    [41.9142, 12.4922],
    [41.8897, 12.47],
    [60.3975, 5.3245],
    [60.3975, 5.3245],
    undefined,
  ];
  return Promise.all(
    places.map((place, i) =>
      saidPhoto({ path: `${i}.jpg`, taken: `2021:07:0${i + 1} 12:00:00`, ...(place && { place }) }, 40 * i),
    ),
  );
}

test('places: clusters with names, opened and zoomed into; drawn areas and typed places; Back; no requests to others', async ({
  page,
  context,
}) => {
  const siteURL = test.info().project.metadata.siteURL as string;
  const foreign: string[] = [];
  const worlds: string[] = [];
  context.on('request', (request) => {
    const { protocol, origin, pathname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && origin !== siteURL) foreign.push(request.url());
    if (pathname.includes('/world-')) worlds.push(pathname);
  });
  await page.emulateMedia({ reducedMotion: 'reduce' }); // flights take time
  await page.goto(`${siteURL}/search.html?device=wasm`);
  await offerFolder(page, 'Trips', await photos());
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  const line = page.locator('.result-line');
  await expect(line).toContainText('6 pictures');
  await expect(page.locator('.run-outcome')).toContainText('Done:');
  expect(worlds, 'the map is loaded when it is looked at').toEqual([]);

  await page.locator('.choice label', { hasText: 'Places' }).click();
  await expect(page.locator('.places-line')).toHaveText('5 pictures on the map · 1 picture without a place');
  const marks = page.locator('.place-mark');
  const mark = (name: string | RegExp) => page.getByRole('button', { name });
  await expect(mark('3 pictures, Rome, Italy: show nearer')).toBeVisible();
  await expect(mark('2 pictures, Bergen, Norway: open')).toBeVisible();
  await expect(marks).toHaveCount(2);
  await expect(page.locator('.place-name')).toHaveText(['Rome', 'Bergen']);
  expect(worlds).toHaveLength(1);
  expect(await violations(page)).toEqual([]);
  // The sea and the land are drawn in two colours, and other ones in the dark.
  const colours = () =>
    page.locator('.globe canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Map<string, number>();
      for (let i = 0; i < data.length; i += 4 * 97) {
        const colour = data.subarray(i, i + 4).join();
        seen.set(colour, (seen.get(colour) ?? 0) + 1);
      }
      return [...seen]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 2)
        .map(([colour]) => colour);
    });
  await expect.poll(async () => (await colours()).sort()[0]).toBe('0,0,0,0');
  const light = await colours();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(async () => (await colours()).some((colour) => !light.includes(colour))).toBe(true);
  expect(await violations(page, 'color-contrast')).toEqual([]);

  // Zoomed out completely, the world is as wide as the map, and appears once.
  for (let i = 0; i < 9; i++) await page.locator('.globe canvas').press('-');
  await expect(marks).toHaveCount(1);
  await page.locator('.globe canvas').press('0');
  await expect(marks).toHaveCount(2);

  // By keyboard: from the map to its marks, from one to the next, and into the viewer.
  await page.locator('.globe canvas').focus();
  await page.keyboard.press('Enter');
  await expect(mark(/^3 pictures/)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(mark(/^2 pictures/)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Picture' })).toContainText('1 of 2');
  await page.keyboard.press('Escape');
  await mark(/^3 pictures/).click();
  await expect(mark(/^(1|2) pictures?, Rome/).first()).toBeVisible();
  await expect(mark(/Bergen/)).toHaveCount(0);
  await page.locator('.globe canvas').press('0');
  await expect(mark(/Bergen/)).toBeVisible();

  // A rectangle around Bergen.
  await page.getByRole('button', { name: 'Draw an area' }).click();
  const { x, y } = (await mark(/Bergen/).boundingBox())!;
  await page.mouse.move(x - 30, y - 20);
  await page.mouse.down();
  await page.mouse.move(x + 90, y + 90, { steps: 3 });
  await page.mouse.up();
  const chip = page.locator('.chip', { hasText: 'around Bergen, Norway' });
  await expect(chip).toBeVisible();
  await expect(line).toHaveText(/^2 pictures matching the filters/);
  await expect(page.locator('.cell')).toHaveCount(2);
  await expect(page).toHaveURL(/#.*area=.*view=places/);
  await chip.getByRole('button').click();
  await expect(line).toHaveText(/^6 pictures/);
  await page.goBack();
  await expect(chip).toBeVisible();
  await expect(line).toHaveText(/^2 pictures/);
  await page.goForward();
  await expect(chip).toHaveCount(0);

  // By name, and then by what the map shows.
  await page.getByRole('searchbox').fill('in Rome');
  await expect(page.locator('.chip-text')).toHaveText(['in Rome']);
  await expect(line).toHaveText(/^3 pictures/);
  await page.getByRole('searchbox').fill('');
  await expect(line).toHaveText(/^6 pictures/);
  await expect(mark(/pictures?, Rome/).first()).toBeVisible();
  await expect(mark(/Bergen/)).toHaveCount(0);
  await page.getByRole('button', { name: 'Only this part' }).click();
  await expect(page.locator('.chip-text')).toHaveText(['around Rome, Italy']);
  await expect(line).toHaveText(/^3 pictures/);
  await looksRight(page, 'places');
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  expect(await layoutFaults(page), 'from right to left').toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await layoutFaults(page), 'from right to left, on a phone').toEqual([]);
  await page.evaluate(() => (document.documentElement.dir = 'ltr'));
  await page.locator('.views select').selectOption('Pictures');
  await page.locator('.views select').selectOption('Places');
  await expect(marks.first()).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'on a phone').toBeLessThanOrEqual(0);
  expect(foreign).toEqual([]);
});
