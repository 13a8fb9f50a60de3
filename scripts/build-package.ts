/**
 * @file Builds what npm publishes, into `dist/`: `lib/index.js`, `lib/search.js`, `lib/adapters/` and the workers for
 * browsers, self-contained (every dependency inside, ONNX Runtime beside them), so that they also run from a plain
 * folder without a bundler; `lib/node.js`, `lib/node-search.js`, `lib/adapters/node/` and `lib/cli.js` for Node, where
 * native parts remain packages; `lib/types/`; and the built-in model in `models/`. Does nothing if nothing has changed
 * since: it runs before every packing and every browser test.
 */
import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown, type OutputOptions, type Plugin } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { buildIfChanged, hashInputs } from './build-inputs.ts';
import { builtInFiles } from './built-in-files.ts';
import { ADAPTERS, ENTRY_POINTS } from './entry-points.ts';
import { collectLicenses, licenses, noteData, type Licenses } from './licenses.ts';
import { nodeEdges } from './node-edges.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const LIB = path.join(DIST, 'lib');
const MODELS = path.join(ROOT, 'public/models');
const ORT = path.join(ROOT, 'node_modules/onnxruntime-web/dist');

/**
 * `new URL('../workers/x.worker.ts', …)` in the source is `new URL('./x.worker.js', …)` in the package. Spaces keep
 * everything in its place, so that source maps stay correct.
 */
