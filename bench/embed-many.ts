/**
 * @file Many texts with nano: `vlm2vec embed` beside PyTorch with the same checkpoint, each in a process of its own that reads a
 * file of lines and writes an `.npy`. Needs the built package (`npm run build:package`), and Python with torch, transformers and
 * peft (`reference/requirements.txt`).
 *
 *   npx tsx bench/embed-many.ts [--count 100000] [--few 25000] [--rounds 2] [--python python3] [--batches 128]
 *                              [--threads 2] [--record]
 *
 * Each embeds the first `--few`, ours also all of them, to show what its memory depends on. Rounds alternate, so that a
 * busy moment of the machine affects all; CPU seconds reveal what other use of the machine hides. PyTorch's threads
 * wait without spinning, which costs nothing if they have cores of their own.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MemoryWatch } from './lib/process-memory';
import { machine, median, megabytes, seconds, table } from './lib/report';
import { sentences } from './lib/sentences';

const ROOT = path.resolve(import.meta.dirname, '..');
const CLI = path.join(ROOT, 'dist/lib/cli.js');
/** Numbers at the head of an `.npy`, as both write it. */
const HEADER_BYTES = 128;
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    few: { type: 'string', default: '25000' },
    rounds: { type: 'string', default: '2' },
    python: { type: 'string', default: 'python3' },
    batches: { type: 'string', default: '128' },
    threads: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const [count, few, rounds] = [values.count, values.few, values.rounds].map(Number) as [number, number, number];
const batches = values.batches.split(',').map(Number);
if (!existsSync(CLI)) throw new Error(`There is no ${CLI}: npm run build:package`);

const work = await mkdtemp(path.join(tmpdir(), 'embed-many-'));
const texts = sentences(count);
await writeFile(path.join(work, 'all.txt'), `${texts.join('\n')}\n`);
await writeFile(path.join(work, 'few.txt'), `${texts.slice(0, few).join('\n')}\n`);

interface Measured {
  wall: number[];
  cpu: number[];
  resident: number[];
  anonymous: number[];
}

async function measured(into: Measured, command: string, args: string[]): Promise<void> {
  const begun = performance.now();
  const threads = values.threads && { OMP_NUM_THREADS: values.threads };
  const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', ...threads };
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: work, env });
  const memory = new MemoryWatch(child.pid!, 'all');
  let cpu = 0;
  const timer = setInterval(() => (cpu = Math.max(cpu, cpuOf(child.pid!))), 50);
  const [code] = (await once(child, 'exit')) as [number | null];
  memory.stop();
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}.`);
  into.wall.push((performance.now() - begun) / 1000);
  into.cpu.push(cpu);
  into.resident.push(memory.peaks.get('all')!.resident);
  into.anonymous.push(memory.peaks.get('all')!.anonymous);
  console.error(
    `${args.slice(-4).join(' ')}: ${seconds(into.wall.at(-1)!)}, CPU ${seconds(cpu)}, ${megabytes(into.resident.at(-1)!)}`,
  );
}

/** Seconds of all cores so far; 0 if it has ended. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

const ours = (file: string, out: string): [string, string[]] => [
  process.execPath,
  [
    CLI,
    'embed',
    '--model',
    'nano',
    '--text',
    '--quiet',
    '--overwrite',
    `${file}.txt`,
    '--out',
    out,
    ...(values.threads ? ['--threads', values.threads] : []),
  ],
];
const torch = (batch: number, how: string, out: string): [string, string[]] => [
  values.python,
  [path.join(ROOT, 'bench/lib/torch_encode.py'), 'few.txt', out, '--batch', String(batch), '--how', how],
];
const runs: { name: string; texts: number; out: string; run: [string, string[]]; figures: Measured }[] = [
  { name: 'ours, `vlm2vec embed`, q8', texts: few, out: 'few.npy', run: ours('few', 'few.npy') },
  ...batches.flatMap((batch) =>
    [
      ['transformers', 'transformers, sorted by length'],
      ['fast', "reference/nano's batched forward, sorted by length"],
    ].map(([how, says]) => ({
      name: `PyTorch float32, ${says}, batches of ${batch}`,
      texts: few,
      out: `${how}-${batch}.npy`,
      run: torch(batch, how!, `${how}-${batch}.npy`),
    })),
  ),
  { name: 'ours, `vlm2vec embed`, q8', texts: count, out: 'ours.npy', run: ours('all', 'ours.npy') },
].map((each) => ({ ...each, figures: { wall: [], cpu: [], resident: [], anonymous: [] } }));

try {
  for (let round = 0; round < rounds; round++) {
    for (const { run, figures } of runs) await measured(figures, ...run);
  }
  const torchRuns = runs.slice(1, -1);
  const fastest = (kind: 'wall' | 'cpu') => Math.min(...torchRuns.map(({ figures }) => median(figures[kind])));
  const rows: string[][] = [];
  for (const { name, texts: many, out, figures } of runs) {
    const [wall, cpu] = [median(figures.wall), median(figures.cpu)];
    const share = (value: number, of: number) => (many === few ? `${(value / of).toFixed(2)} ×` : '');
    rows.push([
      name,
      many.toLocaleString('en'),
      seconds(wall),
      Math.round(many / wall).toLocaleString('en'),
      share(wall, fastest('wall')),
      seconds(cpu),
      share(cpu, fastest('cpu')),
      megabytes(Math.max(...figures.resident)),
      megabytes(Math.max(...figures.anonymous)),
      (await leastCosine(out, 'ours.npy')).toFixed(4),
    ]);
  }
  const head = [
    ...['', 'texts', 'time', 'texts/s', 'of the fastest PyTorch', 'CPU', 'of the least PyTorch'],
    ...['peak resident', 'peak anonymous', 'least cosine with ours'],
  ];
  const options = `--count ${count} --few ${few} --rounds ${rounds} --batches ${values.batches}${values.threads ? ` --threads ${values.threads}` : ''}`;
  const text = `## Many texts with nano, beside PyTorch

${machine()}

\`npx tsx bench/embed-many.ts ${options}\`

${table(head, rows)}

Time is the process's, from its start to its end (median of ${rounds}); texts have 4 to 40 words.
`;
  console.log(text);
  if (values.record) appendFileSync(path.join(ROOT, 'bench/RESULTS.md'), `\n${text}`);
} finally {
  await rm(work, { recursive: true });
}

/** Whether both computed the same, for the rows that both have. */
async function leastCosine(first: string, second: string): Promise<number> {
  const [a, b] = [await numbers(first), await numbers(second)];
  const dims = b.length / count;
  let least = 1;
  for (let at = 0; at < Math.min(a.length, b.length); at += dims) {
    let dot = 0;
    for (let i = at; i < at + dims; i++) dot += a[i]! * b[i]!;
    least = Math.min(least, dot);
  }
  return least;
}

async function numbers(file: string): Promise<Float32Array> {
  const handle = await open(path.join(work, file));
  const { size } = await handle.stat();
  const bytes = new Uint8Array(size - HEADER_BYTES);
  await handle.read(bytes, 0, bytes.length, HEADER_BYTES);
  await handle.close();
  return new Float32Array(bytes.buffer);
}
