/** @file `npm run screens`: the pictures of the site in `docs/screens`. */
import { spawnSync } from 'node:child_process';
import { ensureChromium } from './chromium.ts';

ensureChromium();
const { status } = spawnSync(
  process.execPath,
  ['node_modules/@playwright/test/cli.js', 'test', 'e2e/screens.spec.ts', '--project', 'wasm'],
  { stdio: 'inherit', env: { ...process.env, VLM2VEC_FULL_TESTS: '1' } },
);
process.exitCode = status ?? 1;
