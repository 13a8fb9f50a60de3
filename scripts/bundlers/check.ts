/** @file Opens a built example in a browser and compares its results with Node's for the same package. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { VLM2VecSearch } from '../../src/elements/search-element.ts';
import { startHost, type HostOptions } from './host.ts';

/** What the examples print: captions with scores, best first, and the embeddings of picture and captions. */
export interface Printed {
  ranking: string[];
  vectors: number[][];
}

export interface Opened extends Printed {
  /** Paths that were requested from the host. */
  asked: string[];
  /** Scripts that were loaded as workers, or by workers. */
  workers: string[];
  /** ONNX Runtime's `.wasm` that was loaded, by the name it has in the package. */
  wasm: string[];
}

/** Which of ONNX Runtime's builds each device uses in Chromium. */
const BUILDS = { wasm: 'ort-wasm-simd-threaded.wasm', webgpu: 'ort-wasm-simd-threaded.jspi.wasm' };
export type Device = keyof typeof BUILDS;

/** The model and the picture are the same; only the order of summation differs. */
const TOLERANCE = 1e-5;

const LIB = path.resolve(import.meta.dirname, '../../dist/lib');

/** Bundlers rename files; their length tells which one it is. */
export function wasmNames(files: readonly string[]): string[] {
  const names = readdirSync(LIB).filter((file) => file.endsWith('.wasm'));
  const bytes = new Map(names.map((name) => [statSync(path.join(LIB, name)).size, name]));
  return files.filter((file) => file.endsWith('.wasm')).map((file) => bytes.get(statSync(file).size) ?? file);
}

/** A ranking, an empty line, and a line of numbers for each vector. */
export function parsePrinted(text: string): Printed {
  const [ranking = '', vectors = ''] = text.trim().split('\n\n');
  return { ranking: ranking.split('\n'), vectors: parseVectors(vectors) };
}

const parseVectors = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));

/** Everything that goes wrong in the page, and all its requests to other hosts. */
function watch(page: Page, host: string, onProblem: (problem: string) => void): void {
  page.on('pageerror', (error) => onProblem(String(error)));
  page.on('console', (message) => {
    const { url } = message.location();
    // the examples have none
    const isProblem = ['error', 'warning'].includes(message.type()) && !url.endsWith('/favicon.ico');
    if (isProblem) onProblem(`${message.text()} (${url})`);
  });
  page.context().on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && origin !== new URL(host).origin) onProblem(`asked for ${request.url()}`);
  });
}

/**
 * Opens an example and waits for its results. Fails if the page logs errors or warnings, contacts other hosts, or does
 * without a worker.
 */
export async function readPage(page: Page, url: string): Promise<Printed> {
  const problems: string[] = [];
  const failed = new Promise<void>((resolve) => {
    watch(page, url, (problem) => {
      problems.push(problem);
      resolve();
    });
  });
  const started = page.waitForEvent('worker');
  started.catch(() => undefined);
  await page.goto(url);
  const vectors = page.locator('pre').filter({ hasText: /\d/ });
  await Promise.race([expect(vectors).toBeVisible(), failed]);
  expect(problems).toEqual([]);
  await started;
  return { ranking: await page.locator('ol li').allInnerTexts(), vectors: parseVectors(await vectors.innerText()) };
}

