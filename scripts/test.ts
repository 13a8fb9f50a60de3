/**
 * @file `npm test`: lint, types, unit tests, then the end-to-end tests, whatever failed before, so that one run shows
 * everything. The last line counts the tests of vitest and Playwright; a lint or type error, or a runner that
 * breaks, counts as one failed. With `--full`, tests with random places try more of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { ensureChromium } from './chromium.ts';

const VITEST_REPORT = '.cache/vitest.json';
const PLAYWRIGHT_REPORT = '.cache/playwright.json';

interface Count {
  passed: number;
  failed: number;
}

/** Runs a tool of node_modules; true where it exits with 0. */
function tool(name: string, script: string, ...args: string[]): boolean {
  console.log(`\n== ${name}`);
  const start = Date.now();
  const ok = spawnSync(process.execPath, [`node_modules/${script}`, ...args], { stdio: 'inherit' }).status === 0;
  console.log(`== ${name}: ${ok ? 'passed' : 'FAILED'} in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return ok;
}

const check = (ok: boolean): Count => ({ passed: 0, failed: ok ? 0 : 1 });

/** Counts of a runner's report. A runner that failed without a failed test still counts as one failure. */
function counted(ok: boolean, report: string, read: (json: Record<string, unknown>) => Count): Count {
  let count: Count = { passed: 0, failed: 0 };
  try {
    count = read(JSON.parse(readFileSync(report, 'utf8')) as Record<string, unknown>);
  } catch (error) {
    console.error(`${report}: ${String(error)}`);
    ok = false;
  }
  return ok || count.failed > 0 ? count : { ...count, failed: 1 };
}

if (process.argv.includes('--full')) process.env.VLM2VEC_FULL_TESTS = '1';
mkdirSync('.cache', { recursive: true });
for (const report of [VITEST_REPORT, PLAYWRIGHT_REPORT]) rmSync(report, { force: true });

const counts = [
  check(tool('lint', 'eslint/bin/eslint.js', '.', '--max-warnings', '0')),
  check(tool('types', 'typescript/bin/tsc', '--noEmit')),
  counted(
    tool('unit', 'vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile=${VITEST_REPORT}`),
    VITEST_REPORT,
    (json) => ({ passed: Number(json.numPassedTests), failed: Number(json.numFailedTests) }),
  ),
];
ensureChromium();
counts.push(
  counted(tool('end to end', '@playwright/test/cli.js', 'test'), PLAYWRIGHT_REPORT, (json) => {
    const stats = json.stats as { expected: number; unexpected: number; flaky: number };
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky };
  }),
);

const total = (key: keyof Count) => counts.reduce((sum, count) => sum + count[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') === 0 ? 0 : 1;
