/** @file What npm would publish, installed in an empty folder: it is complete, typed, and runs. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADAPTERS, ENTRY_POINTS } from './entry-points.ts';
import { importedAtOnce, MAIN_LIMIT, sizeOf } from './package-size.ts';

const root = path.resolve(import.meta.dirname, '..');

interface PackageJson {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const { optionalDependencies = {}, version } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
) as PackageJson;
const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-package-'));
const installed = path.join(folder, 'node_modules/vlm2vec-web');
/** The frameworks that have wrappers, and their types. */
const PEERS = ['react', 'vue', '@types/react'];
function run(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')} exited with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  mkdirSync(installed, { recursive: true });
  run('tar', '-xzf', `vlm2vec-web-${version}.tgz`, '--strip-components=1', '-C', installed);
  // Only what package.json declares can be found: Node's native parts.
  for (const name of [...Object.keys(optionalDependencies), ...PEERS]) {
    mkdirSync(path.dirname(path.join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), 'junction');
  }
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds each ONNX Runtime build once, the model, and little else', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  expect(files.filter((name) => name.endsWith('.wasm')).sort()).toEqual([
    'dist/lib/ort-wasm-simd-threaded.asyncify.wasm',
    'dist/lib/ort-wasm-simd-threaded.jspi.wasm',
    'dist/lib/ort-wasm-simd-threaded.wasm',
  ]);
  expect(files).toContain('dist/models/nano/bundle.json');
  expect(files.filter((name) => /\.test\.|fixtures\/.*\.(?!md)\w+$|testing/.test(name))).toEqual([]);
  // One file of declarations for each entry point, and what they share.
  expect(files.filter((name) => /^dist\/.*\.d\.ts$/.test(name)).length).toBeLessThanOrEqual(ADAPTERS.length + 14);
  expect(files.filter((name) => /dist\/lib\/(index|node|search|vlm2vec\.worker)\.js\.map$/.test(name))).toHaveLength(4);
  expect(statSync(path.join(folder, `vlm2vec-web-${version}.tgz`)).size).toBeLessThan(30e6);
});

test('the examples name this version, and exact ones of everything else', () => {
  const examples = path.join(root, 'examples');
  const lists = readdirSync(examples, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(examples, entry.name, 'package.json');
    return entry.isDirectory() && existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as PackageJson] : [];
  });
  expect(lists.length).toBeGreaterThan(5);
  for (const { name, dependencies, devDependencies } of lists) {
    expect(dependencies?.['vlm2vec-web'], name).toBe(version);
    const inexact = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, range]) => !/^\d+\.\d+\.\d+$/.test(range),
    );
    expect(inexact, name).toEqual([]);
  }
});

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('the types are right for every way to resolve them', async () => {
  const tarball = new Uint8Array(readFileSync(path.join(folder, `vlm2vec-web-${version}.tgz`)));
  const result = await checkPackage(createPackageFromTarballData(tarball), {
    excludeEntrypoints: [/^\.\/models/, './package.json'],
  });
  const problems = 'problems' in result ? result.problems : [{ kind: 'no types' as const }];
  // ECMAScript modules only: `require` in Node has to import them, and the module resolution of 2015 does not support
  // `exports`.
  const known = (problem: object) =>
    ('resolutionKind' in problem && problem.resolutionKind === 'node10') ||
    ('resolutionOption' in problem && problem.resolutionOption === 'node10') ||
    ('kind' in problem && problem.kind === 'CJSResolvesToESM');
  expect(problems.filter((problem) => !known(problem))).toEqual([]);
});

test('what a page loads with the main entry is small; the engine and the tokenizer are loaded when they are needed', () => {
  const lib = path.join(installed, 'dist/lib');
  const files = [...importedAtOnce(lib, 'index.js')];
  // Elements are loaded only by those who import them.
  for (const file of [...files, ...importedAtOnce(lib, 'search.js')]) {
    expect(readFileSync(path.join(lib, file), 'utf8'), file).not.toContain('vlm2vec-rank');
  }
  const { gzip } = sizeOf(files.map((file) => path.join(lib, file)));
  expect(files.length).toBeGreaterThan(2);
  expect(gzip).toBeGreaterThan(5_000);
  expect(gzip, files.join(', ')).toBeLessThanOrEqual(MAIN_LIMIT);
});

