/** @file Conversions of checkpoints that differ from a fixture on purpose. For tests of what is refused. */

import type { FileTree } from '../checkpoint/types';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { memoryBundle } from '../store/memory';

type Json = Record<string, unknown>;

/** A copy with values set at dotted paths; `undefined` takes the key away. */
export function changedAt(json: Json, changes: Json): Json {
  const copy = structuredClone(json);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce((at, key) => at[key] as Json, copy);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}

/** Converts to q4, noting every file that is begun. `problem`: what it was refused with, else null. */
export async function watchedConversion(tree: FileTree): Promise<{ begun: string[]; problem: Error | null }> {
  const begun: string[] = [];
  const { writer } = memoryBundle();
  const watched = {
    ...writer,
    create: (path: string) => (begun.push(path), writer.create(path)),
    reopen: (path: string, bytes: number) => (begun.push(path), writer.reopen(path, bytes)),
  };
  const problem = await openCheckpoint({ checkpoint: tree })
    .then((checkpoint) => convertCheckpoint({ checkpoint, writer: watched, dtype: 'q4' }))
    .then(
      () => null,
      (error: unknown) => error as Error,
    );
  return { begun, problem };
}
