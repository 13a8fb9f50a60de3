/** @file Bundles by name in a folder (Node): the user's cache, `$XDG_CACHE_HOME/vlm2vec-web` or `~/.cache/vlm2vec-web`. */

import { access, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MANIFEST_PATH } from '../bundle/manifest';
import { folderBundle } from './folder-reader.node.js';
import { folderWriter } from './folder-writer.node.js';
import { JOURNAL_PATH } from './journal';
import type { ModelStore, ModelStoreEntry } from './model-store';
import { lockFile } from './lock-file.node.js';
import { checkName } from './opfs';

const PARTIAL = /^\.(.+)\.partial$/;

export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vlm2vec-web');
}

export function folderStore(root = cacheFolder()): ModelStore {
  const place = (name: string) => {
    checkName(name);
    return { finished: join(root, name), partial: join(root, `.${name}.partial`), lock: join(root, `.${name}.lock`) };
  };
  return {
    kind: 'folder',
    list: async () => {
      const entries: ModelStoreEntry[] = [];
      for (const folder of (await readdir(root).catch(() => [])).sort()) {
        const partial = PARTIAL.exec(folder)?.[1];
        const path = join(root, folder);
        const sign = join(path, partial === undefined ? MANIFEST_PATH : JOURNAL_PATH);
        if (!(await exists(sign))) continue;
        entries.push({ name: partial ?? folder, bytes: await bytesBelow(path), finished: partial === undefined });
      }
      return entries;
    },
    bundle: (name) => folderBundle(place(name).finished),
    unfinished: async (name) => {
      const { partial } = place(name);
      return (await exists(join(partial, JOURNAL_PATH))) ? folderBundle(partial) : null;
    },
    writer: (name, options) => folderWriter(place(name).finished, { ...options, resume: true }),
    delete: async (name) => {
      const { finished, partial, lock } = place(name);
      if (!(await exists(root))) return;
      const unlock = await lockFile(lock, name);
      try {
        for (const path of [finished, partial]) await rm(path, { recursive: true, force: true });
      } finally {
        await unlock();
      }
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await readdir(folder, { recursive: true })) {
    const status = await stat(join(folder, path)).catch(() => null);
    if (status?.isFile()) bytes += status.size;
  }
  return bytes;
}
