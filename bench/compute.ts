/**
 * @file What one caption, 16 and 128 cost on Node's CPU at q4 and q8, for each way to multiply: the package's `exact`
 * and `fast`, all in float (as level 0 of ONNX Runtime does it), and the usual export at level 0 and at its own best
 * level, which is 4. Each pipeline has its own process; they are interleaved. The model has a 2B's widths, 4 of its 28
 * layers, and as large a part of its vocabulary, on which the usual export's head depends.
 *
 *   npx tsx bench/compute.ts [--bundles .cache/short] [--repeats 5] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EmbedProcess, WHOLE, type EmbedJob, type EmbedReply, type PipelineKind } from './lib/embed-jobs';
import { machine, median, megabytes, table } from './lib/report';
import { SEVENTH_OF_2B, shortBundle } from './lib/short-model';
import { writeUsualExport } from './lib/usual-export';

const { values } = parseArgs({
  options: {
    bundles: { type: 'string', default: '.cache/short' },
    repeats: { type: 'string', default: '5' },
    record: { type: 'boolean', default: false },
  },
});

const captions = (count: number, of: 'mixed' | 'instructed' = 'mixed'): EmbedJob => ({
  ...{ kind: 'captions', count, of, answer: false },
  batch: count > 16 ? 16 : WHOLE, // the batch with which the usual export is fastest
});
const TASKS: [string, EmbedJob][] = [
  ['1 caption', captions(1)],
  ['16 captions', captions(16)],
  ['16 with an instruction', captions(16, 'instructed')],
  ['128 captions', captions(128)],
];
const WAYS: ['q4' | 'q8', PipelineKind][] = [
  ['q4', 'ours'],
  ['q4', 'ours-fast'],
  ['q4', 'usual'],
  ['q4', 'usual-int8'],
  ['q8', 'ours'],
  ['q8', 'ours-fast'],
  ['q8', 'ours-float'],
  ['q8', 'usual-int8'],
];

const processes = new Map<string, EmbedProcess>();
for (const [dtype, kind] of WAYS) {
  const bundle = join(values.bundles, dtype);
  const usual = `${bundle}-usual`;
  if (kind === 'ours') await writeUsualExport(bundle, await shortBundle(bundle, SEVENTH_OF_2B, dtype), usual);
  const process = await EmbedProcess.start(kind, bundle, usual);
  await process.run(captions(2), 'warm-up');
  processes.set(`${dtype} ${kind}`, process);
}

const names = [...processes.keys()];
const rows: string[][] = [];
for (const [task, job] of TASKS) {
  const replies = new Map<string, EmbedReply[]>(names.map((name) => [name, []]));
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const name of repeat % 2 === 0 ? names : names.toReversed()) {
      replies.get(name)!.push(await processes.get(name)!.run(job, task));
    }
  }
  const of = (name: string, key: 'seconds' | 'cpu') => median(replies.get(name)!.map((reply) => reply[key]));
  for (const name of names) {
    const ratio = (to: string) => (of(name, 'cpu') / of(to, 'cpu')).toFixed(2);
    rows.push([
      task,
      name,
      `${(1000 * of(name, 'seconds')).toFixed(0)} ms`,
      `${(1000 * of(name, 'cpu')).toFixed(0)} ms`,
      ratio('q4 ours'),
      ratio(`${name.slice(0, 2)} usual-int8`),
      name.startsWith('q4') ? ratio('q4 usual') : '',
    ]);
    console.error(rows.at(-1)!.join(' | '));
  }
}
const memory = names.map((name) => {
  const { anonymous, resident } = processes.get(name)!.memory.peaks.get('16 captions')!;
  return `${name} ${megabytes(anonymous)} (${megabytes(resident)})`;
});
for (const process of processes.values()) process.stop();

const text = `## Ways to multiply, Node's CPU, a seventh of a 2B

${machine()}

\`npx tsx bench/compute.ts --repeats ${values.repeats}\`

Medians of ${values.repeats} interleaved runs. Ratios are of CPU time of all cores, which hardly depends on what else the machine does. The captions
are words in any order, so that few begin alike.

${table(['task', 'pipeline', 'time', 'CPU time', 'to q4 ours', 'to the usual export, level 4', 'level 0'], rows)}

Own allocations (resident set) with 16 captions: ${memory.join('; ')}.
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
