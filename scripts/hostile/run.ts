/**
 * @file `npm run test:hostile [-- mutants]`: a million mutated files, or as many as given, over all parsers, and every
 * test that covers a line of docs/security.md.
 */
import { spawnSync } from 'node:child_process';

const TOTAL = Number(process.argv[2] ?? 1_000_000);
/** The number of parsers in scripts/hostile.test.ts. */
const PARSERS = 13;

const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    'scripts/hostile.test.ts',
    'hostile',
    'silence',
    'safe-regex',
    'printable',
    'validate',
    'pattern',
    'torch',
    'zip',
  ],
  { stdio: 'inherit', env: { ...process.env, VLM2VEC_HOSTILE: String(Math.ceil(TOTAL / PARSERS)) } },
);
process.exitCode = status ?? 1;
