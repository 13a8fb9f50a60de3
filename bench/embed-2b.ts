/**
 * @file Seconds and memory of embedding with a bundle of the official 2B's size in Node on the CPU, beside the same
 * weights in the usual export (KV-cache inputs and outputs, `lm_head` over all tokens), interleaved, each pipeline in
 * its own process. Needs the bundle that `bench/convert-2b.ts` writes.
 *
 *   npx tsx bench/embed-2b.ts [--size 2b|small] [--dtype q4] [--bundles .cache/bundles] [--repeats 3] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from '../src/store';
import { folderBundle } from '../src/store/folder.node.js';
import { EmbedProcess, WHOLE, type EmbedJob } from './lib/embed-jobs';
import { machine, median, megabytes, seconds, table } from './lib/report';
import { writeUsualExport } from './lib/usual-export';

const TASKS: { name: string; job: EmbedJob }[] = [
  { name: '16 captions', job: { kind: 'captions', count: 16, batch: WHOLE, answer: false } },
  { name: '128 captions', job: { kind: 'captions', count: 128, batch: WHOLE, answer: false } },
  { name: '128 captions, usual 16 at a time', job: { kind: 'captions', count: 128, batch: 16, answer: false } },
  { name: 'one 448² image', job: { kind: 'image', answer: false } },
];

/** The least cosine between both pipelines' vectors: the baseline must compute the same thing. */
async function agreement(bundle: string, usual: string): Promise<number> {
  const job: EmbedJob = { kind: 'captions', count: 4, batch: WHOLE, answer: true };
  const answers = [];
  for (const kind of ['ours', 'usual-checked'] as const) {
    const process = await EmbedProcess.start(kind, bundle, usual);
    answers.push([
      ...(await process.run(job, 'check')).vectors,
      ...(await process.run({ kind: 'image', answer: true }, 'check')).vectors,
    ]);
    process.stop();
  }
  const [ours, theirs] = answers as [number[][], number[][]];
  return Math.min(...ours.map((a, i) => a.reduce((sum, value, k) => sum + value * theirs[i]![k]!, 0)));
}

/** Peak memory of a fresh process per task: what one task allocates stays with the process afterwards. */
async function peakMemory(kind: 'ours' | 'usual', job: EmbedJob): Promise<number> {
  const process = await EmbedProcess.start(kind, bundle, usual);
  for (let run = 0; run < 2; run++) await process.run(job, 'task');
  process.stop();
  return process.memory.peaks.get('task')!.resident;
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2b' },
    dtype: { type: 'string', default: 'q4' },
    bundles: { type: 'string', default: '.cache/bundles' },
    repeats: { type: 'string', default: '3' },
    record: { type: 'boolean', default: false },
  },
});
const bundle = join(values.bundles, `${values.size}-${values.dtype}`);
const usual = `${bundle}-usual`;
await writeUsualExport(bundle, await readManifest(folderBundle(bundle)), usual);
const cosine = await agreement(bundle, usual);
if (!(cosine > 0.9999)) throw new Error(`The usual export computes something else: cosine ${cosine}.`);

const pipelines = {
  ours: await EmbedProcess.start('ours', bundle, usual),
  usual: await EmbedProcess.start('usual', bundle, usual),
};
type Runs = Record<'ours' | 'usual', { seconds: number; cpu: number }[]>;
const runs = new Map<string, Runs>(TASKS.map(({ name }) => [name, { ours: [], usual: [] }]));
for (let round = 0; round <= Number(values.repeats); round++) {
  for (const { name, job } of TASKS) {
    const order = round % 2 === 0 ? (['ours', 'usual'] as const) : (['usual', 'ours'] as const);
    for (const kind of order) {
      const reply = await pipelines[kind].run(job, name);
      if (round > 0) runs.get(name)![kind].push(reply); // the first round warms up
    }
  }
}

const load = (['ours', 'usual'] as const).map((kind) => {
  const { memory, loadSeconds } = pipelines[kind];
  return `${kind} ${seconds(loadSeconds)}, peak ${megabytes(memory.peaks.get('load')!.resident)}`;
});
for (const process of Object.values(pipelines)) process.stop();

const rows: string[][] = [];
for (const { name, job } of TASKS) {
  const middle = (kind: 'ours' | 'usual', key: 'seconds' | 'cpu') =>
    median(runs.get(name)![kind].map((run) => run[key]));
  const ratio = (key: 'seconds' | 'cpu') => (middle('ours', key) / middle('usual', key)).toFixed(2);
  const [a, b] = [await peakMemory('ours', job), await peakMemory('usual', job)];
  rows.push([
    name,
    seconds(middle('ours', 'seconds')),
    seconds(middle('usual', 'seconds')),
    ratio('seconds'),
    ratio('cpu'),
    megabytes(a),
    megabytes(b),
    (a / b).toFixed(2),
  ]);
}
const command = `npx tsx bench/embed-2b.ts --size ${values.size} --dtype ${values.dtype} --repeats ${values.repeats}`;
const text = `## Embedding, ${values.size} size, ${values.dtype}, onnxruntime-node CPU

${machine()}

\`${command}\`

Medians of ${values.repeats} interleaved runs after one to warm up. Memory: peak resident set (own allocations and
mapped weights) of a fresh process that runs the task twice. Least cosine between both pipelines' vectors:
${cosine.toFixed(6)}.

${table(['task', 'ours', 'usual export', 'ratio', 'CPU time ratio', 'memory ours', 'memory usual', 'ratio'], rows)}

Loading: ${load.join('; ')}.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
