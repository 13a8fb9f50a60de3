/** @file Begins or continues one conversion in a process of its own, which can be killed: see `bench/interrupted.ts`. */

import type { OnProgress } from '../../src/bundle/progress';
import { folderTree } from '../../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../../src/convert';
import { computeProbe, takeMoments } from '../../src/runtime';
import { folderWriter } from '../../src/store/folder.node.js';

const [out, base, adapter] = process.argv.slice(2) as [string, string, string | undefined];
/** Sent as they come. `progress`: per cent of the phase. */
export interface Step {
  phase: string;
  progress: number;
}

const send = (step: Step) => process.send!(step);
const onProgress: OnProgress = ({ phase, progress = 0 }) => send({ phase, progress });
const checkpoint = await openCheckpoint(
  adapter === undefined
    ? { checkpoint: await folderTree(base) }
    : { checkpoint: await folderTree(adapter), base: await folderTree(base) },
);
await convertCheckpoint({
  checkpoint,
  writer: await folderWriter(out, { resume: true }),
  dtype: 'q4',
  takeMoments: (reader, first) => takeMoments(reader, first, { onProgress }),
  computeProbe,
  onProgress,
});
process.disconnect();
