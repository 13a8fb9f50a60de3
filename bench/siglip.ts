/**
 * @file SigLIP 2 base of official size with random weights: milliseconds of a picture and of captions on Node's CPU and
 * on WASM in Chromium, beside transformers.js with the same weights (its own classes; `siglip-export.py` wrote its
 * files). Libraries take turns, and the order is reversed each time. Needs the bundles that `convert.ts` writes.
 *
 *   npx tsx bench/siglip.ts [--on cpu,wasm] [--dtype fp32,q8,q4] [--bundles .cache/bundles] [--export .cache/siglip-js]
 *                           [--repeats 7] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { findChromium } from '../scripts/chromium';
import { startHub } from '../src/testing/hub-server';
import { openDevPage, pageRunner, startDevSite } from './lib/dev-page';
import { machine, median, table } from './lib/report';
import type { SiglipReply } from './lib/siglip-child';
import { isOfText, JOB_NAMES, type JobName } from './lib/siglip-jobs';
import type { RivalDtype } from './lib/siglip-rival';

const { values } = parseArgs({
  options: {
    on: { type: 'string', default: 'cpu,wasm' },
    dtype: { type: 'string', default: 'fp32,q8,q4' },
    bundles: { type: 'string', default: '.cache/bundles' },
    export: { type: 'string', default: '.cache/siglip-js' },
    repeats: { type: 'string', default: '7' },
    record: { type: 'boolean', default: false },
  },
});
const repeats = Number(values.repeats);

type Answer = Pick<SiglipReply, 'seconds' | 'vectors'> & { cpu?: number };

/** A library that is loaded. */
interface Contender {
  name: string;
  jobs: readonly JobName[];
  run(job: JobName): Promise<Answer>;
  stop(): Promise<unknown> | void;
}

/**
 * Their 4-bit text tower keeps its token table as float32; together with its file, that exceeds what WASM can hold at
 * fp32.
 */
const theirTowers = (on: string, dtype: RivalDtype) => (on === 'wasm' && dtype !== 'q8' ? 'vision' : 'both');

async function inProcess(kind: 'ours' | 'fast' | 'theirs', dtype: RivalDtype): Promise<Contender> {
  const from = resolve(kind === 'theirs' ? values.export : join(values.bundles, `siglip-${dtype}`));
  const child = fork(fileURLToPath(new URL('lib/siglip-child.ts', import.meta.url)), [kind, from, dtype]);
  await reply(child);
  return {
    name: { ours: 'ours', fast: "ours, compute: 'fast'", theirs: 'transformers.js' }[kind],
    jobs: JOB_NAMES,
    run(job) {
      child.send(job);
      return reply(child);
    },
    stop: () => void child.kill(),
  };
}

function reply(child: ChildProcess): Promise<SiglipReply> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`The child process ended with code ${code}.`));
    child.once('exit', ended);
    child.once('message', (message: SiglipReply) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

type Bench = typeof import('./lib/siglip-page');

/** Each library has its own page, and therefore its own process and WASM memory. */
async function browserContenders() {
  const host = await startHub({ folders: { bundles: resolve(values.bundles), js: resolve(values.export) } });
  const site = await startDevSite();
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] });
  const open = async (kind: 'ours' | 'theirs', dtype: RivalDtype): Promise<Contender> => {
    const context = await browser.newContext();
    const ask = pageRunner<Bench>(await openDevPage(context, site), '/bench/lib/siglip-page.ts');
    const towers = theirTowers('wasm', dtype);
    if (kind === 'ours') {
      await ask((bench, url) => bench.loadOurs(url), `${host.url}/static/bundles/siglip-${dtype}/`);
    } else {
      await ask((bench, options) => bench.loadTheirs(options), {
        from: `${host.url}/static/js`,
        dtype,
        towers,
      } as const);
    }
    return {
      name: kind === 'ours' ? 'ours' : 'transformers.js',
      jobs: JOB_NAMES.filter((job) => towers === 'both' || !isOfText(job)),
      run: (job) => ask((bench, asked) => bench.run(asked), job),
      stop: () => context.close(),
    };
  };
  const close = async () => {
    await browser.close();
    await site.close();
    await host.stop();
  };
  return { open, close };
}

const leastCosine = (a: number[][], b: number[][]) =>
  Math.min(...a.map((row, i) => row.reduce((sum, value, k) => sum + value * b[i]![k]!, 0)));

const ms = (value: number) => `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms`;

/** One row per job and contender; the last contender is what the others are compared with. */
async function measure(on: string, dtype: RivalDtype, contenders: readonly Contender[]): Promise<string[][]> {
  const rows: string[][] = [];
  const theirs = contenders.at(-1)!;
  for (const job of theirs.jobs) {
    const first = [];
    for (const { run } of contenders) first.push(await run(job)); // not timed
    const answers: Answer[][] = contenders.map(() => []);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const order = [...contenders.keys()];
      for (const i of repeat % 2 === 0 ? order : order.reverse()) answers[i]!.push(await contenders[i]!.run(job));
    }
    const of = (i: number, key: 'seconds' | 'cpu') => median(answers[i]!.map((answer) => answer[key] ?? NaN));
    const last = contenders.length - 1;
    for (let i = 0; i < last; i++) {
      const cpu = of(i, 'cpu') / of(last, 'cpu');
      rows.push([
        `${on}, ${dtype}`,
        job,
        contenders[i]!.name,
        ms(of(i, 'seconds')),
        ms(of(last, 'seconds')),
        (of(i, 'seconds') / of(last, 'seconds')).toFixed(2),
        Number.isNaN(cpu) ? '–' : cpu.toFixed(2),
        leastCosine(first[i]!.vectors, first[last]!.vectors).toFixed(6),
      ]);
      console.error(rows.at(-1)!.join(' | '));
    }
  }
  return rows;
}

const rows: string[][] = [];
const list = (text: string) => text.split(',');
const isDtype = (text: string): text is RivalDtype => ['fp32', 'q8', 'q4'].includes(text);
const dtypes = list(values.dtype).filter(isDtype);
const browser = list(values.on).includes('wasm') ? await browserContenders() : null;
for (const on of list(values.on)) {
  for (const dtype of dtypes) {
    const contenders: Contender[] = [];
    if (on === 'cpu') {
      for (const kind of dtype === 'fp32' ? (['ours', 'theirs'] as const) : (['ours', 'fast', 'theirs'] as const)) {
        contenders.push(await inProcess(kind, dtype));
      }
    } else {
      for (const kind of ['ours', 'theirs'] as const) contenders.push(await browser!.open(kind, dtype));
    }
    rows.push(...(await measure(on, dtype, contenders)));
    for (const { stop } of contenders) await stop();
  }
}
await browser?.close();

const columns = ['', 'job', 'ours as', 'ours', 'transformers.js', 'ratio', 'CPU time ratio', 'cosine'];
const text = `## SigLIP 2 base beside transformers.js

${machine()}

\`npx tsx bench/siglip.ts --on ${values.on} --dtype ${values.dtype} --repeats ${values.repeats}\`

Medians of ${repeats} runs in turns, random weights of the official shapes; from pixels or words to the vector. WASM with one thread in Chromium.
transformers.js 4.3.1 with files exported and quantized as its published ones are. \`cosine\`: the least between both libraries' vectors.

${table(columns, rows)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
