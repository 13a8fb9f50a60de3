/**
 * @file Bundles in a real browser's origin-private file system, written from a page (writable streams) and from a
 * worker (sync access handles).
 */
import { expect, test } from '@playwright/test';
import { bundleUrl, openBlank } from './fixture-pages';
import { WASM_ONLY } from './only';

/** Runs in the browser. Returns its observations, as plain data. */
const SCENARIO = `async (url) => {
  const store = await import(new URL('/src/store/index.ts', url).href);
  const seen = {};
  const bytes = (text) => new TextEncoder().encode(text);
  const text = async (reader, path) => {
    const file = await reader.open(path);
    return new TextDecoder().decode(await file.read(0, file.size));
  };
  const put = async (writer, path, content) => {
    const file = await writer.create(path);
    for (const letter of content) await file.write(bytes(letter));
    await file.close();
  };
  const failure = (promise) => promise.then(() => 'no error', (error) => error.name + ': ' + error.message);
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec', { create: true });
  const entries = async () => (await Array.fromAsync(root.keys())).map((name) => name.replace(/~.*/, '~')).sort();

  const first = await store.opfsWriter('m');
  await put(first, 'a.bin', 'hello');
  await put(first, 'sub/b.json', '{}');
  seen.unpublished = await text(first.reader(), 'a.bin');
  seen.invisible = await failure(store.opfsBundle('m').open('a.bin'));
  seen.twoWriters = await failure(store.opfsWriter('m'));
  await first.publish();
  await first.abort();
  const reader = store.opfsBundle('m');
  seen.published = [await text(reader, 'a.bin'), await text(reader, 'sub/b.json')];
  seen.data = (await (await reader.open('a.bin')).data()) instanceof File;
  seen.absent = await failure(reader.open('c.bin'));
  seen.outside = await failure(reader.open('../a.bin'));

  const aborted = await store.opfsWriter('m');
  await put(aborted, 'a.bin', 'other');
  await aborted.create('open.bin');
  await aborted.abort();
  seen.afterAbort = [await text(reader, 'a.bin'), await entries()];

  await root.getDirectoryHandle('m~left-by-a-crash', { create: true });
  const second = await store.opfsWriter('m');
  await put(second, 'a.bin', 'new');
  seen.untilPublished = await text(reader, 'a.bin');
  await second.publish();
  seen.replaced = [await text(reader, 'a.bin'), await failure(reader.open('sub/b.json')), await entries()];

  const writer = await store.opfsWriter('copy');
  const manifest = await store.copyBundle(store.httpBundle(new URL('BUNDLE', url)), writer);
  const copy = store.opfsBundle('copy');
  await store.verifyBundle(copy, await store.readManifest(copy));
  seen.copied = manifest.dims;
  seen.missing = await failure(store.copyBundle(store.httpBundle(new URL('/nowhere/', url)), await store.opfsWriter('bad')));
  seen.listed = (await store.listOpfsBundles()).map(({ name, bytes }) => [name, bytes > 2]);
  await store.deleteOpfsBundle('m');
  await store.deleteOpfsBundle('copy');
  seen.deleted = [await store.listOpfsBundles(), await entries()];
  seen.name = await failure(store.opfsWriter('../x'));
  return seen;
}`;

for (const where of ['page', 'worker'] as const) {
  test(`OPFS from a ${where}`, WASM_ONLY, async ({ page }) => {
    await openBlank(page);
    const scenario = SCENARIO.replace('BUNDLE', bundleUrl('dora-q8'));
    const seen = await page.evaluate(
      async ([where, scenario]) => {
        const source = `const run = ${scenario};`;
        if (where === 'page') return (await new Function(`${source} return run(location.href)`)()) as object;
        const code = `${source} run(${JSON.stringify(location.href)}).then(
          (seen) => postMessage(seen), (error) => postMessage({ error: String(error.stack) }));`;
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), {
          type: 'module',
        });
        return new Promise<object>((resolve) => {
          worker.onmessage = ({ data }) => resolve(data as object);
          worker.onerror = ({ message }) => resolve({ error: message });
        });
      },
      [where, scenario] as const,
    );
    expect(seen).toEqual({
      unpublished: 'hello',
      invisible: expect.stringMatching(/^SourceNotFoundError: .*m/),
      twoWriters: expect.stringMatching(/^InvalidInputError: Another tab/),
      published: ['hello', '{}'],
      data: true,
      absent: expect.stringMatching(/^SourceNotFoundError: m has no file c\.bin/),
      outside: expect.stringMatching(/^SourceNotFoundError/),
      afterAbort: ['hello', ['m.current', 'm~']],
      untilPublished: 'hello',
      replaced: ['new', expect.stringMatching(/^SourceNotFoundError/), ['m.current', 'm~']],
      copied: 256,
      missing: expect.stringMatching(/^(SourceNotFoundError|BundleFormatError)/),
      listed: [
        ['copy', true],
        ['m', true],
      ],
      deleted: [[], []],
      name: expect.stringMatching(/^InvalidInputError/),
    });
  });
}