test('a bundler leaves out unused code', async () => {
  const sizes = new Map<string, number>();
  for (const code of [
    "import 'vlm2vec-web'; import 'vlm2vec-web/search'; import 'vlm2vec-web/adapters/openai';",
    "export { similarity } from 'vlm2vec-web';",
    "export { parseQuery } from 'vlm2vec-web/search';",
    "export { VLM2Vec } from 'vlm2vec-web';",
    "import 'vlm2vec-web/elements';",
  ]) {
    writeFileSync(path.join(folder, 'shake.js'), code);
    const bundle = await rolldown({ cwd: folder, input: './shake.js', platform: 'browser' });
    const { output } = await bundle.generate({ format: 'esm', minify: true });
    const chunks = new Map(output.map((file) => [file.fileName, file.type === 'chunk' ? file : null]));
    const atOnce = new Set<string>();
    const visit = (name: string) => {
      if (atOnce.has(name)) return;
      atOnce.add(name);
      chunks.get(name)!.imports.forEach(visit);
    };
    visit('shake.js');
    sizes.set(
      code,
      [...atOnce].reduce((sum, name) => sum + chunks.get(name)!.code.length, 0),
    );
    await bundle.close();
  }
  const [nothing, similarity, query, model, elements] = [...sizes.values()];
  expect(nothing).toBe(0);
  expect(similarity).toBeLessThan(6_000);
  expect(query).toBeLessThan(2_000);
  expect(model).toBeGreaterThan(10_000);
  // The elements are defined even though nothing is imported by name; model and search are loaded when they are needed.
  expect(elements).toBeGreaterThan(15_000);
  expect(elements).toBeLessThan(40_000);
});

test('importing any entry touches neither page, nor GPU, nor network', () => {
  const builds = [
    '',
    '/search',
    '/node',
    '/elements',
    '/react',
    '/vue',
    ...ADAPTERS.map((name) => `/adapters/${name}`),
  ].map((entry) => `vlm2vec-web${entry}`);
  // The entry for runtimes other than Node, and for bundlers that render pages without declaring it.
  const lib = path.join(installed, 'dist/lib');
  const browser = Object.keys(ENTRY_POINTS).map((entry) => path.join(lib, `${entry}.js`));
  writeFileSync(
    path.join(folder, 'import.js'),
    `import 'react'; // imported before the trap is set, since other packages are not our concern
     import 'vue';
     const touched = [];
     const names = ['window', 'self', 'document', 'navigator', 'location', 'Worker', 'SharedWorker', 'WorkerGlobalScope',
       'importScripts', 'indexedDB', 'caches', 'localStorage', 'fetch', 'XMLHttpRequest', 'GPU', 'OffscreenCanvas', 'Image',
       'createImageBitmap', 'SharedArrayBuffer', 'crossOriginIsolated'];
     for (const name of names) {
       const note = () => void touched.push(name + new Error().stack.split('\\n')[3]);
       Object.defineProperty(globalThis, name, { configurable: true, get: note, set: note });
     }
     for (const entry of ${JSON.stringify([...builds, ...browser])}) await import(entry);
     const entries = touched.splice(0);
     navigator?.gpu; // the trap works
     console.log(JSON.stringify({ entries, trap: touched.length }));`,
  );
  expect(JSON.parse(run(process.execPath, 'import.js'))).toEqual({ entries: [], trap: 1 });
});