/** The same with a built page, on a separate host. */
export async function openExample(page: Page, folder: string, options: HostOptions = {}): Promise<Opened> {
  const host = await startHost(folder, options);
  try {
    const printed = await readPage(page, host.url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(options.isolated ?? false);
    const asked = host.asked.map(({ file }) => file);
    const workers = host.asked.filter(({ use }) => use === 'worker').map(({ file }) => file);
    return { ...printed, asked, workers, wasm: wasmNames(asked.map((file) => path.join(folder, file))) };
  } finally {
    host.stop();
  }
}

/** The same as in Node: the ranking, and vectors within rounding. */
export function expectPrinted(actual: Printed, expected: Printed): void {
  const difference = largestDifference(actual.vectors, expected.vectors);
  console.log(`    ${test.info().titlePath.slice(1).join(': ')}: largest difference ${difference.toExponential(1)}`);
  expect(actual.ranking).toEqual(expected.ranking);
  expect(difference).toBeLessThan(TOLERANCE);
}

/** The same as in Node, with the right one of ONNX Runtime's builds, and nothing loaded that is not needed. */
export function expectAsInNode(opened: Opened, expected: Printed, device: Device): void {
  expectPrinted(opened, expected);
  expect(opened.wasm).toEqual([BUILDS[device]]);
  expect(opened.asked.filter((file) => /libheif|\.onnx$/.test(file))).toEqual([]);
}

/** The example `adapters`: what OpenAI's client, the AI SDK and the pipeline give are the model's vectors of the captions. */
export async function expectAdapted(page: Page, site: string, expected: Printed): Promise<void> {
  const { ranking, vectors } = await openExample(page, site);
  const texts = expected.vectors.slice(1);
  expectPrinted(
    { ranking: ranking.slice(0, 1), vectors },
    { ranking: ['a fox: 1.000'], vectors: [...texts, ...texts, ...texts] },
  );
  expect(ranking).toHaveLength(3);
}

/** The example `search`: pictures are indexed, are still there on the next visit, and are found by words. */
export async function expectSearched(page: Page, site: string): Promise<void> {
  const host = await startHost(site);
  try {
    const problems: string[] = [];
    watch(page, host.url, (problem) => problems.push(problem));
    await page.goto(host.url);
    const state = page.locator('#state');
    await expect(state).toHaveText('0 pictures, idle');
    const pictures = ['penguin', 'guitar', 'umbrella', 'strawberry', 'elephant'].map(
      (name) => `public/samples/${name}.png`,
    );
    await page.locator('#files').setInputFiles(pictures);
    await expect(state).toHaveText('5 pictures, idle');
    await page.reload();
    await expect(state).toHaveText('5 pictures, idle');
    await page.locator('#query').fill('a guitar');
    await page.locator('#query').press('Enter');
    await expect(page.locator('ol li')).toHaveCount(5);
    await expect(page.locator('ol li').first()).toHaveText(/^guitar\.png: 0\.\d{3}$/);
    await expect
      .poll(() =>
        page
          .locator('ol img')
          .first()
          .evaluate((image: HTMLImageElement) => image.naturalWidth),
      )
      .toBeGreaterThan(0);
    expect(problems).toEqual([]);
  } finally {
    host.stop();
  }
}

/**
 * The examples with elements: scores equal Node's, the page is told which is best, and all its parts share one model.
 */
export async function expectElement(page: Page, site: string, base: string, expected: Printed): Promise<void> {
  const host = await startHost(site, { base });
  try {
    const problems: string[] = [];
    watch(page, host.url, (problem) => problems.push(problem));
    await page.goto(host.url);
    const rank = page.locator('vlm2vec-rank');
    await rank.getByRole('button', { name: 'Rank' }).click();
    await expect(rank.getByRole('status')).toHaveText('Best: a penguin.');
    const texts = (part: string) => rank.locator(`[part=${part}]`).allInnerTexts();
    const [names, scores] = [await texts('name'), await texts('score')];
    expect(names.map((name, i) => `${name}: ${scores[i]}`)).toEqual(expected.ranking);
    await expect(page.locator('output')).toHaveText('bird');
    expect(page.workers()).toHaveLength(1);
    expect(problems).toEqual([]);
  } finally {
    host.stop();
  }
}

/**
 * The example `static-search`: pictures are found by words with few bytes of the index, and without its host on the
 * next visit.
 */
export async function expectStaticSearch(page: Page, site: string, base: string): Promise<void> {
  const host = await startHost(site, { base });
  try {
    const problems: string[] = [];
    watch(page, host.url, (problem) => problems.push(problem));
    const search = page.locator('vlm2vec-search');
    const results = search.getByRole('listitem');
    const expectFound = async (words: string, name: RegExp) => {
      await search.getByRole('searchbox').fill(words);
      await search.getByRole('searchbox').press('Enter');
      await expect(results.first()).toContainText(name);
      const picture = results.first().locator('img');
      await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
    };
    await page.goto(host.url);
    await expect(search.getByRole('status')).toContainText('500 pictures');
    await expectFound('a red heart', /^red heart \d+\.jpg/);
    const bytes = await search.evaluate((element) => (element as VLM2VecSearch).index!.bytesRead);
    console.log(`    ${test.info().title}: ${bytes} bytes of the index`);
    expect(bytes).toBeLessThan(1e6);
    // Everything that was read is stored, complete, a moment after it was read.
    const asked = () =>
      new Set(host.asked.map(({ file }) => file).filter((file) => /^index\/|nano|\.wasm$/.test(file)));
    const lacking = async () => {
      const kept = await page.evaluate(keptFiles, host.url);
      return [...asked()].filter((file) => !kept.includes(file));
    };
    await expect.poll(lacking).toEqual([]);
    // This is Chromium's own message if there is no WebGPU, which the element requests to learn the model's size.
    expect(problems.filter((problem) => !problem.startsWith('No available adapters.'))).toEqual([]);

    host.stop();
    await page.reload();
    await expectFound('a blue fish', /^blue fish \d+\.jpg/);
    await results.first().getByRole('button', { name: 'More like blue fish' }).click();
    await expect(results.first()).toContainText('fish');
  } finally {
    host.stop();
  }
}

/** In the page: what its service worker stores, as paths below the site. */
async function keptFiles(site: string): Promise<string[]> {
  const caches = await Promise.all((await globalThis.caches.keys()).map((name) => globalThis.caches.open(name)));
  const kept = (await Promise.all(caches.map((cache) => cache.keys()))).flat();
  return kept.map(({ url }) => decodeURIComponent(url.slice(site.length)));
}

/** The largest difference between two lists of vectors; infinite if their shapes differ. */
function largestDifference(a: readonly number[][], b: readonly number[][]): number {
  if (a.length !== b.length) return Infinity;
  return Math.max(
    ...a.map((vector, i) => {
      const other = b[i]!;
      if (vector.length !== other.length || vector.length === 0) return Infinity;
      return Math.max(...vector.map((x, j) => Math.abs(x - other[j]!)));
    }),
  );
}
