/** @file The packed package in a fresh project for each example: see `playwright.config.ts` beside this file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, expect, test, type LaunchOptions, type Page } from '@playwright/test';
import {
  expectAdapted,
  expectAsInNode,
  expectElement,
  expectPrinted,
  expectSearched,
  expectStaticSearch,
  openExample,
  readPage,
  wasmNames,
  type Printed,
} from './check.ts';
import { EXAMPLES, installExample, pack, run, runNodeExample } from './prepare.ts';

const BASE = '/some/base/';

interface Bundled {
  /** Builds for {@link BASE}. @returns the folder to serve */
  build(folder: string): string;
  /** The script that serves the source, if there is one, with the arguments that set its port. */
  dev?: string[];
  /** The built page has scripts in its HTML, which a strict policy does not allow. */
  inline?: boolean;
}

const npmBuild =
  (output: string, args: string[] = [], env: Record<string, string> = {}) =>
  (folder: string) => {
    const printed = run(folder, 'npm', ['run', 'build', '--silent', '--', ...args], env);
    // The sizes need no warning: the model is large.
    expect(printed.split('\n').filter((line) => /warn/i.test(line) && !/chunkSizeWarningLimit/.test(line))).toEqual([]);
    return path.join(folder, output);
  };

const viteBuild = npmBuild('dist', ['--base', BASE]);
const bareBuild = (folder: string) => {
  renameSync(path.join(folder, 'node_modules/vlm2vec-web/dist'), path.join(folder, 'vlm2vec'));
  return folder;
};

const BUNDLERS: Record<string, Bundled> = {
  'no-bundler': { inline: true, build: bareBuild },
  vite: { build: viteBuild, dev: ['--port'] },
  webpack: { build: npmBuild('dist') },
  esbuild: { build: npmBuild('dist') },
  next: { build: npmBuild('out', [], { BASE_PATH: BASE.slice(0, -1) }), dev: ['--port'], inline: true },
};

/** The examples with elements. */
const ELEMENTS: Record<string, Bundled['build']> = {
  'elements-html': bareBuild,
  'elements-react': viteBuild,
  'elements-vue': viteBuild,
};
const OTHERS = ['node', 'search', 'adapters', 'static-search'];

const wanted = process.env.EXAMPLES?.split(',') ?? EXAMPLES;
const root = mkdtempSync(path.join(tmpdir(), 'vlm2vec-bundlers-'));
let tarball: string;
let expected: Printed;

function install(name: string): string {
  const folder = path.join(root, name);
  installExample(name, folder, tarball);
  return folder;
}

test.beforeAll(() => {
  mkdirSync(root, { recursive: true });
  tarball = pack(root);
  expected = runNodeExample(install('node'));
});
test.afterAll(() => rmSync(root, { recursive: true, force: true }));

test('every example is tested', () => {
  const tested = [...OTHERS, ...Object.keys(BUNDLERS), ...Object.keys(ELEMENTS)];
  expect(EXAMPLES.filter((name) => !tested.includes(name))).toEqual([]);
  expect(expected.ranking[0]).toMatch(/^a penguin: /);
  expect(expected.vectors.map((vector) => vector.length)).toEqual([192, 192, 192, 192]);
});

/** A page of a browser with WebGPU. */
async function withWebGPU(work: (page: Page) => Promise<void>): Promise<void> {
  const options = test.info().config.metadata.webgpu as LaunchOptions;
  const browser = await chromium.launch(options);
  try {
    await work(await browser.newPage());
  } finally {
    await browser.close();
  }
}

for (const [name, { build, dev, inline = false }] of Object.entries(BUNDLERS)) {
  if (!wanted.includes(name)) continue;

  test.describe(name, () => {
    let folder: string;
    let site: string;

    test.beforeAll(() => {
      folder = install(name);
      site = build(folder);
    });

    test('embeds as Node does, in a worker, from under a path', async ({ page }) => {
      const opened = await openExample(page, site, { base: BASE });
      expectAsInNode(opened, expected, 'wasm');
    });

    test(`threads work${inline ? '' : ', under a strict policy'}`, async ({ page }) => {
      const opened = await openExample(page, site, { base: BASE, isolated: true, strict: !inline });
      expectAsInNode(opened, expected, 'wasm');
      // The model's worker, and ONNX Runtime's script a second time, as its thread.
      const scripts = opened.asked.filter((file) => file.endsWith('.js'));
      const threads = opened.workers.filter((file) => scripts.filter((other) => other === file).length > 1);
      expect(threads.filter((file) => readFileSync(path.join(site, file), 'utf8').includes('em-pthread'))).not.toEqual(
        [],
      );
    });

    test('WebGPU works', () =>
      withWebGPU(async (page) => expectAsInNode(await openExample(page, site, { base: BASE }), expected, 'webgpu')));

    test('the site holds each of ONNX Runtime’s builds once', () => {
      const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter(
        (file) => !/node_modules/.test(file),
      );
      expect(wasmNames(files.map((file) => path.join(site, file))).sort()).toEqual([
        'ort-wasm-simd-threaded.asyncify.wasm',
        'ort-wasm-simd-threaded.jspi.wasm',
        'ort-wasm-simd-threaded.wasm',
      ]);
    });

    if (dev) {
      test('runs from the source', async ({ page }) => {
        const port = 20_000 + (process.pid % 20_000);
        const server = spawn('npm', ['run', 'dev', '--', ...dev, String(port)], {
          cwd: folder,
          detached: true,
          stdio: 'pipe',
        });
        try {
          await expect
            .poll(() =>
              fetch(`http://localhost:${port}`).then(
                (answer) => answer.ok,
                () => false,
              ),
            )
            .toBe(true);
          expectPrinted(await readPage(page, `http://localhost:${port}/`), expected);
        } finally {
          process.kill(-server.pid!, 'SIGTERM');
          await once(server, 'exit');
        }
      });
    }

    if (name === 'next') {
      test('the page is rendered on the server, with the package imported there', () => {
        const html = readFileSync(path.join(site, 'index.html'), 'utf8');
        expect(html).toContain('Find an image caption describing the given everyday image.');
        expect(html).toContain('<ol></ol>');
      });
    }
  });
}

if (wanted.includes('adapters')) {
  test('adapters: other libraries get the model’s own vectors', async ({ page }) => {
    await expectAdapted(page, npmBuild('dist')(install('adapters')), expected);
  });
}

if (wanted.includes('search')) {
  test('search: pictures are found by words, also on the next visit', async ({ page }) => {
    await expectSearched(page, npmBuild('dist')(install('search')));
  });
}

for (const [name, build] of Object.entries(ELEMENTS)) {
  if (!wanted.includes(name)) continue;
  test(`${name}: the element ranks as Node does, with one model, and tells the page`, async ({ page }) => {
    await expectElement(page, build(install(name)), BASE, expected);
  });
}

if (wanted.includes('static-search')) {
  test('static-search: 500 pictures are found by words from under a path, and without a network', async ({ page }) => {
    const site = npmBuild('dist')(install('static-search'));
    expect(existsSync(path.join(site, 'index/local'))).toBe(false);
    await expectStaticSearch(page, site, BASE);
  });
}
