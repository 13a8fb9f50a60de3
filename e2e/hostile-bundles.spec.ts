/** @file Malicious bundles from an address are refused by name, and leave nothing hidden in the browser's storage. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { openBlank } from './fixture-pages';
import { WASM_ONLY } from './only';

const NANO = '/models/nano/';

interface Manifest {
  stages: { graph: { path: string; bytes: number; sha256: string; chunks: string[] } }[];
  embeddings: { path: string; bytes: number };
  tokenizer: { files: { path: string }[] };
  probe: { embedding: string }[];
  [more: string]: unknown;
}

/** What a host may answer, and the error that must result. */
const ATTACKS: { name: string; body: (manifest: Manifest) => string | void; said: RegExp }[] = [
  { name: 'a page instead', body: () => '<!doctype html><script>alert(1)</script>', said: /^BundleFormatError/ },
  {
    name: 'another bundle’s folder',
    body: ({ embeddings }) => void (embeddings.path = '../models~1/embeddings.bin'),
    said: /^BundleFormatError/,
  },
  {
    name: 'its own manifest, twice',
    body: ({ tokenizer }) => void (tokenizer.files[0]!.path = 'bundle.json'),
    said: /^BundleFormatError/,
  },
  {
    name: 'the journal of a download',
    body: ({ tokenizer }) => void (tokenizer.files[0]!.path = 'journal.jsonl/../../x'),
    said: /^BundleFormatError/,
  },
  {
    name: 'a prototype, which is only a name',
    body: (manifest) => JSON.stringify(manifest).replace('{', '{"__proto__": {"dims": 1}, '),
    said: /^192$/,
  },
  {
    name: 'a petabyte',
    body: ({ embeddings }) => void (embeddings.bytes = 2 ** 50),
    said: /^(BundleFormatError|StorageFullError)/,
  },
  {
    name: 'a graph with another hash',
    body: ({ stages }) => {
      stages[0]!.graph.sha256 = '0'.repeat(64);
      stages[0]!.graph.chunks = ['0'.repeat(64)];
    },
    said: /^IntegrityError/,
  },
  { name: 'no self-test', body: (manifest) => void (manifest.probe = []), said: /^BundleFormatError/ },
];

/** Everything in the origin-private file system. */
function storedFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle, at: string): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        found.push(at + name);
        if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle, `${at}${name}/`);
      }
    };
    await walk(await navigator.storage.getDirectory(), '');
    return found;
  });
}

/** Loads a bundle with `store`, and returns the error, or the length of a vector. */
function tryLoad(page: Page, path: string): Promise<string | number> {
  return page.evaluate(async (path) => {
    const { VLM2Vec, models } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
    try {
      const source = new URL(path, location.href);
      const model = await VLM2Vec.load(source, { store: true, device: 'wasm', internal: { retryDelay: 1 } });
      const [vector] = await model.embed(['a cat']);
      await model.dispose();
      for (const { name } of await models.list()) await models.delete(name);
      return vector!.length;
    } catch (error) {
      return String(error as Error);
    }
  }, path);
}

/** Deletes what is listed as unfinished, and returns it. */
function unfinished(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { models } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
    const begun = (await models.list()).filter(({ state }) => state === 'unfinished');
    for (const { name } of begun) await models.delete(name);
    return begun.map(({ name }) => name);
  });
}

test('a hostile bundle is refused, and leaves no file', WASM_ONLY, async ({ page }) => {
  const manifest = readFileSync('public/models/nano/bundle.json', 'utf8');
  await openBlank(page);
  await page.route('**/hostile/**', (route) => {
    const [attack, ...rest] = new URL(route.request().url()).pathname.split('/hostile/')[1]!.split('/');
    const file = rest.join('/');
    const own = ATTACKS[Number(attack)];
    if (file !== 'bundle.json' || !own) {
      return route.fulfill({ status: 302, headers: { Location: `${NANO}${file}` } });
    }
    const copy = JSON.parse(manifest) as Manifest;
    return route.fulfill({ contentType: 'application/json', body: own.body(copy) ?? JSON.stringify(copy) });
  });
  for (const [index, { name, said }] of ATTACKS.entries()) {
    expect(String(await tryLoad(page, `/hostile/${index}/`)), name).toMatch(said);
  }
  const left = await storedFiles(page);
  // If only a hash was wrong, the other files are kept, since the server may be repaired; they are listed, and can be
  // deleted as usual.
  const folders = new Set(left.map((file) => /^vlm2vec\/([^~./]+)/.exec(file)?.[1]).filter(Boolean));
  expect(folders.size, left.join('\n')).toBe(1);
  expect(await unfinished(page)).toEqual([...folders]);
  expect(await storedFiles(page)).toEqual(['vlm2vec']);
  expect(await page.evaluate(() => 'dims' in {}), 'every object’s prototype').toBe(false);
  expect(await tryLoad(page, NANO), 'and an honest one works').toBe(192);
});
