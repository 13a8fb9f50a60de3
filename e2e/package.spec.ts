/**
 * @file The built npm package in a browser, as users get it: from a plain folder, through `<script type="module">`,
 * through Vite, and through esbuild. The other bundlers: `npm run test:bundlers`.
 */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import {
  expectAdapted,
  expectAsInNode,
  expectSearched,
  openExample,
  type Device,
  type Printed,
} from '../scripts/bundlers/check';
import type { VLM2Vec } from '../src/index';
import { startHost, type Host, type HostOptions } from '../scripts/bundlers/host';
import { linkExample, run, runNodeExample } from '../scripts/bundlers/prepare';
import { WASM_ONLY } from './only';
import { IS_FULL } from './site-pages';

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-examples-'));
const at = (name: string) => path.join(folder, name);
let expected: Printed;

// All tests share one preparation.
test.describe.configure({ mode: 'default' });

test.beforeAll(() => {
  linkExample('node', at('node'), ['onnxruntime-node', 'sharp']);
  expected = runNodeExample(at('node'));
  expect(expected.ranking[0]).toMatch(/^a penguin: /);
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package runs from a plain folder', IS_FULL ? {} : WASM_ONLY, async ({ page }, info) => {
  linkExample('no-bundler', at('no-bundler'));
  renameSync(at('no-bundler/node_modules/vlm2vec-web/dist'), at('no-bundler/vlm2vec'));
  const opened = await openExample(page, at('no-bundler'), { base: '/some/folder/' });
  expectAsInNode(opened, expected, info.project.name as Device);
});

/** A page with nothing but the package in it. */
async function openBare(page: Page, options: HostOptions = {}): Promise<Host> {
  if (!existsSync(at('bare'))) {
    linkExample('no-bundler', at('bare'));
    renameSync(at('bare/node_modules/vlm2vec-web/dist'), at('bare/vlm2vec'));
    writeFileSync(at('bare/index.html'), '<!doctype html><title>bare</title>');
  }
  const host = await startHost(at('bare'), options);
  await page.goto(host.url);
  return host;
}

test('after load nothing is fetched, and after prepare not even for HEIC', WASM_ONLY, async ({ page }) => {
  const options: HostOptions = {};
  const host = await openBare(page, options);
  const heic = [...readFileSync('e2e/search-index/red-blue.heic')];
  const inPage = <R>(work: (model: VLM2Vec, heic: Blob) => Promise<R>) =>
    page.evaluate(
      async ([code, bytes]) => {
        const { model } = globalThis as unknown as { model: VLM2Vec };
        return (new Function(`return ${code}`)() as typeof work)(model, new Blob([Uint8Array.from(bytes)]));
      },
      [String(work), heic] as const,
    );
  await page.evaluate(async () => {
    const { VLM2Vec } = (await import('/vlm2vec/lib/index.js' as string)) as typeof import('../src/index');
    Object.assign(globalThis, { model: await VLM2Vec.load('nano') });
  });

  options.lacks = { file: /./, as: 404 };
  const asked = host.asked.length;
  const lengths = await inPage(async (model) => {
    const canvas = new OffscreenCanvas(60, 40);
    canvas.getContext('2d')!.fillRect(0, 0, 30, 40);
    const files = ['image/png', 'image/jpeg', 'image/webp'].map((type) => canvas.convertToBlob({ type }));
    const vectors = await model.embed([...(await Promise.all(files)), canvas, 'a text']);
    return vectors.map((vector) => vector.length);
  });
  expect(lengths).toEqual([192, 192, 192, 192, 192]);
  expect(host.asked).toHaveLength(asked);
  const embedHeic = (model: VLM2Vec, picture: Blob) =>
    model.embed(picture).then(
      (vector) => vector.length,
      (error: Error) => `${error.name}: ${error.message}`,
    );
  expect(await inPage(embedHeic)).toMatch(/^SourceNotFoundError: inputs\[0\]: The script \S+libheif\S+ is not there/);

  delete options.lacks;
  await inPage((model) => model.prepare());
  options.lacks = { file: /./, as: 404 };
  expect(await inPage(embedHeic)).toBe(192);
  host.stop();
});

test('a missing file is named, with the answer of the server', WASM_ONLY, async ({ page }) => {
  const forgotten: [RegExp, RegExp][] = [
    [/\.wasm$/, /The wasm \S+\/ort-wasm-simd-threaded\.wasm/],
    [/ort\.wasm\.bundle/, /The script \S+\/ort\.wasm\.bundle\.min\.js/],
    [/decode-browser/, /The script \S+decode-browser\S*\.js/],
    [/vlm2vec\.worker/, /The script \S+vlm2vec\.worker\S*\.js/],
    [/text\.0\.bin$/, /\S+\/nano\/text\.0\.bin is not there/],
    [/bundle\.json$/, /\S+\/nano\/bundle\.json is not there/],
  ];
  for (const [file, expected] of forgotten) {
    for (const as of [404, 'page'] as const) {
      const host = await openBare(page, { lacks: { file, as } });
      const failure = await page.evaluate(async () => {
        const { VLM2Vec } = (await import('/vlm2vec/lib/index.js' as string)) as typeof import('../src/index');
        return VLM2Vec.load('nano', { device: 'wasm' }).then(
          String,
          (error: Error) => `${error.name}: ${error.message}`,
        );
      });
      host.stop();
      expect(failure).toMatch(expected);
      expect(failure).toContain(as === 404 ? 'HTTP status 404' : 'HTTP status 200');
      expect(failure).not.toMatch(/another device/);
    }
  }
});

test(
  'Vite builds it without configuration, for any base; threads work, under a strict policy',
  WASM_ONLY,
  async ({ page }) => {
    linkExample('vite', at('vite'), ['vite']);
    const base = '/some/base/';
    run(at('vite'), process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--base', base]);
    expectAsInNode(await openExample(page, at('vite/dist'), { base }), expected, 'wasm');
    const isolated = await openExample(page, at('vite/dist'), { base, isolated: true, strict: true });
    expectAsInNode(isolated, expected, 'wasm');
    expect(isolated.workers.filter((file) => /\bort\.wasm\b/.test(file))).not.toEqual([]);
  },
);

test('esbuild: worker, .wasm and model in custom locations', WASM_ONLY, async ({ page }) => {
  linkExample('esbuild', at('esbuild'), ['esbuild']);
  run(at('esbuild'), process.execPath, ['build.js']);
  const opened = await openExample(page, at('esbuild/dist'), { base: '/some/folder/' });
  expectAsInNode(opened, expected, 'wasm');
  for (const place of ['vlm2vec/vlm2vec.worker.js', 'wasm/ort-wasm-simd-threaded.wasm', 'models/nano/bundle.json']) {
    expect(opened.asked).toContain(place);
  }
});

test('the search and the adapters, built by Vite', WASM_ONLY, async ({ page }) => {
  const build = (name: string, tools: string[], ...options: string[]) => {
    linkExample(name, at(name), ['vite', ...tools]);
    run(at(name), process.execPath, ['node_modules/vite/bin/vite.js', 'build', ...options]);
    return at(`${name}/dist`);
  };
  await expectSearched(page, build('search', []));
  // Minifying four libraries would take longer than all the rest.
  const tools = ['openai', 'ai', '@langchain/core', '@langchain/classic'];
  await expectAdapted(page, build('adapters', tools, '--minify', 'false'), expected);
});
