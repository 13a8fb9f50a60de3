/** @file The built demo as a visitor uses it: load, drop a picture, type captions, read the ranking. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';

const STRAWBERRY = 'public/samples/strawberry.png';

/** Opens the built site and notes whatever it asks of other origins, and whatever goes wrong in it. */
async function openDemo(page: Page, siteURL: string, query = ''): Promise<{ foreign: string[]; problems: string[] }> {
  const foreign: string[] = [];
  const problems: string[] = [];
  page.context().on('request', (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== siteURL) foreign.push(request.url());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // Without a GPU Chromium itself notes that there is no adapter.
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(`${siteURL}/${query}`);
  return { foreign, problems };
}

/** A file as drag and drop and the clipboard carry it. */
function fileTransfer(page: Page, path: string, name: string, type: string) {
  return page.evaluateHandle(
    ([bytes, name, type]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
      return transfer;
    },
    [[...readFileSync(path)], name, type] as const,
  );
}

/** Drops a file onto the page as a person does. */
async function drop(page: Page, path: string, name: string, type: string): Promise<void> {
  const dataTransfer = await fileTransfer(page, path, name, type);
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('#drop', event, { dataTransfer });
}

const siteOf = (info: { project: { metadata: { siteURL?: string } } }) => info.project.metadata.siteURL!;

test('a dropped picture and typed captions are ranked, and nothing leaves the origin', async ({ page }, info) => {
  const { foreign, problems } = await openDemo(page, siteOf(info));
  await expect(page.locator('#ranking li')).toHaveCount(6); // the first sample, with its captions
  const where = info.project.name === 'webgpu' ? 'the GPU (WebGPU' : 'the CPU (WebAssembly';
  await expect(page.locator('#status-text')).toContainText(`Runs on ${where}`);

  await page.locator('#captions').fill('a bus\n\na strawberry\n  a violin  \na strawberry\na grey cat');
  await expect(page.locator('#ranking li')).toHaveCount(4); // no blanks, no doubles
  await drop(page, STRAWBERRY, 'my <b>picture</b>.png', 'image/png');
  await expect(page.locator('#picture-name')).toHaveText('my <b>picture</b>.png');
  await expect(page.locator('#ranking')).not.toHaveAttribute('aria-busy');
  await expect(page.locator('#ranking li .caption').first()).toHaveText('a strawberry');

  const scores = (await page.locator('#ranking .score').allTextContents()).map((text) => Number(text.replace('−', '-')));
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(new Set(scores).size).toBeGreaterThan(1);
  await expect(page.locator('#timing')).toHaveText(/^\d+(\.\d)? m?s on the [GC]PU$/);
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('captions that a person wrote stay when a sample is chosen', async ({ page }, info) => {
  await openDemo(page, siteOf(info));
  await expect(page.locator('#ranking li')).toHaveCount(6);
  await page.getByRole('button', { name: 'Drawing: elephant' }).click();
  await expect(page.locator('#captions')).toHaveValue(/^an elephant\n/);
  await page.locator('#captions').fill('a guitar\na boat');
  await page.getByRole('button', { name: 'Drawing: umbrella' }).click();
  await expect(page.locator('#picture-name')).toHaveText('Drawing: umbrella');
  await expect(page.locator('#captions')).toHaveValue('a guitar\na boat');
  await expect(page.locator('#ranking li')).toHaveCount(2);
  await page.locator('#captions').fill('');
  await expect(page.locator('#ranking-hint')).toHaveText('Write a caption to see how well it fits.');
});

test('what is no picture, no model, or not on this site is refused in words', async ({ page }, info) => {
  await openDemo(page, siteOf(info));
  await expect(page.locator('#ranking li')).toHaveCount(6);
  await drop(page, 'package.json', 'package.json', 'application/json');
  await expect(page.getByRole('alert')).toHaveText('“package.json” is not a picture.');
  await drop(page, 'package.json', 'broken.png', 'image/png');
  await expect(page.getByRole('alert')).toContainText('This file is not a picture that the browser can open.');

  await page.locator('#model').selectOption('url');
  await page.locator('#url').fill('models/nowhere/');
  await page.getByRole('button', { name: 'Load' }).click();
  await expect(page.getByRole('alert')).toContainText('The model was not found.');
  await expect(page.locator('#status-text')).toHaveText('No model is loaded.');
  await page.locator('#url').fill('https://example.org/bundle/');
  await page.getByRole('button', { name: 'Load' }).click();
  await expect(page.getByRole('alert')).toContainText('https://example.org is another');
  await page.locator('#model').selectOption('nano');
  await drop(page, STRAWBERRY, 'strawberry.png', 'image/png');
  await expect(page.locator('#ranking li')).toHaveCount(6);
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a picture can be pasted and chosen from a file', async ({ page }, info) => {
  await openDemo(page, siteOf(info));
  await expect(page.locator('#ranking li')).toHaveCount(6);
  await page.locator('#file').setInputFiles('public/samples/umbrella.png');
  await expect(page.locator('#picture-name')).toHaveText('umbrella.png');
  const transfer = await fileTransfer(page, STRAWBERRY, 'pasted.png', 'image/png');
  await page.evaluate((clipboardData) => {
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, transfer);
  await expect(page.locator('#picture-name')).toHaveText('pasted.png');
  await expect(page.locator('#ranking')).not.toHaveAttribute('aria-busy');
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a checkpoint folder is converted in the browser', async ({ page }, info) => {
  test.skip(info.project.name !== 'wasm', 'the conversion is the same on every device');
  const { foreign, problems } = await openDemo(page, siteOf(info));
  await page.locator('#model').selectOption('folder');
  await page.locator('#folder').setInputFiles('reference/fixtures/checkpoints/tiny-tied');
  await expect(page.locator('#status-text')).toContainText(/^tiny-tied: [\d.]+ MB of q\d weights, 256 numbers/);
  await expect(page.locator('#ranking li')).toHaveCount(6);
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('a device that is not there is refused, and the CPU can be chosen', async ({ page }, info) => {
  test.skip(info.project.name !== 'wasm', 'needs a browser without an adapter');
  await openDemo(page, siteOf(info), '?device=webgpu');
  await expect(page.getByRole('alert')).toContainText('WebGPU cannot be used here.');
  await page.locator('#device').selectOption('wasm');
  await expect(page.locator('#ranking li')).toHaveCount(6);
  await expect(page.getByRole('alert')).toBeHidden();
});
