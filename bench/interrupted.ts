/**
 * @file A conversion to q4 with its second pass that is killed without warning at random moments, and continued each
 * time, beside one that is left alone: the bundles must be the same, byte for byte. The moments are drawn from the time
 * that the undisturbed one takes from its first step to the end of the second pass.
 *
 *   npx tsx bench/interrupted.ts [--model 2b] [--small] [--root .cache] [--kills 10] [--seed 20261129]
 */

import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Step } from './lib/interrupted-child';
import { Random } from './lib/random-weights';
import { machine, seconds, table } from './lib/report';
import { CHECKPOINT_OPTIONS, checkpointOptions, ensureSyntheticCheckpoint, labelOf } from './synthetic-checkpoint';

const { values } = parseArgs({
  options: {
    ...CHECKPOINT_OPTIONS,
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '20261129' },
  },
});
const options = checkpointOptions(values);
const checkpoint = ensureSyntheticCheckpoint(options);
const folder = join(options.root, `interrupted-${labelOf(options)}`);
const random = new Random(Number(values.seed));
/** What is interrupted, in order. */
const PASSES = ['convert', 'calibrate', 'refine'];
/** Milliseconds from a step to the kill, at most: kills come anywhere between steps. */
const MOMENT = 100;

/** How far a conversion is. */
interface Place extends Step {
  /** Milliseconds since its first step. */
  at: number;
}

const rank = ({ phase }: Step) => PASSES.indexOf(phase);
const isReached = (place: Step, step: Step) =>
  rank(step) > rank(place) || (rank(step) === rank(place) && step.progress >= place.progress);

/** @param until where it is killed, a moment later @returns its steps, and whether it ended by itself */
async function convert(name: string, until?: Step): Promise<{ ended: boolean; steps: Place[] }> {
  const places = [checkpoint.base, ...(checkpoint.adapter === null ? [] : [checkpoint.adapter])];
  const child = fork(fileURLToPath(new URL('lib/interrupted-child.ts', import.meta.url)), [
    join(folder, name),
    ...places,
  ]);
  const steps: Place[] = [];
  let began: number | undefined;
  let isDoomed = false;
  child.on('message', (step: Step) => {
    if (rank(step) < 0) return;
    began ??= performance.now();
    steps.push({ ...step, at: performance.now() - began });
    if (!until || isDoomed || !isReached(until, step)) return;
    isDoomed = true;
    setTimeout(() => child.kill('SIGKILL'), random.next() * MOMENT);
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`The conversion ended with code ${code}.`);
  return { ended: signal !== 'SIGKILL', steps };
}

/** Hash of every file of a bundle. */
function hashes(name: string): string {
  const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  return files
    .map((file) => {
      const path = join(file.parentPath, file.name);
      return `${path.slice(join(folder, name).length)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
    })
    .sort()
    .join('\n');
}

rmSync(folder, { recursive: true, force: true });
const { steps } = await convert('whole');
const expected = hashes('whole');
const took = steps.at(-1)!.at;
const moments = Array.from({ length: Number(values.kills) }, () => random.next() * took).sort((a, b) => a - b);
const rows: string[][] = [];
for (const moment of moments) {
  const { ended, steps: before } = await convert(
    'killed',
    steps.find(({ at }) => at >= moment)!,
  );
  if (ended) throw new Error('The conversion ended before it was killed.');
  const last = before.at(-1)!;
  rows.push([seconds(moment / 1000), last.phase, `${last.progress.toFixed(0)} %`]);
}
await convert('killed');
if (hashes('killed') !== expected) throw new Error('The bundle differs from the one that was left alone.');
const count = expected.split('\n').length;
console.log(`${machine()}\n\n${table(['random moment', 'killed in', 'which was done to'], rows)}\n`);
console.log(
  `${rows.length} kills; all ${count} files are those of the undisturbed conversion, whose passes took ${seconds(took / 1000)}.`,
);
rmSync(folder, { recursive: true });