test('the command line runs', () => {
  const cli = path.join(installed, 'dist/lib/cli.js');
  expect(readFileSync(cli, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(run(process.execPath, cli, '--version').trim()).toBe(version);
  expect(run(process.execPath, cli, '--help')).toMatch(/convert[\s\S]*embed[\s\S]*rank[\s\S]*inspect/);
  const facts = run(process.execPath, cli, 'inspect', path.join(installed, 'dist/models/nano'), '--json');
  expect(JSON.parse(facts)).toMatchObject({ architecture: 'qwen2_vl' });
});

test('Node imports it and ranks with the built-in model', () => {
  writeFileSync(
    path.join(folder, 'rank.js'),
    `import { VLM2Vec, similarity } from 'vlm2vec-web';
     const model = await VLM2Vec.load('nano');
     const [a, b] = await model.embed(['a fox', 'a guitar']);
     const ranked = await model.rank('a guitar', ['a bus', 'a guitar', 'a fox']);
     console.log(JSON.stringify({ dims: model.dims, length: a.length, self: similarity(a, a), ranked }));
     await model.dispose();`,
  );
  const { dims, length, self, ranked } = JSON.parse(run(process.execPath, 'rank.js')) as {
    dims: number;
    length: number;
    self: number;
    ranked: { candidate: string }[];
  };
  expect(length).toBe(dims);
  expect(self).toBeCloseTo(1, 5);
  expect(ranked).toHaveLength(3);
});

test('without its native packages, Node still imports it, and says what to install', () => {
  writeFileSync(
    path.join(folder, 'bare.js'),
    `import { UnsupportedError, VLM2Vec } from 'vlm2vec-web';
     const error = await VLM2Vec.load('nano').catch((error) => error);
     console.log(error instanceof UnsupportedError, error.message);`,
  );
  const links = Object.keys(optionalDependencies).map((name) => path.join(folder, 'node_modules', name));
  for (const link of links) renameSync(link, `${link}-away`);
  try {
    expect(run(process.execPath, 'bare.js')).toMatch(/^true .*npm install onnxruntime-node\n$/);
  } finally {
    for (const link of links) renameSync(`${link}-away`, link);
  }
});

test('Node imports the adapters and the search, with the errors of the main entry', () => {
  writeFileSync(
    path.join(folder, 'entries.js'),
    `import { UnsupportedError, VLM2Vec } from 'vlm2vec-web';
     import { openAI } from 'vlm2vec-web/adapters/openai';
     import { langChainEmbeddings } from 'vlm2vec-web/adapters/langchain';
     import { llamaIndexEmbedding } from 'vlm2vec-web/adapters/llamaindex';
     import { aiSdkEmbeddingModel } from 'vlm2vec-web/adapters/ai-sdk';
     import { pipeline } from 'vlm2vec-web/adapters/transformers';
     import { combineVectors, openPhotoIndex, parseQuery } from 'vlm2vec-web/search';
     import { InvalidInputError, VLM2VecError } from 'vlm2vec-web/node';
     const model = await VLM2Vec.load('nano');
     const client = openAI(model);
     const { data } = await client.embeddings.create({ model: 'vlm2vec', input: ['a fox', 'a bus'] });
     const refused = await client.embeddings.create({ model: 'vlm2vec', input: 'x', user: 'me' }).catch((error) => error);
     const extract = await pipeline('feature-extraction', 'nano');
     const { dims } = await extract('a fox');
     console.log(JSON.stringify({
       lengths: data.map(({ embedding }) => embedding.length === model.dims),
       refused: refused instanceof UnsupportedError,
       dims: dims[0] === 1 && dims[1] === model.dims,
       made: [langChainEmbeddings, llamaIndexEmbedding, aiSdkEmbeddingModel].map((make) => typeof make),
       query: parseQuery('beach -people'),
       search: [await openPhotoIndex({ embedder: model }).catch((error) => error instanceof UnsupportedError)],
     }));
     try { combineVectors({}); } catch (error) {
       console.log(error instanceof InvalidInputError && error instanceof VLM2VecError);
     }
     await extract.dispose();
     await model.dispose();`,
  );
  const [facts, isSameClass] = run(process.execPath, 'entries.js').trim().split('\n');
  expect(isSameClass).toBe('true');
  expect(JSON.parse(facts!)).toEqual({
    lengths: [true, true],
    refused: true,
    dims: true,
    made: ['function', 'function', 'function'],
    query: { text: 'beach', also: [], exclude: ['people'] },
    search: [true],
  });
});

test("the browser's entries have the same classes of errors too, and both workers of a photo index can be found", () => {
  writeFileSync(
    path.join(folder, 'same.js'),
    `import { readFileSync } from 'node:fs';
     import { InvalidInputError } from ${JSON.stringify(path.join(installed, 'dist/lib/index.js'))};
     import { combineVectors } from ${JSON.stringify(path.join(installed, 'dist/lib/search.js'))};
     let error;
     try { combineVectors({}); } catch (thrown) { error = thrown; }
     const lengths = ['worker', 'search/worker', 'search/survey-worker'].map(
       (name) => readFileSync(new URL(import.meta.resolve('vlm2vec-web/' + name))).length);
     console.log(JSON.stringify({ same: error instanceof InvalidInputError, found: lengths.every((length) => length > 200) }));`,
  );
  expect(JSON.parse(run(process.execPath, 'same.js'))).toEqual({ same: true, found: true });
});

test('links in its documents lead to files in the package', () => {
  const pages = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(20);
  const broken = pages.flatMap((page) => {
    const prose = readFileSync(path.join(installed, page), 'utf8').replaceAll(/^```.*?^```$/gms, '');
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? match[2]!);
    const inside = links.filter((link) => !/^(?:[a-z]+:|#)/.test(link));
    return inside
      .filter((link) => !existsSync(path.join(installed, path.dirname(page), link.split('#')[0]!)))
      .map((link) => `${page}: ${link}`);
  });
  expect(broken).toEqual([]);
});

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('TypeScript finds the types with module %s, resolution %s', (module, resolution) => {
  writeFileSync(
    path.join(folder, 'types.ts'),
    `import { VLM2Vec, similarity, type ModelInfo } from 'vlm2vec-web';
     import { openAI } from 'vlm2vec-web/adapters/openai';
     import { pipeline } from 'vlm2vec-web/adapters/transformers';
     import { openPhotoIndex, type PhotoIndex } from 'vlm2vec-web/search';
     import 'vlm2vec-web/search/worker';
     import 'vlm2vec-web/search/survey-worker';
     import type { VLM2Vec as InNode } from 'vlm2vec-web/node';
     import 'vlm2vec-web/worker';
     const model = await VLM2Vec.load('nano', { onProgress: ({ status }) => void (status satisfies string) });
     const ranked = await model.rank({ image: new Blob() }, ['a', 'b']);
     export const best: string = ranked[0]!.candidate;
     export const near: number = similarity(await model.embed('x'), await model.embed('y'));
     export const info: ModelInfo = model.info;
     const client = openAI(model);
     const answer = await client.embeddings.create({ model: 'vlm2vec', input: 'x', encoding_format: 'base64' });
     export const base64: string = answer.data[0]!.embedding;
     export const features: number[][] = (await (await pipeline('feature-extraction', model))('x')).tolist();
     const embedder = { id: model.info.id, dims: model.dims, embed: (inputs: object[]) => model.embed(inputs) };
     export const index: Promise<PhotoIndex> = openPhotoIndex({ embedder });
     export const photos = await openPhotoIndex({ embedder: model });
     await photos.add({ handle: await showDirectoryPicker({ mode: 'read' }) });
     await photos.add(document.querySelector('input')!.files!);
     export const phase: string = (await photos.finished()).phase;
     export const same = (inNode: InNode): VLM2Vec => inNode;
     // @ts-expect-error -- no such option exists
     await VLM2Vec.load('nano', { devices: 1 });`,
  );
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--ignoreConfig', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable'];
  run(process.execPath, tsc, ...options, '--module', module, '--moduleResolution', resolution, 'types.ts');
});
