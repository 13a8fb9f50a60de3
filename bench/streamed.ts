/**
 * @file Time and memory of streamed weights beside resident ones, by how many captions and pictures are embedded in one
 * call. Random weights of official size, on the CPU in Node; each figure from a process of its own.
 *
 *   npx tsx bench/streamed.ts [--model 2b|7b|qwen3-8b|llava|phi] [--small] [--dtype q4] [--root .cache] [--counts 1,8,64]
 *                             [--pictures 1,8] [--modes resident,streamed] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { WeightDtype } from '../src/bundle/manifest';
import type { WeightsMode } from '../src/runtime';
import { readManifest } from '../src/store';
import { folderBundle } from '../src/store/folder.node.js';
import { EmbedProcess, WHOLE, type EmbedJob } from './lib/embed-jobs';
import { ensureRandomBundle } from './lib/random-bundle';
import { machine, megabytes, seconds, table } from './lib/report';
import { CHECKPOINT_OPTIONS, checkpointOptions, labelOf } from './synthetic-checkpoint';

const { values } = parseArgs({
  options: {
    ...CHECKPOINT_OPTIONS,
    dtype: { type: 'string', default: 'q4' },
    counts: { type: 'string', default: '1,8,64' },
    pictures: { type: 'string', default: '' },
    modes: { type: 'string', default: 'resident,streamed' },
    record: { type: 'boolean', default: false },
  },
});
const options = checkpointOptions(values);
const bundle = ensureRandomBundle(options, values.dtype as WeightDtype);
const { stages } = await readManifest(folderBundle(bundle));
const weights = stages.reduce((sum, { weights: { bytes } }) => sum + bytes, 0);
const numbers = (list: string) => list.split(',').filter(Boolean).map(Number);
const modes = values.modes.split(',') as WeightsMode[];
const jobs: { name: string; count: number; job: EmbedJob }[] = [
  ...numbers(values.counts).map((count) => ({
    name: `captions: ${count}`,
    count,
    job: { kind: 'captions', count, batch: WHOLE, answer: true } as const,
  })),
  ...numbers(values.pictures).map((count) => ({
    name: `pictures of 448²: ${count}`,
    count,
    job: { kind: 'pictures', count, answer: true } as const,
  })),
];

const rows: string[][] = [];
for (const { name, count, job } of jobs) {
  const answers: (number[] | null)[][] = [];
  for (const mode of modes) {
    const process = await EmbedProcess.start('ours', bundle, '', mode);
    const reply = await process.run(job, 'job');
    process.stop();
    answers.push(reply.vectors);
    const peak = process.memory.peaks.get('job')!;
    rows.push([
      name,
      mode,
      seconds(process.loadSeconds),
      seconds(reply.seconds),
      seconds(reply.seconds / count),
      seconds(reply.cpu / count),
      megabytes(peak.resident),
      megabytes(peak.anonymous),
    ]);
    console.error(rows.at(-1)!.join(' | '));
  }
  if (answers.some((vectors) => JSON.stringify(vectors) !== JSON.stringify(answers[0]))) {
    throw new Error(`${name}: streamed and resident weights give different vectors.`);
  }
}
const label = labelOf(options);
const small = options.small ? ' --small' : '';
const command = `npx tsx bench/streamed.ts --model ${options.model}${small} --dtype ${values.dtype} --counts ${values.counts}${
  values.pictures ? ` --pictures ${values.pictures}` : ''
} --modes ${values.modes}`;
const text = `## Streamed weights, ${label} size, ${values.dtype}, onnxruntime-node CPU

${machine()}

\`${command}\`

${megabytes(weights)} of weights, the largest file ${megabytes(Math.max(...stages.map(({ weights: { bytes } }) => bytes)))}. One call each, in a fresh process, nothing warmed up; what
streamed weights give is compared with what resident ones give, and is the same to the bit. CPU time counts all cores. Memory:
the process's peak during the call, all of it and without pages of mapped files.

${table(['inputs', 'weights', 'load', 'call', 'per input', 'CPU per input', 'memory', 'own'], rows)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
