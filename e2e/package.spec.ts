/**
 * @file The built npm package in a browser, as users get it: from a plain folder, as `<script type="module">` loads it,
 * through Vite, and through esbuild. The other bundlers: `npm run test:bundlers`.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import {
  expectAdapted,
  expectAsInNode,
  expectSearched,
  openExample,
  type Device,
  type Printed,
} from '../scripts/bundlers/check';
import { linkExample, run, runNodeExample } from '../scripts/bundlers/prepare';

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-examples-'));
const at = (name: string) => path.join(folder, name);
let expected: Printed;

test.beforeAll(() => {
  linkExample('node', at('node'), ['onnxruntime-node', 'sharp']);
  expected = runNodeExample(at('node'));
  expect(expected.ranking[0]).toMatch(/^a penguin: /);
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package runs from a plain folder', async ({ page }, info) => {
  linkExample('no-bundler', at('no-bundler'));
  renameSync(at('no-bundler/node_modules/vlm2vec-web/dist'), at('no-bundler/vlm2vec'));
  const opened = await openExample(page, at('no-bundler'), { base: '/some/folder/' });
  expectAsInNode(opened, expected, info.project.name as Device);
});

test('Vite builds it without configuration, for any base; threads work, under a strict policy', async ({
  page,
}, info) => {
  test.skip(info.project.name !== 'wasm', 'the same files, whichever device runs the model');
  linkExample('vite', at('vite'), ['vite']);
  const base = '/some/base/';
  run(at('vite'), process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--base', base]);
  expectAsInNode(await openExample(page, at('vite/dist'), { base }), expected, 'wasm');
  const isolated = await openExample(page, at('vite/dist'), { base, isolated: true, strict: true });
  expectAsInNode(isolated, expected, 'wasm');
  expect(isolated.workers.filter((file) => /\bort\.wasm\b/.test(file))).not.toEqual([]);
});

test('esbuild: worker, .wasm and model in places of one’s own', async ({ page }, info) => {
  test.skip(info.project.name !== 'wasm', 'the same files, whichever device runs the model');
  linkExample('esbuild', at('esbuild'), ['esbuild']);
  run(at('esbuild'), process.execPath, ['build.js']);
  const opened = await openExample(page, at('esbuild/dist'), { base: '/some/folder/' });
  expectAsInNode(opened, expected, 'wasm');
  for (const place of ['vlm2vec/vlm2vec.worker.js', 'wasm/ort-wasm-simd-threaded.wasm', 'models/nano/bundle.json']) {
    expect(opened.asked).toContain(place);
  }
});

test('the search and the adapters, built by Vite', async ({ page }, info) => {
  test.skip(info.project.name !== 'wasm', 'the same files, whichever device runs the model');
  const build = (name: string, tools: string[]) => {
    linkExample(name, at(name), ['vite', ...tools]);
    run(at(name), process.execPath, ['node_modules/vite/bin/vite.js', 'build']);
    return at(`${name}/dist`);
  };
  await expectSearched(page, build('search', []));
  await expectAdapted(page, build('adapters', ['openai', 'ai', '@langchain/core', '@langchain/classic']), expected);
});
