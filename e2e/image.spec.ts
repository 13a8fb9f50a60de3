/**
 * @file Decoding in a real browser, in a page and in a worker, from the dev server's source: pixels must equal Pillow's
 * to the last bit, transparent ones included.
 */
import sharp from 'sharp';
import { expect, test, type Page } from '@playwright/test';
import {
  expectedDecodes,
  expectedOverWhite,
  expectedUpright,
  fixtureBytes,
  largestDifference,
  sha256,
} from '../src/testing/fixtures';
import { IS_FULL } from './site-pages';

test.beforeEach(({}, { project }) =>
  test.skip(project.name !== 'wasm' && !IS_FULL, 'no GPU is involved: WebGL is there in both'),
);

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** A document of the dev server that no other test's edits reload. */
async function openBlank(page: Page): Promise<void> {
  await page.goto('/reference/fixtures/inputs.json');
}

interface Job {
  base64: string;
  orientation: 'exif' | 'stored';
  transparency?: 'white';
}

type Outcome = { width: number; height: number; base64: string } | { error: string };

/** Decodes files where users do: in a page or a module worker (`in`). */
async function decodeIn(page: Page, where: 'page' | 'worker', jobs: Job[]): Promise<Outcome[]> {
  return page.evaluate(
    async ([where, jobs]) => {
      const source = `
        const module = import('${location.origin}/src/image/index.ts');
        export async function decodeAll(jobs) {
          const { decodeImage } = await module;
          const results = [];
          for (const { base64, ...options } of jobs) {
            try {
              const blob = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]);
              const { width, height, data } = await decodeImage(blob, options);
              let text = '';
              for (const byte of data) text += String.fromCharCode(byte);
              results.push({ width, height, base64: btoa(text) });
            } catch (error) {
              results.push({ error: error.name });
            }
          }
          return results;
        }
        if (typeof document === 'undefined') {
          onmessage = async ({ data }) => postMessage(await decodeAll(data));
          await module;
          postMessage('ready');
        }`;
      const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
      if (where === 'page') {
        const { decodeAll } = (await import(url)) as { decodeAll(jobs: Job[]): Promise<Outcome[]> };
        return decodeAll(jobs);
      }
      const worker = new Worker(url, { type: 'module' });
      const message = () =>
        new Promise<Outcome[]>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data as Outcome[]);
          worker.onerror = ({ message }) => reject(new Error(message));
        });
      await message();
      worker.postMessage(jobs);
      const results = await message();
      worker.terminate();
      return results;
    },
    [where, jobs] as const,
  );
}

for (const where of ['page', 'worker'] as const) {
  test(`pixels equal Pillow's in a ${where}`, async ({ page }) => {
    await openBlank(page);
    const decodes = expectedDecodes();
    const jobs = decodes.map(({ image }): Job => ({ base64: base64(fixtureBytes(image)), orientation: 'stored' }));
    const results = await decodeIn(page, where, jobs);
    for (const [i, { image, width, height, sha256: hash }] of decodes.entries()) {
      const result = results[i]!;
      if ('error' in result) throw new Error(`${image}: ${result.error}`);
      expect([result.width, result.height], image).toEqual([width, height]);
      expect(sha256(Uint8Array.from(Buffer.from(result.base64, 'base64'))), image).toBe(hash);
    }
  });
}

for (const where of ['page', 'worker'] as const) {
  test(`files of every format, usual and odd, are upright and equal Pillow's in a ${where}`, async ({ page }) => {
    await openBlank(page);
    const files = expectedUpright();
    const jobs = files.map(({ image }): Job => ({ base64: base64(fixtureBytes(image)), orientation: 'exif' }));
    const results = await decodeIn(page, where, jobs);
    for (const [i, file] of files.entries()) {
      const result = results[i]!;
      if ('error' in result) throw new Error(`${file.image}: ${result.error}`);
      expect([result.width, result.height], file.image).toEqual([file.width, file.height]);
      const data = Uint8Array.from(Buffer.from(result.base64, 'base64'));
      if (file.rgb === undefined) expect(sha256(data), file.image).toBe(file.sha256);
      else expect(largestDifference(data, file).all, file.image).toBeLessThanOrEqual(file.format === 'heic' ? 10 : 0);
    }
  });
}

