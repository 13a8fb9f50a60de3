/**
 * @file Converts one checkpoint in a separate process, so that its memory can be watched from outside. Prints `ready`
 * once everything is imported, waits for `go`, names each phase as it begins, and ends with `done`.
 */

import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Effort, WeightDtype } from '../../src/bundle/manifest';
import type { OnProgress } from '../../src/bundle/progress';
import { folderTree } from '../../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../../src/convert';
import { computeProbe, takeMoments } from '../../src/runtime';
import { folderWriter } from '../../src/store/folder.node.js';
import { cpuSeconds } from './report';

/** `cpu`: seconds of all cores used so far. Without a phase the conversion has ended. */
export interface ConvertMessage {
  phase: string | null;
  cpu: number;
}

const [out, dtype, effort, base, adapter] = process.argv.slice(2) as [
  string,
  WeightDtype,
  Effort,
  string,
  string | undefined,
];
const send = (phase: string | null) => process.send!({ phase, cpu: cpuSeconds() } satisfies ConvertMessage);

globalThis.gc?.();
await setTimeout(300);
send('ready');
await once(process, 'message');

let phase = 'open';
send(phase);
const checkpoint = await openCheckpoint(
  adapter === undefined
    ? { checkpoint: await folderTree(base) }
    : { checkpoint: await folderTree(adapter), base: await folderTree(base) },
);
const onProgress: OnProgress = (event) => {
  if (event.phase === phase) return;
  phase = event.phase;
  send(phase);
};
await convertCheckpoint({
  checkpoint,
  writer: await folderWriter(out),
  dtype,
  ...(effort === 'best' && { takeMoments: (reader, first) => takeMoments(reader, first, { onProgress }) }),
  computeProbe,
  onProgress,
});
send(null);
process.disconnect();
