/**
 * @file What the built package costs a page, printed by `npm run size`: what an entry point loads at once, and what is
 * loaded when it is needed. The package's test enforces the limit of the main entry.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** The main entry with all that it imports at once, in bytes of gzip. */
export const MAIN_LIMIT = 60_000;

/** A script with all that it imports at once, not what it imports when it is needed. */
export function importedAtOnce(lib: string, file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const code = readFileSync(path.join(lib, file), 'utf8');
  const imports = code.matchAll(/(?:^|[;}])(?:import|export)[^;()'"`]*["'`]\.\/([^"'`]+)["'`]/g);
  for (const [, target] of imports) importedAtOnce(lib, target!, found);
  return found;
}

export interface Size {
  bytes: number;
  gzip: number;
  brotli: number;
}

/** The size of files as a host sends them: each compressed separately. */
export function sizeOf(files: readonly string[]): Size {
  const sum = (measure: (content: Buffer) => number) =>
    files.reduce((total, file) => total + measure(readFileSync(file)), 0);
  // The quality that hosts use when they compress on the fly; the highest takes minutes for ONNX Runtime.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  return {
    bytes: sum((content) => content.length),
    gzip: sum((content) => gzipSync(content).length),
    brotli: sum((content) => brotliCompressSync(content, { params }).length),
  };
}

function report(dist: string): void {
  const lib = path.join(dist, 'lib');
  const at = (name: string) => path.join(lib, name);
  const entry = (name: string) => [...importedAtOnce(lib, name)].map(at);
  const nano = path.join(dist, 'models/nano');
  const needed = readdirSync(nano)
    .filter((file) => !/README|\.onnx$/.test(file))
    .map((file) => path.join(nano, file));
  const ort = (build: string, wasm: string) => [
    at(`ort.${build}.bundle.min.js`),
    at(`ort-wasm-simd-threaded${wasm}.wasm`),
  ];
  const rows: [string, string[]][] = [
    ["import { … } from 'vlm2vec-web'", entry('index.js')],
    ["import { … } from 'vlm2vec-web/search'", entry('search.js')],
    ['the worker: tokenizer, images, runtime', entry('vlm2vec.worker.js')],
    ['ONNX Runtime, WebGPU with JSPI', ort('jspi', '.jspi')],
    ['ONNX Runtime, WebGPU without JSPI', ort('webgpu', '.asyncify')],
    ['ONNX Runtime, no WebGPU', ort('wasm', '')],
    ["the model 'nano'", needed],
  ];
  const kB = (bytes: number) =>
    `${(bytes / 1000).toLocaleString('en', { maximumFractionDigits: bytes < 1e5 ? 1 : 0 })} kB`;
  console.log('| loaded | bytes | gzip | brotli |\n|---|---|---|---|');
  for (const [name, files] of rows) {
    const { bytes, gzip, brotli } = sizeOf(files);
    console.log(`| ${name} | ${kB(bytes)} | ${kB(gzip)} | ${kB(brotli)} |`);
  }
}

if (process.argv[1] === import.meta.filename) {
  const dist = path.resolve(import.meta.dirname, '../dist');
  if (!existsSync(path.join(dist, 'lib/index.js'))) throw new Error('Run npm run build:package first.');
  report(dist);
}
