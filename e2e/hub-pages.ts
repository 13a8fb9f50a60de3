/** @file What the tests with a local Hub share: the server with the fixture models, and loading from it in a page. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type BrowserContext, type Page } from '@playwright/test';
import type { BundleManifest } from '../src/bundle/manifest';
import type { LoadOptions } from '../src/index';
import { startHub, type HubServer } from '../src/testing/hub-server';
import { CLI_BUNDLE } from './builds';

export { CLI_BUNDLE };

/** Adapter and base as the adapter's own config names it. */
export const ADAPTER = 'vlm2vec-web/tiny-dora';
export const BASE = 'vlm2vec-web/tiny-qwen2-vl';
/** The same adapter for those who have the token. */
export const GATED = { repo: 'vlm2vec-web/gated', token: 'hf_secret' };
/** The weights, of base and adapter. */
export const WEIGHTS = /\.safetensors$/;

/** The Hub with the fixture models, and the command line's bundle as a static folder called `ready`. */
function startFixtureHub(): Promise<HubServer> {
  return startHub({
    repos: {
      [ADAPTER]: 'reference/fixtures/adapters/dora',
      [GATED.repo]: 'reference/fixtures/adapters/dora',
      [BASE]: 'reference/fixtures/checkpoints/tiny-tied',
    },
    gated: { [GATED.repo]: GATED.token },
    folders: { ready: CLI_BUNDLE },
  });
}

/** What {@link useFixtureHub} sets up before the first test. */
export interface FixtureHub {
  readonly hub: HubServer;
  /** The command line's bundle of the same model. */
  readonly cli: BundleManifest;
}

/** A Hub for the tests in a file, running and without faults before each; they run once, since no GPU is involved. */
export function useFixtureHub(): FixtureHub {
  const fixture = {} as { hub: HubServer; cli: BundleManifest };
  const isOn = () => test.info().project.name === 'wasm';
  test.beforeEach(() => test.skip(!isOn(), 'no GPU is involved: once is enough'));
  test.beforeAll(async () => {
    if (!isOn()) return;
    fixture.cli = JSON.parse(readFileSync(path.join(CLI_BUNDLE, 'bundle.json'), 'utf8')) as BundleManifest;
    fixture.hub = await startFixtureHub();
  });
  test.afterEach(async () => {
    if (!isOn()) return;
    fixture.hub.faults.clear();
    fixture.hub.traffic.clear();
    await fixture.hub.start();
  });
  test.afterAll(() => fixture.hub?.stop());
  return fixture;
}

/** Path, size and hashes of every file of a bundle except its manifest: the same wherever it was converted. */
export function hashesOf({ stages, embeddings, tokenizer }: BundleManifest): string[] {
  const files = [...stages.flatMap(({ graph, weights }) => [graph, weights]), embeddings, ...tokenizer.files];
  return files.map(({ path, bytes, sha256, chunks }) => `${path} ${bytes} ${sha256} ${chunks.join()}`).sort();
}

/** Origins that pages and workers contacted, in the order of their first request. */
export function watchOrigins(context: BrowserContext): Set<string> {
  const origins = new Set<string>();
  context.on('request', (request) => {
    if (/^https?:/.test(request.url())) origins.add(new URL(request.url()).origin);
  });
  return origins;
}

export interface Loaded {
  /** SHA-256 of the embeddings of a fixed list of inputs, so that equal means bit for bit. */
  vectors: string;
  ranked: { index: number; score: number }[];
  /** Progress phases in the order of their first event. */
  phases: string[];
}

export interface LoadSource {
  /** Repository, URL, or name of a stored bundle. */
  source: string | { name: string };
  hubUrl?: string;
  dtype?: 'q4';
  effort?: 'best';
  accessToken?: string;
  internal?: Pick<NonNullable<LoadOptions['internal']>, 'wholeBytes' | 'blockBytes' | 'noteBytes' | 'retryDelay'>;
}

/** Loads in a worker on WASM, embeds and ranks. */
export async function loadIn(page: Page, options: LoadSource): Promise<Loaded> {
  const loaded = await tryLoadIn(page, options);
  if ('error' in loaded) throw new Error(loaded.error);
  return loaded;
}

/** The same; a failure to load is returned as `{ error }`, beginning with the error's name. */
export function tryLoadIn(page: Page, options: LoadSource): Promise<Loaded | { error: string }> {
  return page.evaluate(async ({ source, ...options }) => {
    const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
    const phases = new Set<string>();
    try {
      const model = await VLM2Vec.load(source, {
        ...options,
        device: 'wasm',
        onProgress: ({ phase }) => phases.add(phase),
      });
      const image = await (await fetch('/reference/fixtures/images/tiny.png')).blob();
      const captions = ['a cat on a sofa', 'a rocket on its way to the moon', 'coffee'];
      const bytes = await new Blob((await model.embed([{ image }, ...captions])) as BlobPart[]).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const vectors = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
      const ranked = (await model.rank({ image }, captions)).map(({ index, score }) => ({ index, score }));
      await model.dispose();
      return { vectors, ranked, phases: [...phases] };
    } catch (error) {
      return { error: `${(error as Error).name}: ${(error as Error).message}` };
    }
  }, options);
}

/**
 * Downloads a ready bundle into the browser's storage, in a worker (pages cannot write files in place), continuing what
 * an interrupted download left. Returns `ok`, or an error beginning with its name.
 */
export function downloadIn(page: Page, url: string, name: string): Promise<string> {
  return page.evaluate(
    ([url, name]) => {
      const code = `
        import { downloadBundle, opfsWriter } from '${location.origin}/src/store/index.ts';
        const run = async () => {
          const writer = await opfsWriter('${name}', { resume: true, wait: true });
          await downloadBundle({ url: '${url}', writer, retryDelay: 50 });
        };
        run().then(() => postMessage('ok'), (error) => postMessage(error.name + ': ' + error.message));`;
      const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
      return new Promise<string>((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data as string);
        };
        worker.onerror = ({ message }) => reject(new Error(message));
      });
    },
    [url, name] as const,
  );
}

/** The journals of unfinished bundles, line by line: each line is a completed step. */
export function journalNotes(page: Page): Promise<Record<string, unknown>[]> {
  return page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle('vlm2vec', { create: true });
    const notes: Record<string, unknown>[] = [];
    for await (const folder of all.values()) {
      if (folder.kind !== 'directory') continue;
      const file = await (folder as FileSystemDirectoryHandle).getFileHandle('journal.jsonl').catch(() => null);
      const lines = file ? (await (await file.getFile()).text()).split('\n').slice(0, -1) : [];
      notes.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    }
    return notes;
  });
}

/** Names of the bundles that are stored in the page's origin. */
export function storedNames(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { listStoredBundles } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
    return (await listStoredBundles()).map(({ name }) => name);
  });
}

/** Their manifests. */
export async function storedManifests(page: Page): Promise<BundleManifest[]> {
  return page.evaluate(
    async (names) => {
      const { opfsBundle, readManifest } = (await import(
        '/src/store/index.ts' as string
      )) as typeof import('../src/store');
      return Promise.all(names.map((name) => readManifest(opfsBundle(name))));
    },
    await storedNames(page),
  );
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
