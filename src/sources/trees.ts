/** @file Checkpoints as trees of files, and what tells one from another. */

import { blobTree, hubTree, type FileTree } from '../checkpoint/index';
import { UnsupportedError } from '../errors';
import type { SourceSpec } from './spec';

export interface TreeOptions {
  hubUrl?: string;
  accessToken?: string;
  wholeBytes?: number;
  blockBytes?: number;
  retryDelay?: number;
  signal?: AbortSignal;
}

/** @param revision in place of the one that the source names */
export async function checkpointTree(
  spec: SourceSpec,
  options: TreeOptions,
  revision?: string | null,
): Promise<FileTree> {
  switch (spec.kind) {
    case 'hub': {
      const { hubUrl, accessToken, wholeBytes, blockBytes, retryDelay, signal } = options;
      const access = { hubUrl, accessToken, wholeBytes, blockBytes, retryDelay, signal };
      return hubTree({ repo: spec.repo, revision: revision ?? spec.revision, ...access });
    }
    case 'files':
      return blobTree(spec.files, spec.label);
    case 'directory':
      return blobTree(await filesBelow(spec.handle), spec.handle.name);
    case 'folder': {
      const { folderTree } = await import('../checkpoint/folder.node.js');
      return folderTree(spec.path);
    }
    case 'url':
    case 'stored':
      throw new UnsupportedError(`A ${spec.kind === 'url' ? 'URL' : 'stored bundle'} cannot be read as a checkpoint.`);
  }
}

/** Names, lengths and versions of a checkpoint's files: a changed checkpoint is converted again. */
export async function fingerprint(tree: FileTree, signal?: AbortSignal): Promise<unknown> {
  const files = await Promise.all(
    (await tree.list()).map(async (path) => {
      const { size, version } = await tree.open(path, signal);
      return [path, size, version ?? null];
    }),
  );
  return [tree.revision, files];
}

export async function filesBelow(
  folder: FileSystemDirectoryHandle,
  prefix = '',
): Promise<{ path: string; blob: Blob }[]> {
  const found: { path: string; blob: Blob }[] = [];
  for await (const entry of folder.values()) {
    const path = prefix + entry.name;
    if (entry.kind === 'file') found.push({ path, blob: await (entry as FileSystemFileHandle).getFile() });
    else found.push(...(await filesBelow(entry as FileSystemDirectoryHandle, `${path}/`)));
  }
  return found;
}
