/** @file What the numeric browser tests share: a page that imports the package, and the fixtures as plain data. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';

export interface FixtureInput {
  id: string;
  text: string;
  image: string | null;
  minPixels: number | null;
  maxPixels: number | null;
}

export interface ExpectedInput {
  ids: number[];
  grid: [number, number] | null;
  foldedSha256?: string;
}

function fixture<T>(path: string): T {
  return JSON.parse(readFileSync(`reference/fixtures/${path}`, 'utf8')) as T;
}

export const fixtureInputs = fixture<FixtureInput[]>('inputs.json');
export const expectedInputs = fixture<Record<string, ExpectedInput>>('expected/inputs.json');

/** The oracle's unit vectors by input id. */
export function expectedEmbeddings(model: string): Map<string, Float32Array> {
  const { embeddings } = fixture<{ embeddings: Record<string, string> }>(`expected/${model}.json`);
  const decode = (text: string) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
  return new Map(Object.entries(embeddings).map(([id, text]) => [id, decode(text)]));
}

export const MODELS = [
  'tiny-tied',
  'tiny-untied',
  'tiny-tied+dora',
  'tiny-tied+lora',
  'tiny-tied+rslora',
  'tiny-tied+rank-pattern',
];

export const bundleUrl = (name: string) => `/e2e-bundles/${encodeURIComponent(name)}/`;

/**
 * A page without a script of its own. Tests import the built package from `/package/lib/`: the source, by way of the
 * dev server, would be some hundred requests for each page and worker. Records what goes wrong, apart from a test's own
 * failures.
 */
export async function openBlank(page: Page): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  // The dev server must not reload the page in the middle of a test because a file was saved.
  await page.routeWebSocket('**', () => undefined);
  await page.goto('/e2e/blank.html');
  return problems;
}

/** Cosine and largest difference. */
export function compare(a: readonly number[], b: Float32Array): { cosine: number; difference: number } {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  let difference = a.length === b.length ? 0 : NaN;
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
    difference = Math.max(difference, Math.abs(x - y));
  }
  return { cosine: dot / Math.sqrt(aa * bb), difference };
}

/** The worst of many comparisons, and where. */
export function worst(vectors: Record<string, number[]>, expected: Map<string, Float32Array>) {
  const result = { cosine: 1, difference: 0, at: '' };
  for (const [id, vector] of Object.entries(vectors)) {
    const { cosine, difference } = compare(vector, expected.get(id)!);
    if (!(cosine >= result.cosine)) Object.assign(result, { cosine, at: id });
    if (!(difference <= result.difference)) result.difference = difference;
  }
  return result;
}
