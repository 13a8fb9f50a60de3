/** @file The ranking page as a visitor uses it, on the built site, with nano on the CPU. */
import { expect, test, type Page } from '@playwright/test';
import { drop, IS_FULL, openWatched, ranked, rankUrl, settled, siteOf, transferOf } from './site-pages';
import { WASM_ONLY } from './only';

test.beforeEach(({}, { project }) => {
  test.skip(project.name !== 'wasm' && !IS_FULL, 'nano takes long on SwiftShader; runtime.spec.ts covers WebGPU');
});

test.use({ serviceWorkers: 'block' }); // site.spec.ts tests it; here it would fetch the whole site for each test

const STRAWBERRY = { path: 'public/samples/strawberry.png', name: 'strawberry.png', type: 'image/png' };
const WORDS = ['a bus', 'a strawberry', 'a violin', 'a grey cat'];
const cells = (page: Page) => page.locator('.matrix td');
const alert = (page: Page) => page.getByRole('alert');
const number = (text: string) => Number(text.replace('−', '-').replace('%', '').trim());

/** The page's address, with the state that a link contains. */
const open = (page: Page, info: Parameters<typeof siteOf>[0], words: Parameters<typeof rankUrl>[1] = {}) =>
  openWatched(page, rankUrl(siteOf(info), words));

test('the examples are ranked, each task with its instruction; the user’s pictures replace them; nothing leaves the origin', async ({
  page,
}, info) => {
  const { foreign, problems } = await openWatched(
    page,
    `${siteOf(info)}/${info.project.name === 'wasm' ? '' : '?device=webgpu'}`,
  );
  const where = info.project.name === 'webgpu' ? 'the GPU (WebGPU' : 'the CPU (WebAssembly';
  await expect(page.locator('#status-text')).toContainText(`Runs on ${where}`, { timeout: 120_000 });
  await expect(ranked(page)).toHaveCount(7); // the first samples, with their captions
  await expect(page.locator('.matrix thead img')).toHaveCount(3);

  // Each task has its instruction, which can be edited.
  const instruction = page.locator('#instruction');
  await expect(instruction).toHaveValue('Find an image caption describing the given everyday image.');
  await page.locator('label', { hasText: 'Classification' }).click();
  await expect(instruction).toHaveValue('Represent the given image for classification');
  await page.locator('label', { hasText: 'Questions' }).click();
  await expect(instruction).toHaveValue('Represent the given image with the following question: {text}');
  await expect(page.locator('.matrix .text').first()).toHaveValue('apples');
  await expect(ranked(page)).toHaveCount(5);
  await settled(page);
  const before = await page.locator('#ranking .score').allTextContents();
  await page.locator('#question').fill('How many of them are there?');
  await settled(page);
  expect(await page.locator('#ranking .score').allTextContents()).not.toEqual(before);
  await instruction.fill('Represent the given image');
  await expect(alert(page)).toContainText('Write {text} where the text belongs');
  await page.getByRole('button', { name: 'Restore MMEB’s instruction' }).click();
  await expect(alert(page)).toHaveCount(0);
  await expect(instruction).toHaveValue('Represent the given image with the following question: {text}');
  await page.locator('label', { hasText: 'Captions' }).click();
  await expect(ranked(page)).toHaveCount(7);

  // A visitor's own pictures replace the samples; what they wrote is kept. Names are text, whatever they contain.
  await page.locator('.matrix .text').first().fill('a red strawberry');
  await drop(page, { ...STRAWBERRY, name: 'my <b>picture</b>.png' }, { ...STRAWBERRY, name: 'again.png' });
  await expect(page.locator('.matrix thead img')).toHaveCount(2);
  await expect(page.locator('#picture-name')).toHaveText('my <b>picture</b>.png');
  await settled(page);
  await expect(cells(page)).toHaveCount(14);
  const scores = (await page.locator('#ranking .score').allTextContents()).map(number);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(new Set(scores).size).toBeGreaterThan(1);
  const values = (await cells(page).allInnerTexts()).map((text) => number(text.split(',')[0]!));
  const [first, second] = [0, 1].map((column) => values.filter((_, i) => i % 2 === column));
  expect(first, 'one picture twice').toEqual(second);
  expect([...first!].sort((a, b) => b - a)).toEqual(scores);
  // The text written a moment before is included even if it was not embedded yet.
  await expect(page.locator('#timing')).toHaveText(/^\d+(\.\d)? m?s on the [GC]PU, [23] inputs$/);
  await expect(page.locator('#tokens')).toHaveText(/^\d+, \d+ of them for pictures$/);
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('texts are edited in place; a softmax over each query’s candidates adds up to 1', async ({ page }, info) => {
  await open(page, info, { caption: WORDS, sample: ['strawberry.png', 'cat.jpg'] });
  await expect(ranked(page)).toHaveCount(4);
  const texts = page.locator('.matrix .text');
  await texts.nth(1).fill('a red berry');
  await texts.nth(1).press('Enter');
  await expect(texts).toHaveCount(5);
  await expect(texts.nth(2)).toBeFocused();
  await settled(page);
  await expect(ranked(page)).toHaveCount(4); // a blank line is not ranked
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'a boat\n\n  a guitar\r\na bus');
    document.activeElement!.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  });
  await expect(texts).toHaveCount(7);
  await expect(texts.nth(3)).toHaveValue('  a guitar');
  await settled(page);
  await expect(ranked(page)).toHaveCount(7);
  await expect(page.locator('#ranking .caption', { hasText: 'a guitar' })).toHaveText('a guitar');
  await texts.nth(2).fill('');
  await texts.nth(2).press('Backspace');
  await expect(texts).toHaveCount(6);
  await expect(texts.nth(1)).toBeFocused();
  await settled(page); // the table above the samples has its final height

  await page.getByRole('button', { name: /^Drawing of a purple umbrella/ }).click();
  await expect(page.locator('.matrix thead img')).toHaveCount(3);
  await expect(texts.first()).toHaveValue('a bus');
  await expect(page.locator('#picture-name')).toHaveText('umbrella.png');
  await page.getByRole('button', { name: 'Remove umbrella.png' }).click();
  await expect(page.locator('.matrix thead img')).toHaveCount(2);

  // A softmax over each picture's texts.
  await settled(page);
  await page.getByRole('radio', { name: 'Softmax' }).check();
  await expect(page.locator('#values-note')).toHaveText(/^Softmax over each picture’s texts, temperature 0\.02/);
  await expect(cells(page).first()).toContainText('%');
  const shares = (await cells(page).allInnerTexts()).map((text) => number(text.replace('<', '').split(',')[0]!));
  for (const column of [0, 1]) {
    const sum = shares.filter((_, i) => i % 2 === column).reduce((total, share) => total + share, 0);
    expect(Math.abs(sum - 100)).toBeLessThan(1.5); // rounded to a tenth
  }
  await page.locator('label', { hasText: 'Find pictures' }).click();
  await expect(page.locator('#values-note')).toContainText('each text’s pictures');
});

