/**
 * @file Seconds and memory of embedding with a bundle of the official 2B's size in Node on the CPU, beside the same
 * weights in the usual export (KV-cache inputs and outputs, `lm_head` over all tokens), interleaved, each pipeline in
 * its own process. Needs the bundle that `bench/convert.ts` writes.
 *
 *   npx tsx bench/embed-2b.ts [--size 2b|2b-small] [--dtype q4] [--bundles .cache/bundles] [--repeats 3] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from '../src/store';
import { folderBundle } from '../src/store/folder.node.js';
import { EmbedProcess, WHOLE, type EmbedJob, type EmbedReply } from './lib/embed-jobs';
import { machine, median, megabytes, seconds, table } from './lib/report';
import { writeUsualExport } from './lib/usual-export';

interface Task {
  name: string;
  /** Timed runs of each pipeline. */
  repeats: number;
  ours: EmbedJob;
  /** The usual pipeline packs as its caller says; if that matters, it is measured in more than one way. */
  usual: { name: string; job: EmbedJob }[];
}

const captionsJob = (count: number, batch: number): EmbedJob => ({ kind: 'captions', count, batch, answer: false });
const imageJob: EmbedJob = { kind: 'image', answer: false };

function tasks(repeats: number): Task[] {
  return [
    {
      name: '16 captions',
      repeats,
      ours: captionsJob(16, WHOLE),
      usual: [{ name: 'one call', job: captionsJob(16, WHOLE) }],
    },
    { name: 'one 448² image', repeats, ours: imageJob, usual: [{ name: 'one call', job: imageJob }] },
    {
      name: '128 captions',
      repeats: Math.ceil(repeats / 2),
      ours: captionsJob(128, WHOLE),
      usual: [
        { name: 'one call', job: captionsJob(128, WHOLE) },
        { name: '16 a call', job: captionsJob(128, 16) },
      ],
    },
  ];
}

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

/** Peak memory of a fresh process that runs one job: since what a job allocates stays with the process afterwards. */
async function peakMemory(kind: 'ours' | 'usual', job: EmbedJob): Promise<number> {
  const process = await EmbedProcess.start(kind, bundle, usual);
  await process.run(job, 'job');
  process.stop();
  return process.memory.peaks.get('job')!.resident;
}

/** Medians of seconds and CPU seconds. */
function middle(replies: readonly EmbedReply[]): { seconds: number; cpu: number } {
  return { seconds: median(replies.map((reply) => reply.seconds)), cpu: median(replies.map((reply) => reply.cpu)) };
}

/** Runs a task on both pipelines in turns, reversing the order each time; one row per way of the usual one. */
async function measure(task: Task, pipelines: Record<'ours' | 'usual', EmbedProcess>): Promise<string[][]> {
  const runs = [
    { kind: 'ours' as const, job: task.ours },
    ...task.usual.map(({ job }) => ({ kind: 'usual' as const, job })),
  ];
  const replies: EmbedReply[][] = runs.map(() => []);
  for (let repeat = 0; repeat < task.repeats; repeat++) {
    const order = runs.map((_, i) => (repeat % 2 === 0 ? i : runs.length - 1 - i));
    for (const i of order) replies[i]!.push(await pipelines[runs[i]!.kind].run(runs[i]!.job, task.name));
  }
  const ours = middle(replies[0]!);
  const oursMemory = await peakMemory('ours', task.ours);
  const rows: string[][] = [];
  for (const [i, { name, job }] of task.usual.entries()) {
    const theirs = middle(replies[i + 1]!);
    const memory = await peakMemory('usual', job);
    rows.push([
      `${task.name} (usual: ${name})`,
      seconds(ours.seconds),
      seconds(theirs.seconds),
      (ours.seconds / theirs.seconds).toFixed(2),
      (ours.cpu / theirs.cpu).toFixed(2),
      megabytes(oursMemory),
      megabytes(memory),
      (oursMemory / memory).toFixed(2),
    ]);
    console.error(rows.at(-1)!.join(' | '));
  }
  return rows;
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
for (const process of Object.values(pipelines)) {
  for (const job of [captionsJob(2, WHOLE), imageJob]) await process.run(job, 'warm-up');
}
const rows: string[][] = [];
for (const task of tasks(Number(values.repeats))) rows.push(...(await measure(task, pipelines)));
const load = (['ours', 'usual'] as const).map((kind) => {
  const { memory, loadSeconds } = pipelines[kind];
  return `${kind} ${seconds(loadSeconds)}, peak ${megabytes(memory.peaks.get('load')!.resident)}`;
});
for (const process of Object.values(pipelines)) process.stop();

const command = `npx tsx bench/embed-2b.ts --size ${values.size} --dtype ${values.dtype} --repeats ${values.repeats}`;
const text = `## Embedding, ${values.size} size, ${values.dtype}, onnxruntime-node CPU

${machine()}

\`${command}\`

Medians of ${values.repeats} interleaved runs (128 captions: ${Math.ceil(Number(values.repeats) / 2)}). Memory: peak
resident set (own allocations and mapped weights) of a fresh process that runs the task once. CPU time counts all cores.
Least cosine between both pipelines' vectors: ${cosine.toFixed(6)}.

${table(['task', 'ours', 'usual export', 'ratio', 'CPU time ratio', 'memory ours', 'memory usual', 'ratio'], rows)}

Loading: ${load.join('; ')}.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
