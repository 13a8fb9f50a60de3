/** @file Takes the moments of one bundle in a process of its own, so that its memory can be watched: see `bench/calibrate.ts`. */

import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { takeMoments } from '../../src/runtime';
import { readManifest } from '../../src/store';
import { folderBundle } from '../../src/store/folder.node.js';
import type { ConvertMessage } from './convert-child';
import { cpuSeconds } from './report';

const [folder, most] = process.argv.slice(2) as [string, string];
const reader = folderBundle(folder);
const manifest = await readManifest(reader);
const send = (phase: string | null) => process.send!({ phase, cpu: cpuSeconds() } satisfies ConvertMessage);

globalThis.gc?.();
await setTimeout(300);
send('ready');
await once(process, 'message');
let parts = 0;
send('up to the first');
for await (const moments of takeMoments(reader, manifest)) {
  if (++parts >= Number(most)) break;
  send(moments[0]?.weights[0] ?? `part ${parts}`);
}
send(null);
process.disconnect();
