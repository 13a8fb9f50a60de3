/**
 * @file Memory and CPU time of the measuring half of a second pass (`effort: 'best'`) alone, on a bundle that
 * `bench/convert.ts` has written: the peak above what the process has after importing everything, part by part.
 *
 *   npx tsx bench/calibrate.ts FOLDER [--parts 40]
 */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConvertMessage } from './lib/convert-child';
import { MemoryWatch } from './lib/process-memory';
import { machine, megabytes, table } from './lib/report';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { parts: { type: 'string', default: 'Infinity' } },
});
const child = fork(fileURLToPath(new URL('lib/calibrate-child.ts', import.meta.url)), [positionals[0]!, values.parts]);
let watch: MemoryWatch | undefined;
let began = 0;
child.on('message', ({ phase, cpu }: ConvertMessage) => {
  if (phase === null) {
    watch!.stop();
    const base = watch!.peaks.get('ready')!;
    const peaks = [...watch!.peaks].filter(([name]) => name !== 'ready');
    const above = (key: 'resident' | 'anonymous') => (peak: (typeof peaks)[number]) => peak[1][key] - base[key];
    const most = (key: 'resident' | 'anonymous') => megabytes(Math.max(...peaks.map(above(key))));
    const rows = peaks.map((peak) => [
      peak[0],
      megabytes(above('resident')(peak)),
      megabytes(above('anonymous')(peak)),
    ]);
    rows.push(['all', most('resident'), most('anonymous')]);
    console.log(`${machine()}\n\n${table(['after the moments of', 'peak above base', 'own allocations'], rows)}`);
    console.log(`\n${(cpu - began).toFixed(1)} s of CPU time.`);
    return;
  }
  if (phase === 'up to the first') began = cpu;
  if (watch) return watch.phase(phase);
  watch = new MemoryWatch(child.pid!, phase);
  setTimeout(() => child.send('go'), 200);
});
