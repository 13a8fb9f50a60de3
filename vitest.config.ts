/**
 * @file Unit tests: in Node, beside the source. Browser behaviour is tested by Playwright (`e2e/`). Most files share a process
 * with others, because starting one and loading the source into it takes longer than most files' tests. A file that replaces
 * modules gets a process of its own: elsewhere the module may have been loaded before, or would stay replaced.
 */
import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { defineConfig } from 'vitest/config';

const FILES = globSync(['{src,workers,scripts}/**/*.test.ts', 'demo/**/*.test.{ts,tsx}', 'bench/*.test.ts'], {
  cwd: import.meta.dirname,
});
/** What outlives a file: modules replaced or loaded twice, and globals that an import defines. */
const LASTING = /\bvi\.(mock|doMock|resetModules)\(|'fake-indexeddb\/auto'/;
const textOf = (file: string) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
const ALONE = FILES.filter(
  (file) =>
    // Where time is measured, nothing else is to lie in memory.
    file.startsWith('bench/') || LASTING.test(textOf(file)),
);
/** What starts processes that run the package, which is built before. */
const BUILT = FILES.filter((file) => !ALONE.includes(file) && textOf(file).includes("testing/built-package'"));

// Tests that use ONNX Runtime without the library: they run in child processes of this one.
process.env.ORT_DISABLE_TELEMETRY = '1';

export default defineConfig({
  // Examples import the package by its name; they are run against the source.
  resolve: {
    alias: [
      { find: /^vlm2vec-web$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^vlm2vec-web\/search$/, replacement: `${import.meta.dirname}/src/search/index.ts` },
      { find: /^vlm2vec-web\/(adapters\/[\w-]+)$/, replacement: `${import.meta.dirname}/src/$1.ts` },
    ],
  },
  test: {
    environment: 'node',
    setupFiles: ['vitest.setup.ts'],
    maxWorkers: '100%', // one less by itself, which on two cores is one
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      { extends: true, test: { name: 'together', include: FILES, exclude: [...ALONE, ...BUILT], isolate: false } },
      {
        extends: true,
        test: { name: 'built', include: BUILT, isolate: false, globalSetup: 'scripts/build-for-tests.ts' },
      },
    ],
  },
});