test('transparent pictures are laid over white as Pillow does it', async ({ page }) => {
  await openBlank(page);
  const files = expectedOverWhite();
  const bytesOf = ({ image, file }: (typeof files)[number]) => file ?? base64(fixtureBytes(image));
  const jobs = files.map((file): Job => ({ base64: bytesOf(file), orientation: 'exif', transparency: 'white' }));
  const results = await decodeIn(page, 'worker', jobs);
  for (const [i, file] of files.entries()) {
    const result = results[i]!;
    if ('error' in result) throw new Error(`${file.image}: ${result.error}`);
    const data = Uint8Array.from(Buffer.from(result.base64, 'base64'));
    if (file.rgb === undefined) expect(sha256(data), file.image).toBe(file.sha256);
    // Chromium 156 spreads the alpha of AVIF, 16 to 235, over 0 to 255, whatever range the file names: 19 instead of
    // 32.
    const most = file.image.endsWith('avif') ? 17 : 10;
    if (file.rgb !== undefined) {
      expect(largestDifference(data, { ...file, ...result }).all, file.image).toBeLessThanOrEqual(most);
    }
  }
});

test('colours of transparent WebP pixels survive, lossless and lossy', async ({ page }) => {
  await openBlank(page);
  const [width, height] = [61, 43];
  const raw = Uint8Array.from({ length: width * height * 4 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
  const picture = sharp(raw, { raw: { width, height, channels: 4 } });
  const files = [
    await picture.clone().webp({ lossless: true, exact: true }).toBuffer(),
    await picture.clone().webp({ quality: 90, exact: true }).toBuffer(),
  ];
  const results = await decodeIn(
    page,
    'worker',
    files.map((file) => ({ base64: base64(file), orientation: 'stored' })),
  );
  for (const [i, file] of files.entries()) {
    const expected = await sharp(file).removeAlpha().raw().toBuffer();
    expect(results[i]).toEqual({ width, height, base64: expected.toString('base64') });
  }
});

test('EXIF turns a picture exactly once', async ({ page }) => {
  await openBlank(page);
  const turned = expectedDecodes().filter(({ image }) => /exif-\d\.jpg/.test(image));
  expect(turned.length).toBe(8);
  const jobs = turned.map(({ image }): Job => ({ base64: base64(fixtureBytes(image)), orientation: 'exif' }));
  const results = await decodeIn(page, 'worker', jobs);
  for (const [i, { image }] of turned.entries()) {
    const { data, info } = await sharp(fixtureBytes(image)).autoOrient().raw().toBuffer({ resolveWithObject: true });
    expect(results[i], image).toEqual({ width: info.width, height: info.height, base64: data.toString('base64') });
  }
});

test('truncated files and files that are not images are refused by name', async ({ page }) => {
  await openBlank(page);
  const files = [
    'images/tiny.png',
    'images/decode/exif-1.jpg',
    'images/decode/lossless.webp',
    'images/decode/still.gif',
  ];
  const jobs = files.flatMap((file) => {
    const bytes = fixtureBytes(file);
    return [0.3, 0.6, 0.9].map((part): Job => ({
      base64: base64(bytes.subarray(0, Math.floor(bytes.length * part))),
      orientation: 'exif',
    }));
  });
  jobs.push({ base64: base64(fixtureBytes('README.md')), orientation: 'exif' });
  const results = await decodeIn(page, 'worker', jobs);
  expect(results).toEqual(jobs.map(() => ({ error: 'ImageFormatError' })));
});

test('pictures on the page, bitmaps and canvases are read with straight colours', async ({ page }) => {
  await openBlank(page);
  const [width, height] = [5, 4];
  const raw = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
  const file = await sharp(raw, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  const rows = await page.evaluate(async (base64) => {
    const path = `${location.origin}/src/image/index.ts`;
    const { decodeImage } = (await import(path)) as typeof import('../src/image');
    const blob = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type: 'image/png' });
    const picture = new Image();
    picture.src = URL.createObjectURL(blob);
    await picture.decode();
    const canvas = document.createElement('canvas');
    const offscreen = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext('2d')!.drawImage(picture, 0, 0);
    const context = offscreen.getContext('2d')!;
    context.drawImage(picture, 0, 0);
    const bitmap = await createImageBitmap(blob);
    const pixels = context.getImageData(0, 0, offscreen.width, offscreen.height);
    const inputs = [blob, picture, canvas, offscreen, bitmap, pixels, picture.src, new URL(picture.src)];
    const results = [];
    for (const input of inputs) results.push([...(await decodeImage(input)).data]);
    results.push([bitmap.width, bitmap.height]); // the caller's own bitmap is left open
    const closed = await createImageBitmap(blob);
    closed.close();
    results.push(await decodeImage(closed).catch((error: Error) => error.name));
    return results;
  }, base64(file));
  const expected = [...raw].filter((_, i) => i % 4 !== 3);
  expect(rows.slice(0, 8)).toEqual(new Array(8).fill(expected));
  expect(rows.slice(8)).toEqual([[width, height], 'ImageFormatError']);
});
