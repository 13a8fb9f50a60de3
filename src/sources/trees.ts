/** @file Checkpoints as trees of files, and what tells one from another. */

import { blobTree, hubTree, type FileTree, type OpenCheckpointOptions } from '../checkpoint/index';
import { UnsupportedError } from '../errors';
import type { SourceSpec } from './spec';
import type { OpenOptions } from './types';

type TreeOptions = Pick<OpenOptions, 'hubUrl' | 'accessToken' | 'wholeBytes' | 'blockBytes' | 'retryDelay' | 'signal'>;

/**
 * The trees that a checkpoint may be made of; the base that an adapter names is opened when it is asked for.
 * @param known.tree of `spec`, where it is opened already
 * @param known.commitOf a commit of a repository to read, in place of the one that the source names
 */
export async function checkpointParts(
  spec: SourceSpec,
  options: OpenOptions,
  known: { tree?: FileTree; commitOf?: (repo: string) => string | null } = {},
): Promise<OpenCheckpointOptions> {
  const { base, adapter, signal } = options;
  const open = (part: SourceSpec) =>
    checkpointTree(part, options, part.kind === 'hub' ? known.commitOf?.(part.repo) : null);
  return {
    checkpoint: known.tree ?? (await open(spec)),
    base: base && (await open(base)),
    adapter: adapter && (await open(adapter)),
    resolve: (repo, revision) => open({ kind: 'hub', repo, ...(revision ? { revision } : {}) }),
    signal,
  };
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
