/** @file Begins or continues one conversion in a process of its own, which can be killed: see `bench/interrupted.ts`. */

import { folderTree } from '../../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../../src/convert';
import { computeProbe, takeMoments } from '../../src/runtime';
import { folderWriter } from '../../src/store/folder.node.js';

const [out, base, adapter] = process.argv.slice(2) as [string, string, string | undefined];
const onProgress = ({ phase, status }: { phase: string; status: string }) => process.send!(`${phase} ${status}`);
const checkpoint = await openCheckpoint(
  adapter === undefined
    ? { checkpoint: await folderTree(base) }
    : { checkpoint: await folderTree(adapter), base: await folderTree(base) },
);
process.send!('open done');
await convertCheckpoint({
  checkpoint,
  writer: await folderWriter(out, { resume: true }),
  dtype: 'q4',
  takeMoments: (reader, first) => takeMoments(reader, first, { onProgress }),
  computeProbe,
  onProgress,
});
process.disconnect();
