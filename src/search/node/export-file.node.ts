/** @file Writes an index to one file on disk, with only a small part in memory at a time. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { writing } from '../../store/write-errors.node.js';
import { CHUNK_BYTES } from '../library/archive';
import { exportParts } from '../library/export';
import type { Library } from '../library/library';
import { DiskBlob } from './disk-file.node.js';

/**
 * Writes the file beside its final place and renames it. Sections are first gathered in another file, since their
 * hashes precede them.
 * @throws StorageFullError, NotWritableError; the signal's reason. Nothing is left behind then, and whatever was at `path` is unchanged
 */
export async function exportToFile(library: Library, path: string, signal?: AbortSignal): Promise<void> {
  const [whole, gathered] = [`${path}.partial`, `${path}.sections`];
  try {
    await writing(path, async () => {
      const parts = joined(await gather(library, gathered, signal));
      const file = await open(whole, 'w');
      try {
        for (const part of parts) {
          for (let at = 0; at < part.size; at += CHUNK_BYTES) {
            signal?.throwIfAborted();
            await file.writeFile(new Uint8Array(await part.slice(at, at + CHUNK_BYTES).arrayBuffer()));
          }
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(whole, path);
    });
  } finally {
    // The first error is the one that matters.
    for (const each of [whole, gathered]) await rm(each, { force: true }).catch(() => undefined);
  }
}

async function gather(library: Library, path: string, signal?: AbortSignal): Promise<Blob[]> {
  const file = openSync(path, 'w');
  let end = 0;
  try {
    return await exportParts(library, {
      signal,
      keep: (bytes) => {
        const from = end;
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, from + done);
        end += bytes.length;
        return new DiskBlob(path, from, end);
      },
    });
  } finally {
    closeSync(file);
  }
}

/** Parts that follow each other in one file become one: since a library has a part for each thumbnail. */
function joined(parts: readonly Blob[]): Blob[] {
  const runs: Blob[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    const both = last instanceof DiskBlob ? last.joined(part) : null;
    if (both) runs[runs.length - 1] = both;
    else runs.push(part);
  }
  return runs;
}
