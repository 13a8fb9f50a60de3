/**
 * @file Seconds and memory of converting a checkpoint of the official 2B's size (random weights, DoRA adapter).
 * Memory is that of a child process that does nothing else, phase by phase, above what it has after importing
 * everything. CPU time counts all cores, and hardly depends on what else the machine does. The probe runs the finished
 * bundle in ONNX Runtime, so its memory is the runtime's, not the converter's.
 *
 *   npx tsx bench/convert-2b.ts [--size 2b|small] [--dtype q4,q8] [--out .cache/bundles] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { fork } from 'node:child_process';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConvertMessage } from './lib/convert-child';
import { MemoryWatch } from './lib/process-memory';
import { machine, megabytes, seconds, table } from './lib/report';
import { ensureSyntheticCheckpoint, type SizeName } from './synthetic-checkpoint';

interface Run {
  phases: { name: string; seconds: number; cpu: number }[];
  watch: MemoryWatch;
}

function convert(folder: string, out: string, dtype: string): Promise<Run> {
  const child = fork(fileURLToPath(new URL('lib/convert-child.ts', import.meta.url)), [folder, out, dtype]);
  const phases: Run['phases'] = [];
  let watch: MemoryWatch | undefined;
  let began = 0;
  const endPhase = (cpu: number) => {
    const last = phases.at(-1);
    if (last) {
      last.seconds = (performance.now() - began) / 1000;
      last.cpu = cpu - last.cpu;
    }
    began = performance.now();
  };
  return new Promise((resolve, reject) => {
    child.on('message', ({ phase, cpu }: ConvertMessage) => {
      endPhase(cpu);
      if (phase === null) {
        watch!.stop();
        resolve({ phases: phases.slice(1), watch: watch! });
        return;
      }
      phases.push({ name: phase, seconds: 0, cpu });
      if (watch) watch.phase(phase);
      else watch = new MemoryWatch(child.pid!, phase);
      if (phase === 'ready') setTimeout(() => child.send('go'), 200);
    });
    child.on('exit', (code) => reject(new Error(`The conversion ended with code ${code}.`)));
  });
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, status) => sum + (status.isFile() ? status.size : 0), 0);
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2b' },
    dtype: { type: 'string', default: 'q4' },
    out: { type: 'string', default: '.cache/bundles' },
    record: { type: 'boolean', default: false },
  },
});
const size = values.size as SizeName;
const folder = ensureSyntheticCheckpoint(size);
const command = `npx tsx bench/convert-2b.ts --size ${size} --dtype ${values.dtype}`;
const head = `## Conversion, ${size} size\n\n${machine()}\n\n\`${command}\`\n`;
const rows: string[][] = [];
for (const dtype of values.dtype.split(',')) {
  const out = join(values.out, `${size}-${dtype}`);
  const { phases, watch } = await convert(folder, out, dtype);
  const base = watch.peaks.get('ready')!;
  for (const { name, seconds: time, cpu } of phases) {
    const peak = watch.peaks.get(name)!;
    rows.push([
      dtype,
      name,
      seconds(time),
      seconds(cpu),
      megabytes(peak.resident - base.resident),
      megabytes(peak.anonymous - base.anonymous),
    ]);
  }
  const total = (key: 'seconds' | 'cpu') => phases.reduce((sum, phase) => sum + phase[key], 0);
  rows.push([
    dtype,
    `all (${megabytes(folderBytes(out))} written)`,
    seconds(total('seconds')),
    seconds(total('cpu')),
    `base ${megabytes(base.resident)}`,
    '',
  ]);
}
const columns = ['dtype', 'phase', 'time', 'CPU time', 'peak above base, resident', 'own allocations'];
const text = `${head}\n${table(columns, rows)}\n`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
