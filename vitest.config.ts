/** @file Unit tests: in Node, beside the source. Browser behaviour is tested by Playwright (`e2e/`). */
import { defineConfig } from 'vitest/config';

// Tests that use ONNX Runtime without the library: they run in child processes of this one.
process.env.ORT_DISABLE_TELEMETRY = '1';

export default defineConfig({
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
