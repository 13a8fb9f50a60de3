/**
 * @file P@1 of `nano` on the same queries by PyTorch, by our CLI at every weight dtype, and by Chromium on WASM and on
 * WebGPU (SwiftShader if there is no GPU).
 *
 *   python -m reference.mmeb build DATA --queries 50 --cache CACHE                       20 sets, 1,000 queries
 *   python -m reference.mmeb evaluate DATA --checkpoint CHECKPOINT --json pytorch.json
 *   npx tsx bench/nano-eval.ts --data DATA --pytorch pytorch.json --checkpoint CHECKPOINT [--record]
 *
 * --checkpoint (with --adapter, if it is a base model) is converted at each dtype; without it only the built-in model
 * is measured. --only runs some: cli, wasm, webgpu. SwiftShader embeds one or two inputs a second, so --webgpu-sets
 * names the sets whose queries share most of their candidates. --record appends the result to bench/RESULTS.md.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { findChromium } from '../scripts/chromium';
import { META_TASKS, mmebSet, type EvalReport } from '../src/eval';
import { startDevSite } from './lib/dev-page';
import { machine, seconds, table } from './lib/report';

const DTYPES = ['fp32', 'fp16', 'q8', 'q4'];
const WORK = '.cache/nano-eval';
/** Served by the development server at `/e2e-bundles/nano-eval/`. */
const SERVED = '.cache/e2e-bundles/nano-eval';
const SWIFTSHADER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-gpu-watchdog'];
const HOUR_MS = 3_600_000;

/** Ten sets, all four meta-tasks, with about two inputs a query. */
const FRUGAL = 'N24News,VOC2007,A-OKVQA,Visual7W,VisDial,CIRR,MSCOCO_t2i,NIGHTS,WebQA,MSCOCO';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    pytorch: { type: 'string' },
    checkpoint: { type: 'string' },
    adapter: { type: 'string' },
    'webgpu-sets': { type: 'string', default: FRUGAL },
    only: { type: 'string', default: 'cli,wasm,webgpu' },
    record: { type: 'boolean', default: false },
  },
});
const { data, pytorch, checkpoint, adapter } = values;
if (data === undefined || pytorch === undefined) throw new Error('--data and --pytorch are needed');

/** Right answers and queries of each set, and the time it took. */
interface Measured {
  name: string;
  sets: Map<string, { correct: number; queries: number }>;
  took: string;
}

type Predictions = Record<string, { predictions: number[] }>;
const reference = (JSON.parse(readFileSync(pytorch, 'utf8')) as { sets: Predictions }).sets;

/** PyTorch's answers to all sets, or to some. */
function referenceOf(names?: readonly string[]): Measured {
  const sets = Object.entries(reference)
    .filter(([name]) => names?.includes(name) ?? true)
    .map(([name, { predictions }]) => {
      return [name, { correct: predictions.filter((best) => best === 0).length, queries: predictions.length }] as const;
    });
  return { name: 'PyTorch, float32', sets: new Map(sets), took: '' };
}

function measured(name: string, report: EvalReport, took: string): Measured {
  return { name, sets: new Map(report.sets.map((set) => [set.name, set])), took };
}

function cli(...args: string[]): void {
  execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'src/cli/index.ts', ...args], { stdio: 'inherit' });
}

function byCli(name: string, model: string): Measured {
  const out = path.join(WORK, 'out');
  rmSync(out, { recursive: true, force: true });
  const start = performance.now();
  cli('eval', data!, '--model', model, '--regime', 'native', '--out', out);
  const took = seconds((performance.now() - start) / 1000);
  return measured(name, JSON.parse(readFileSync(path.join(out, 'report.json'), 'utf8')) as EvalReport, took);
}

async function inChromium(device: 'wasm' | 'webgpu', sets?: readonly string[]): Promise<Measured> {
  rmSync(SERVED, { recursive: true, force: true });
  cpSync(data!, SERVED, { recursive: true });
  const site = await startDevSite();
  const args = ['--no-sandbox', '--disable-background-networking', ...(device === 'webgpu' ? SWIFTSHADER : [])];
  const browser = await chromium.launch({ executablePath: findChromium(), args });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(HOUR_MS);
    await page.routeWebSocket('**', () => undefined);
    const some = sets ? `&sets=${sets.join()}` : '';
    const address = `eval.html?device=${device}&data=e2e-bundles/nano-eval/${some}`;
    await page.goto(new URL(address, site.base).href);
    await page.locator('#status-text', { hasText: 'Runs on' }).waitFor();
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.locator('#outcome').waitFor();
    const took = await page.locator('#took').innerText();
    console.log(`${device}: ${took}`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the report' }).click();
    const report = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as EvalReport;
    const version = `Chromium ${browser.version()}, ${device === 'wasm' ? 'WASM' : 'WebGPU'}`;
    return measured(`shipped, ${version}`, report, took.replace(/\.$/, ''));
  } finally {
    await browser.close();
    await site.close();
  }
}

const percent = (share: number) => (Number.isNaN(share) ? '–' : (100 * share).toFixed(1));

/** P@1: all sets, then each meta-task; every set with the same weight. */
function shares({ sets }: Measured): number[] {
  const mean = (task?: string) => {
    const some = [...sets].filter(([name]) => task === undefined || mmebSet(name)?.metaTask === task);
    return some.reduce((sum, [, { correct, queries }]) => sum + correct / queries, 0) / some.length;
  };
  return [mean(), ...META_TASKS.map((task) => mean(task))];
}

function row(outcome: Measured, base: Measured): string[] {
  const [all, ...tasks] = shares(outcome);
  const queries = [...outcome.sets.values()].reduce((sum, set) => sum + set.queries, 0);
  const difference = 100 * (all! - shares(base)[0]!);
  const equal = [...outcome.sets].filter(([name, { correct }]) => correct === base.sets.get(name)?.correct).length;
  const compared =
    outcome.name === base.name ? ['', ''] : [difference.toFixed(1).replace('-', '−'), `${equal} of ${base.sets.size}`];
  return [outcome.name, String(queries), percent(all!), ...compared, ...tasks.map(percent), outcome.took];
}

mkdirSync(WORK, { recursive: true });
const only = values.only.split(',');
const rows = [row(referenceOf(), referenceOf())];
if (only.includes('cli')) {
  for (const dtype of checkpoint === undefined ? [] : DTYPES) {
    const bundle = path.join(WORK, dtype);
    rmSync(bundle, { recursive: true, force: true });
    cli(
      'convert',
      checkpoint!,
      ...(adapter === undefined ? [] : ['--adapter', adapter]),
      '--out',
      bundle,
      '--dtype',
      dtype,
    );
    rows.push(row(byCli(`${dtype}, CLI`, bundle), referenceOf()));
  }
  rows.push(row(byCli('shipped, CLI', 'nano'), referenceOf()));
}
if (only.includes('wasm')) rows.push(row(await inChromium('wasm'), referenceOf()));
if (only.includes('webgpu')) {
  const sets = values['webgpu-sets'].split(',');
  rows.push(row(referenceOf(sets), referenceOf(sets)), row(await inChromium('webgpu', sets), referenceOf(sets)));
}
const text = `## nano: P@1 by PyTorch, Node and Chromium

${machine()}

\`npx tsx bench/nano-eval.ts\`; the miniature MMEB of \`reference/mmeb\`, ${Object.keys(reference).length} sets, each with the same weight

${table(['weights, where', 'queries', 'P@1', 'to PyTorch', 'sets alike', ...META_TASKS, 'took'], rows)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
