/** @file Unit tests: in Node, beside the source. Browser behaviour is tested by Playwright (`e2e/`). */
import { defineConfig } from 'vitest/config';

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
    include: [
      'src/**/*.test.ts',
      'workers/**/*.test.ts',
      'scripts/**/*.test.ts',
      'demo/**/*.test.{ts,tsx}',
      'bench/*.test.ts',
    ],
    maxWorkers: '100%', // one less by itself, which on two cores is one
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
