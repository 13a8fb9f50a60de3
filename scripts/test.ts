/**
 * @file `npm test`: lint and types, then what the browser tests need to be built, at the same time as the unit tests; then
 * the end-to-end tests even after failures, so that one run shows everything. Failures are listed again at the end of the
 * log; the last line counts the tests of vitest and Playwright; a lint or type error, or a runner that breaks, counts as
 * one failed. With `--full`, tests with random positions try more of them, and different ones each time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { MODEL_BUILDS, SITE_BUILDS } from '../e2e/builds.ts';
import { ensureChromium } from './chromium.ts';
import type { UnitReport } from './unit-report.ts';

const TSX = 'node_modules/tsx/dist/cli.mjs';
const VITEST_REPORT = '.cache/unit.json';
const PLAYWRIGHT_REPORT = '.cache/playwright.json';

interface Count {
  passed: number;
  /** Names of the tests that failed. */
  failed: string[];
}

interface ToolOptions {
  /** Shows its output when it has ended, so that it does not mix with what runs at the same time. */
  later?: boolean;
}

/** Runs a script in Node; true if it exits with 0. */
async function tool(name: string, args: string[], { later = false }: ToolOptions = {}): Promise<boolean> {
  if (!later) console.log(`\n== ${name}`);
  const start = Date.now();
  const child = spawn(process.execPath, args, {
    stdio: later ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => printed.push(data));
  const [code] = (await once(child, 'close')) as [number | null];
  if (later) {
    console.log(`\n== ${name}`);
    process.stdout.write(Buffer.concat(printed));
  }
  console.log(`== ${name}: ${code === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return code === 0;
}

const check = (name: string, ok: boolean): Count => ({ passed: 0, failed: ok ? [] : [name] });

/** The counts in a runner's report. A runner that failed without a failed test still counts as one failure. */
function counted<Report>(name: string, ok: boolean, file: string, read: (report: Report) => Count): Count {
  let count: Count = { passed: 0, failed: [] };
  try {
    count = read(JSON.parse(readFileSync(file, 'utf8')) as Report);
  } catch (error) {
    console.error(`${file}: ${String(error)}`);
    ok = false;
  }
  return ok || count.failed.length > 0 ? count : { ...count, failed: [name] };
}

/** Playwright's JSON report, as far as it is read here. */
interface PlaywrightReport {
  stats: { expected: number };
  suites: PlaywrightSuite[];
}

interface PlaywrightSuite {
  suites?: PlaywrightSuite[];
  specs: { title: string; file: string; line: number; tests: { projectName: string; status: string }[] }[];
}

function readPlaywright({ stats, suites }: PlaywrightReport): Count {
  const failures = ({ suites = [], specs }: PlaywrightSuite): string[] => [
    ...specs.flatMap(({ title, file, line, tests }) =>
      tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ projectName }) => `[${projectName}] ${file}:${line}: ${title}`),
    ),
    ...suites.flatMap(failures),
  ];
  return { passed: stats.expected, failed: suites.flatMap(failures) };
}

if (process.argv.includes('--full')) process.env.VLM2VEC_FULL_TESTS = '1';
process.env.UNIT_REPORT = VITEST_REPORT;
mkdirSync('.cache', { recursive: true });
for (const report of [VITEST_REPORT, PLAYWRIGHT_REPORT]) rmSync(report, { force: true });

const later = { later: true };

async function checks(): Promise<Count[]> {
  return [
    check('lint and types', await tool('lint and types', [TSX, 'scripts/lint-and-types.ts'], later)),
    check('format', await tool('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '.'], later)),
  ];
}

/** Builds what the browser tests need, or leaves it to them, which then report what fails. */
async function builds(): Promise<void> {
  for (const args of [...SITE_BUILDS, ...MODEL_BUILDS]) if (!(await tool('build', args, later))) return;
  process.env.E2E_BUILT = '1';
}

async function unitTests(): Promise<Count> {
  const reporters = ['--reporter=default', '--reporter=./scripts/unit-report.ts'];
  const ok = await tool('unit', ['node_modules/vitest/vitest.mjs', 'run', ...reporters]);
  return counted('unit tests', ok, VITEST_REPORT, (report: UnitReport) => report);
}

async function browserTests(): Promise<Count> {
  ensureChromium();
  const ok = await tool('end to end', ['node_modules/@playwright/test/cli.js', 'test']);
  return counted('end to end', ok, PLAYWRIGHT_REPORT, readPlaywright);
}

async function beside(): Promise<Count[]> {
  const counts = await checks();
  await builds();
  return counts;
}

const [checked, unit] = await Promise.all([beside(), unitTests()]);
const counts = [...checked, unit, await browserTests()];

const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.flatMap((count) => count.failed);
if (failed.length > 0) console.log(`\nFailed:\n  ${failed.join('\n  ')}`);
console.log(`\n${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
