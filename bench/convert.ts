/**
 * @file Seconds and memory of converting a checkpoint of official size (random weights), and its bundle's bytes beside
 * those estimated beforehand. Memory is that of a child process that does nothing else, phase by phase, above what it
 * has after importing everything. CPU time counts all cores, and hardly depends on what else the machine does. The
 * probe runs the finished bundle in ONNX Runtime, so its memory is the runtime's, not the converter's.
 *
 *   npx tsx bench/convert.ts [--model 2b|7b|qwen3|qwen3-8b|qwen3-8b-short|llava|phi|phi-lora|siglip|siglip-so400m] [--small] [--root .cache] [--dtype q4,q8]
 *                            [--out .cache/bundles] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { fork } from 'node:child_process';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { WeightDtype } from '../src/bundle/manifest';
import { plannedStorage } from '../src/convert';
import type { ConvertMessage } from './lib/convert-child';
import { MemoryWatch } from './lib/process-memory';
import { machine, megabytes, seconds, table } from './lib/report';
import {
  CHECKPOINT_OPTIONS,
  checkpointOptions,
  configOfRow,
  ensureSyntheticCheckpoint,
  labelOf,
  type SyntheticCheckpoint,
} from './synthetic-checkpoint';

interface Run {
  phases: { name: string; seconds: number; cpu: number }[];
  watch: MemoryWatch;
}

function convert({ base, adapter }: SyntheticCheckpoint, out: string, dtype: string, effort: string): Promise<Run> {
  const places = adapter === null ? [base] : [base, adapter];
  const child = fork(fileURLToPath(new URL('lib/convert-child.ts', import.meta.url)), [out, dtype, effort, ...places]);
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
    ...CHECKPOINT_OPTIONS,
    dtype: { type: 'string', default: 'q4' },
    effort: { type: 'string', default: 'fast' },
    out: { type: 'string', default: '.cache/bundles' },
    record: { type: 'boolean', default: false },
  },
});
const options = checkpointOptions(values);
const label = labelOf(options);
const checkpoint = ensureSyntheticCheckpoint(options);
const small = options.small ? ' --small' : '';
const command = `npx tsx bench/convert.ts --model ${options.model}${small} --dtype ${values.dtype}${values.effort === 'best' ? ' --effort best' : ''}`;
const head = `## Conversion, ${label} size\n\n${machine()}\n\n\`${command}\`\n`;
const config = configOfRow(options.model, options.small ? 'small' : 'official');
const rows: string[][] = [];
for (const dtype of values.dtype.split(',')) {
  const out = join(values.out, `${label}-${dtype}`);
  const { phases, watch } = await convert(checkpoint, out, dtype, values.effort);
  const written = folderBytes(out);
  const told = plannedStorage(config, dtype as WeightDtype).store;
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
    `all (${megabytes(written)} written; ${megabytes(told)} of weights told before)`,
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
