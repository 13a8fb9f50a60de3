/**
 * @file A conversion to q4 with its second pass that is killed without warning at random moments, and continued each
 * time, beside one that is left alone: the bundles must be the same, byte for byte. The moments are those of an even
 * spread over the time that the undisturbed one took; a bundle that is finished before all have come is compared, and
 * the next one begun.
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

/** @param killAfter milliseconds after the checkpoint is open @returns what it was doing, or null if it ended first */
async function convert(name: string, killAfter = Infinity): Promise<{ killedIn: string | null; took: number }> {
  const places = [checkpoint.base, ...(checkpoint.adapter === null ? [] : [checkpoint.adapter])];
  const child = fork(fileURLToPath(new URL('lib/interrupted-child.ts', import.meta.url)), [
    join(folder, name),
    ...places,
  ]);
  let last = '';
  let began = performance.now();
  child.on('message', (message: string) => {
    last = message.split(' ')[0]!;
    if (message !== 'open done') return;
    began = performance.now();
    if (killAfter < Infinity) setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  const took = performance.now() - began;
  if (signal === 'SIGKILL') return { killedIn: last, took };
  if (code !== 0) throw new Error(`The conversion ended with code ${code} in ${last}.`);
  return { killedIn: null, took };
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
const { took } = await convert('whole');
const expected = hashes('whole');
const kills = Number(values.kills);
const rows: string[][] = [];
let bundles = 0;
for (let left = kills; left > 0; bundles++) {
  const name = `killed-${bundles}`;
  for (let ended = false; !ended;) {
    const after = left > 0 ? (random.next() * 2 * took) / (kills + 1) : Infinity;
    const { killedIn } = await convert(name, after);
    ended = killedIn === null;
    if (killedIn === null) continue;
    left--;
    rows.push([`${bundles + 1}`, seconds(after / 1000), killedIn]);
  }
  if (hashes(name) !== expected) throw new Error(`${name} differs from the bundle that was left alone.`);
  rmSync(join(folder, name), { recursive: true });
}
const count = expected.split('\n').length;
console.log(`${machine()}\n\n${table(['bundle', 'killed after', 'in'], rows)}\n`);
console.log(
  `${kills} kills over ${bundles} conversion(s) of ${seconds(took / 1000)} s; all ${count} files as without them.`,
);
rmSync(folder, { recursive: true });