test('boxes are drawn, moved by keys, and ranked for each text', async ({ page }, info) => {
  await open(page, info, { task: 'grounding' });
  await expect(ranked(page)).toHaveCount(3); // the example's boxes
  await expect(page.locator('.matrix thead canvas')).toHaveCount(3);
  await page.getByRole('button', { name: 'Remove Box 3' }).click();
  await settled(page);
  await expect(ranked(page)).toHaveCount(2);

  const area = (await page.locator('.boxes').boundingBox())!;
  await page.mouse.move(area.x + area.width * 0.1, area.y + area.height * 0.1);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.5, area.y + area.height * 0.6, { steps: 3 });
  await page.mouse.up();
  const drawn = page.getByRole('button', { name: /^Box 3: from 10 %, 10 %, 40 % wide, 50 % high/ });
  await expect(drawn).toBeFocused();
  await settled(page);
  await expect(ranked(page)).toHaveCount(3);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByRole('button', { name: /^Box 3: from 12 %, 10 %, 40 % wide, 52 % high/ })).toBeFocused();
  await page.keyboard.press('Delete');
  await settled(page);
  await expect(ranked(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Show what matches “a cow”' }).click();
  await expect(page.locator('.asked')).toHaveText('“a cow”');
});

test('pasted and chosen pictures; a dead worker is started again; files that are not pictures or models are refused; a folder is converted', async ({
  page,
}, info) => {
  await page.addInitScript(() => {
    const Original = Worker;
    const started: Worker[] = [];
    Object.assign(globalThis, {
      started,
      Worker: class extends Original {
        constructor(...args: ConstructorParameters<typeof Original>) {
          super(...args);
          started.push(this);
        }
      },
    });
  });
  const { foreign, problems } = await open(page, info, { caption: WORDS, sample: 'strawberry.png' });
  await expect(ranked(page)).toHaveCount(4);
  await page.locator('#file').setInputFiles(['public/samples/umbrella.png', 'public/samples/penguin.png']);
  await expect(page.locator('#picture-name')).toHaveText('umbrella.png');
  const transfer = await transferOf(page, [{ ...STRAWBERRY, name: 'pasted.png' }]);
  await page.evaluate((clipboardData) => {
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, transfer);
  await expect(page.locator('#picture-name')).toHaveText('pasted.png');
  await expect(page.locator('.matrix thead img')).toHaveCount(3);
  await settled(page);
  await expect(cells(page)).toHaveCount(12);

  await page.evaluate(() => (globalThis as unknown as { started: Worker[] }).started[0]!.terminate());
  await page.locator('.matrix .text').first().fill('a bicycle');
  await expect(alert(page)).toContainText('worker ended');
  await page.getByRole('button', { name: 'Load it again' }).click();
  await expect(ranked(page)).toHaveCount(4);
  await expect(alert(page)).toHaveCount(0);

  await drop(page, { path: 'package.json', name: 'package.json', type: 'application/json' });
  await expect(alert(page)).toHaveText('“package.json” is not a picture.');
  await page.locator('.error-box').getByRole('button', { name: 'Dismiss' }).click();
  await expect(alert(page)).toHaveCount(0);

  // A broken picture affects only its own column.
  await drop(page, { path: 'package.json', name: 'broken.png', type: 'image/png' }, STRAWBERRY);
  await settled(page);
  await expect(page.locator('.matrix thead th').nth(4)).toContainText('⚠ broken.png');
  await expect(page.locator('.matrix td.none')).toHaveCount(4);
  await page.getByRole('button', { name: 'Show what matches strawberry.png' }).click();
  await expect(ranked(page)).toHaveCount(4);

  await page.locator('#model').selectOption('url');
  await page.locator('#url').fill('models/nowhere/');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await expect(alert(page)).toContainText('This was not found.');
  await expect(page.locator('#status-text')).toHaveText('No model is loaded.');
  await page.locator('#url').fill('https://example.org/bundle/');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await expect(alert(page)).toContainText('https://example.org is a different site');
  await page.locator('#model').selectOption('nano');
  await expect(page.locator('#status-text')).toContainText('Runs on');
  await settled(page);
  await expect(ranked(page)).toHaveCount(4);
  await expect(alert(page)).toHaveCount(0);

  // A checkpoint's folder is converted first.
  problems.length = 0; // the browser reports missing files
  await page.locator('#model').selectOption('folder');
  await page.locator('#folder').setInputFiles('reference/fixtures/checkpoints/tiny-tied');
  await expect(page.locator('#status-text')).toContainText(/^tiny-tied: [\d.]+ MB of q\d weights, 256 numbers/);
  await settled(page);
  await expect(ranked(page)).toHaveCount(4);
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('numbers, link and code are copied; the link contains words but no picture', async ({ page, context }, info) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const question = 'What is it? “#&=';
  await open(page, info, {
    task: 'vqa',
    ask: question,
    caption: ['a straw & berry', 'a, "car"'],
    sample: 'strawberry.png',
  });
  await expect(ranked(page)).toHaveCount(2);
  await drop(page, { ...STRAWBERRY, name: 'secret holiday.png' });
  await settled(page);
  const copied = async (name: string) => {
    await page.getByRole('button', { name, exact: true }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const json = JSON.parse(await copied('Copy as JSON')) as { columns: string[]; texts: string[]; question: string };
  expect(json).toMatchObject({ model: 'nano', device: 'wasm', task: 'vqa', question, columns: ['secret holiday.png'] });
  expect(await copied('Copy as CSV')).toMatch(
    /^,secret holiday\.png\r\na straw & berry,-?[\d.]+\r\n"a, ""car""",-?[\d.]+\r\n$/,
  );
  await page.getByText('The same in code').click();
  const code = await copied('Copy the code');
  expect(code).toContain(JSON.stringify(`Represent the given image with the following question: ${question}\n`));
  expect(code).toContain('files[0], // "secret holiday.png"');

  const link = await copied('Copy a link');
  expect(link.length).toBeLessThan(400);
  expect(decodeURIComponent(link)).not.toContain('holiday');
  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator('#question')).toHaveValue(question);
  await expect(other.locator('.matrix .text')).toHaveCount(2);
  await expect(other.locator('.matrix .text').first()).toHaveValue('a straw & berry');
});

test('a missing device is refused, and the CPU can be chosen', WASM_ONLY, async ({ page }, info) => {
  await page.goto(`${siteOf(info)}/?device=webgpu`);
  await expect(alert(page)).toContainText('WebGPU cannot be used here.');
  await page.locator('#device').selectOption('wasm');
  await expect(ranked(page)).toHaveCount(7);
  await expect(alert(page)).toHaveCount(0);
});

test('a HEIC without a type is shown and ranked like any picture', async ({ page }, info) => {
  const { problems } = await open(page, info);
  await settled(page);
  const heic = { path: 'e2e/search-index/red-blue.heic', name: 'phone.HEIC', type: '' };
  await drop(page, heic, { ...heic, path: 'package.json', name: 'broken.heic' });
  const heads = page.locator('.matrix thead img');
  await expect(heads).toHaveCount(2);
  await expect.poll(() => heads.first().evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
  // The samples' captions are gone with the samples.
  await expect(page.locator('.matrix .text')).toHaveCount(1);
  await expect(page.locator('#ranking-hint')).toContainText('Add a picture and a text');
  await page.locator('.matrix .text').fill('red and blue');
  await settled(page);
  await expect(ranked(page)).toHaveCount(1);
  await expect(page.locator('.matrix td.none')).toHaveCount(1); // that of the broken one
  await page.getByRole('button', { name: 'Show what matches broken.heic' }).click();
  await expect(page.locator('#ranking-hint')).toContainText('broken.heic: ');
  await page.getByRole('button', { name: 'Clear all' }).click();
  await expect(heads).toHaveCount(0);
  await expect(page.locator('#ranking-hint')).toContainText('Add a picture and a text');
  await expect(alert(page)).toHaveCount(0);
  expect(problems).toEqual([]);
});