const workerUrls: Plugin = {
  name: 'worker-urls',
  transform(code, id) {
    const url = /(?<=new URL\()(['"])(?:\.\.\/)+workers\/([\w.-]+)\.ts\1/g;
    if (!id.startsWith(path.join(ROOT, 'src')) || !url.test(code)) return null;
    return {
      code: code.replace(url, (whole, _quote, name: string) => `'./${name}.js'`.padEnd(whole.length)),
      map: null,
    };
  },
};

/**
 * ONNX Runtime's builds are copied, with the `.wasm` of each, and found by `ort-builds.package.ts`. They are renamed to
 * `.js` here, since not every web server knows `.mjs`.
 */
const ortFiles: Plugin = {
  name: 'ort-files',
  resolveId: (id) => (id === './ort-builds' ? path.join(ROOT, 'src/runtime/ort-builds.package.ts') : null),
  generateBundle() {
    for (const build of ['jspi', 'webgpu', 'wasm']) {
      const original = `ort.${build}.bundle.min.mjs`;
      const fileName = original.replace(/\.mjs$/, '.js');
      const text = readFileSync(path.join(ORT, original), 'utf8');
      const source = text.replaceAll(original, fileName).replace(/\/\/# sourceMappingURL=.*/, '');
      this.emitFile({ type: 'asset', fileName, source });
      for (const wasm of new Set(source.match(/ort-wasm[\w.-]+\.wasm/g))) {
        this.emitFile({ type: 'asset', fileName: wasm, source: readFileSync(path.join(ORT, wasm)) });
      }
    }
  },
};

/**
 * Bundlers look for `new URL('literal', import.meta.url)`; the minifier writes templates, which not all of them
 * recognise.
 */
const literalUrls: Plugin = {
  name: 'literal-urls',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = file.code.replace(/new URL\(`([^`$]*)`,/g, "new URL('$1',");
    }
  },
};

const BROWSER_ONLY: Record<string, string[]> = {
  'src/runtime/ort-builds.ts': ['importBrowserBuild'],
  'src/backend/start-worker.ts': ['startModelWorker'],
  'src/search/library/start-workers.ts': ['startSearchWorker', 'startSurveyWorker'],
};

/** Modules that Node never reaches: ONNX Runtime's builds for browsers, and the workers. */
const browserEdges: Plugin = {
  name: 'browser-edges',
  load(id) {
    const names = BROWSER_ONLY[path.relative(ROOT, id).replaceAll(path.sep, '/')];
    if (!names) return null;
    const stub = "() => { throw new Error('exists in browsers only'); }";
    return `export const ${names.map((name) => `${name} = ${stub}`).join(', ')};`;
  },
};

/** `workers/x.worker.ts` → `lib/x.worker.js`. */
const workerInputs = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path.join(ROOT, 'workers'))
      .filter((file) => file.endsWith('.worker.ts'))
      .map((file) => [file.replace(/\.ts$/, ''), `workers/${file}`]),
  );

const OUTPUT: OutputOptions = { dir: LIB, format: 'esm', entryFileNames: '[name].js', sourcemap: true };

async function buildBrowser(found: Licenses): Promise<void> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: { ...ENTRY_POINTS, ...workerInputs() },
    platform: 'browser',
    checks: { pluginTimings: false },
    external: ['react', 'vue'], // provided by the page
    plugins: [
      nodeEdges(),
      workerUrls,
      ortFiles,
      builtInFiles(MODELS, '../models/'),
      licenses('licenses.txt', ['onnxruntime-web'], found),
      literalUrls,
    ],
  });
  await bundle.write({ ...OUTPUT, chunkFileNames: 'browser-[name]-[hash].js', minify: true });
  await bundle.close();
}

/** Node's part: native packages stay outside, and so do modules that only browsers load. */
async function buildNode(found: Licenses): Promise<void> {
  const adapters = Object.fromEntries(
    ADAPTERS.map((name) => [`adapters/node/${name}`, ENTRY_POINTS[`adapters/${name}`]!]),
  );
  const bundle = await rolldown({
    cwd: ROOT,
    input: { node: ENTRY_POINTS.index!, 'node-search': ENTRY_POINTS.search!, cli: './src/cli/index.ts', ...adapters },
    platform: 'node',
    checks: { pluginTimings: false },
    external: ['onnxruntime-node', 'sharp', '@lancedb/lancedb'],
    plugins: [browserEdges, collectLicenses(found)],
  });
  await bundle.write({ ...OUTPUT, chunkFileNames: 'node-[name]-[hash].js' });
  await bundle.close();
  chmodSync(path.join(LIB, 'cli.js'), 0o755);
}

/** Declarations, one file per entry point and shared ones, without whatever is marked as internal. */
async function buildTypes(): Promise<void> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: ENTRY_POINTS,
    external: (id) => !/^[./]|^[A-Za-z]:/.test(id),
    checks: { pluginTimings: false },
    plugins: [dts({ emitDtsOnly: true, tsconfig: 'tsconfig.build.json' })],
  });
  const { output } = await bundle.write({
    dir: path.join(LIB, 'types'),
    format: 'esm',
    chunkFileNames: 'shared-[name].js',
  });
  await bundle.close();
  writeFileSync(path.join(LIB, 'types/worker.d.ts'), 'export {};\n');
  for (const file of output) {
    // `Symbol.asyncDispose` is newer than the library that most projects configure for TypeScript.
    if (file.type !== 'chunk' || !file.code.includes('Symbol.asyncDispose')) continue;
    const code = `/// <reference lib="esnext.disposable" />\n${file.code}`;
    writeFileSync(path.join(LIB, 'types', file.fileName), code);
  }
}

/**
 * Source maps keep the text of our own files, for debuggers; that of libraries would be by far the larger part, so only
 * its positions are kept, and a script made of nothing else needs no map.
 */
function slimSourceMaps(): void {
  for (const name of readdirSync(LIB, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(LIB, name);
    if (!file.endsWith('.js.map')) continue;
    const map = JSON.parse(readFileSync(file, 'utf8')) as { sources: string[]; sourcesContent: (string | null)[] };
    const isOurs = (source: string | undefined) =>
      !!source && !source.includes('node_modules') && !source.startsWith('\0');
    if (map.sources.some(isOurs)) {
      const sourcesContent = map.sourcesContent.map((text, i) => (isOurs(map.sources[i]) ? text : null));
      writeFileSync(file, JSON.stringify({ ...map, sourcesContent }));
    } else {
      const script = file.replace(/\.map$/, '');
      writeFileSync(script, readFileSync(script, 'utf8').replace(/\/\/# sourceMappingURL=\S+\s*$/, ''));
      rmSync(file);
    }
  }
}

async function buildAll(): Promise<void> {
  rmSync(LIB, { recursive: true, force: true });
  rmSync(path.join(DIST, 'models'), { recursive: true, force: true });
  const found: Licenses = new Map();
  noteData(found, path.join(ROOT, 'places'), 'GeoNames, names of places (CC BY 4.0)');
  await buildNode(found);
  await buildBrowser(found);
  await buildTypes();
  slimSourceMaps();
  cpSync(MODELS, path.join(DIST, 'models'), { recursive: true });
  cpSync(path.join(ROOT, 'places'), path.join(DIST, 'places'), { recursive: true });
}

/** All inputs of the build; the lock file represents the packages. */
const INPUTS = [
  'src',
  'workers',
  'scripts',
  'public/models',
  'places',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

const state = {
  note: path.join(DIST, 'package-inputs.txt'),
  hash: hashInputs(ROOT, INPUTS),
  outputs: ['lib/types/index.d.ts', 'lib/cli.js', 'models/nano/bundle.json'].map((name) => path.join(DIST, name)),
};
const isBuilt = await buildIfChanged(state, buildAll);
if (!isBuilt) console.log('dist/ is up to date');
