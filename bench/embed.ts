/**
 * @file Seconds and memory of embedding with a bundle of official size in Node on the CPU: one picture of 800 × 600 and 16
 * captions. Needs the bundle that `bench/convert.ts` writes.
 *
 *   npx tsx bench/embed.ts [--model 2b|7b|qwen3|qwen3-8b|llava|phi|phi-lora] [--small] [--dtype q4] [--bundles .cache/bundles]
 *                          [--num-crops 4] [--repeats 1] [--record]
 *
 * Each job has a process of its own, whose peak memory is given; the first run after loading is not timed. --record
 * appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EmbedProcess, WHOLE, type EmbedJob } from './lib/embed-jobs';
import { machine, median, megabytes, seconds, table } from './lib/report';
import { CHECKPOINT_OPTIONS, checkpointOptions, labelOf } from './synthetic-checkpoint';

const { values } = parseArgs({
  options: {
    ...CHECKPOINT_OPTIONS,
    dtype: { type: 'string', default: 'q4' },
    bundles: { type: 'string', default: '.cache/bundles' },
    'num-crops': { type: 'string' },
    repeats: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const options = checkpointOptions(values);
const label = labelOf(options);
const bundle = join(values.bundles, `${label}-${values.dtype}`);
const numCrops = values['num-crops'] === undefined ? undefined : Number(values['num-crops']);
const jobs: { name: string; warmUp: EmbedJob; job: EmbedJob }[] = [
  {
    name: '16 captions',
    warmUp: { kind: 'captions', count: 2, batch: WHOLE, answer: false },
    job: { kind: 'captions', count: 16, batch: WHOLE, answer: true },
  },
  {
    name: 'one picture, 800 × 600',
    warmUp: { kind: 'photo', width: 64, height: 48, numCrops: numCrops && 1, answer: false },
    job: { kind: 'photo', width: 800, height: 600, numCrops, answer: true },
  },
];
const rows: string[][] = [];
for (const { name, warmUp, job } of jobs) {
  const process = await EmbedProcess.start('ours', bundle, '');
  await process.run(warmUp, 'warm-up');
  const replies = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) replies.push(await process.run(job, 'job'));
  process.stop();
  if (!replies.every(({ vectors }) => vectors.every((vector) => isUnit(vector)))) {
    throw new Error(`${name}: a vector is not of unit length.`);
  }
  const peak = (phase: string) => process.memory.peaks.get(phase)!;
  rows.push([
    name,
    String(replies[0]!.tokens ?? ''),
    seconds(median(replies.map((reply) => reply.seconds))),
    seconds(median(replies.map((reply) => reply.cpu))),
    seconds(process.loadSeconds),
    megabytes(peak('job').resident),
    megabytes(peak('job').anonymous),
  ]);
  console.error(rows.at(-1)!.join(' | '));
}

function isUnit(vector: number[] | null): boolean {
  const squares = vector?.reduce((sum, value) => sum + value * value, 0) ?? NaN;
  return Math.abs(squares - 1) < 1e-4;
}

const crops = numCrops === undefined ? '' : ` --num-crops ${numCrops}`;
const small = options.small ? ' --small' : '';
const text = `## Embedding, ${label} size, ${values.dtype}, onnxruntime-node CPU, ours alone

${machine()}

\`npx tsx bench/embed.ts --model ${options.model}${small} --dtype ${values.dtype}${crops}\`

${table(['job', 'tokens', 'time', 'CPU time', 'loading', 'peak resident', 'own allocations'], rows)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
