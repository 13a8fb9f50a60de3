/**
 * @file Builds what npm publishes, into `dist/`:
 * `lib/index.js`, `lib/search.js`, `lib/adapters/` and the workers for browsers, whole (every dependency inside, ONNX
 * Runtime's `.wasm` beside them), so that they also run from a plain folder without a bundler; `lib/node.js`,
 * `lib/adapters/node/` and `lib/cli.js` for Node, where dependencies stay packages; `lib/types/`; and the built-in
 * model in `models/`.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown, type OutputOptions, type Plugin } from 'rolldown';
import { licenses } from './licenses.ts';
import { nodeEdges } from './node-edges.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const LIB = path.join(DIST, 'lib');
const ORT = path.join(ROOT, 'node_modules/onnxruntime-web/dist');

/** `new URL('../workers/x.worker.ts', …)` in the source is `new URL('./x.worker.js', …)` in the package. */
const workerUrls: Plugin = {
  name: 'worker-urls',
  transform(code, id) {
    if (!id.startsWith(path.join(ROOT, 'src'))) return null;
    const url = /(new URL\(\s*['"])(?:\.\.\/)+workers\/([\w.-]+)\.ts(['"])/g;
    return code.replaceAll(url, '$1./$2.js$3');
  },
};

/**
 * ONNX Runtime's builds are copied, with the `.wasm` each looks for beside itself: they refer to their own file names, in
 * ways that bundlers downstream know. They are called `.js` here, since not every web server knows `.mjs`.
 */
const ortFiles: Plugin = {
  name: 'ort-files',
  resolveId(id) {
    const build = /^onnxruntime-web\/(jspi|webgpu|wasm)$/.exec(id)?.[1];
    return build ? { id: `./ort.${build}.bundle.min.js`, external: true } : null;
  },
  generateBundle(_options, bundle) {
    const imports = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.dynamicImports : []));
    const builds = imports.map((file) => path.basename(file)).filter((file) => file.startsWith('ort.'));
    for (const fileName of new Set(builds)) {
      const original = fileName.replace(/\.js$/, '.mjs');
      const text = readFileSync(path.join(ORT, original), 'utf8');
      const source = text.replaceAll(original, fileName).replace(/\/\/# sourceMappingURL=.*/, '');
      this.emitFile({ type: 'asset', fileName, source });
      for (const wasm of new Set(source.match(/ort-wasm[\w.-]+\.wasm/g))) {
        this.emitFile({ type: 'asset', fileName: wasm, source: readFileSync(path.join(ORT, wasm)) });
      }
    }
  },
};

/** Each file of `src/adapters/` that package.json's `./adapters/*` names. */
const ADAPTERS = ['ai-sdk', 'langchain', 'llamaindex', 'openai', 'transformers'];

const adapterInputs = (folder: string): Record<string, string> =>
  Object.fromEntries(ADAPTERS.map((name) => [`${folder}/${name}`, `src/adapters/${name}.ts`]));

/** `workers/x.worker.ts` → `lib/x.worker.js`. */
const workerInputs = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path.join(ROOT, 'workers'))
      .filter((file) => file.endsWith('.worker.ts'))
      .map((file) => [file.replace(/\.ts$/, ''), `workers/${file}`]),
  );

const OUTPUT: OutputOptions = { dir: LIB, format: 'esm', entryFileNames: '[name].js' };

async function buildBrowser(): Promise<void> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: { index: 'src/index.ts', search: 'src/search/index.ts', ...adapterInputs('adapters'), ...workerInputs() },
    platform: 'browser',
    plugins: [nodeEdges(), workerUrls, ortFiles, licenses('licenses.txt', ['onnxruntime-web'])],
  });
  await bundle.write({ ...OUTPUT, chunkFileNames: 'browser-[name]-[hash].js', minify: true });
  await bundle.close();
}

async function buildNode(): Promise<void> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: { node: 'src/index.ts', cli: 'src/cli/index.ts', ...adapterInputs('adapters/node') },
    platform: 'node',
    external: (id, _importer, resolved) => !resolved && !/^[./]|^[A-Za-z]:/.test(id),
  });
  await bundle.write({ ...OUTPUT, chunkFileNames: 'node-[name]-[hash].js' });
  await bundle.close();
  chmodSync(path.join(LIB, 'cli.js'), 0o755);
}

/** Declarations by tsc. Node's resolution wants file extensions, which the source leaves out. */
function buildTypes(): void {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
  for (const name of readdirSync(path.join(LIB, 'types'), { recursive: true, encoding: 'utf8' })) {
    const file = path.join(LIB, 'types', name);
    if (!statSync(file).isFile()) continue;
    const withExtension = (_: string, before: string, target: string, after: string) => {
      const at = path.resolve(path.dirname(file), target);
      const whole = existsSync(`${at}.d.ts`) ? `${target}.js` : existsSync(at) ? `${target}/index.js` : target;
      return before + whole + after;
    };
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(/((?:from|import\() ?['"])(\.\.?\/[^'"]+)(['"])/g, withExtension));
  }
}

rmSync(LIB, { recursive: true, force: true });
rmSync(path.join(DIST, 'models'), { recursive: true, force: true });
await buildBrowser();
await buildNode();
buildTypes();
cpSync(path.join(ROOT, 'public/models'), path.join(DIST, 'models'), { recursive: true });
