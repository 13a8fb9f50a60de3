/** @file `File`s and `Blob`s as a {@link FileTree}: an upload, a drop, or a picked folder. */

import { CheckpointFormatError, SourceNotFoundError } from '../errors';
import { isInnerPath } from './paths';
import { quote } from './quote';
import type { ByteSource, FileTree } from './types';

/**
 * A tree of files that the caller holds. Where all paths lie in one folder, as those of a picked directory do
 * (`webkitRelativePath`), paths are relative to that folder.
 */
export function blobTree(files: readonly { path: string; blob: Blob }[], label: string): FileTree {
  const blobs = new Map<string, Blob>();
  const top = commonFolder(files.map(({ path }) => path));
  for (const { path, blob } of files) {
    const inner = path.slice(top.length);
    if (!isInnerPath(inner)) throw new SourceNotFoundError(`${label}: ${quote(path)} is not a plain relative path`);
    if (blobs.has(inner)) throw new SourceNotFoundError(`${label}: ${quote(inner)} is given twice`);
    blobs.set(inner, blob);
  }
  return {
    label,
    revision: null,
    list: () => Promise.resolve([...blobs.keys()].sort()),
    open: async (path, signal) => {
      signal?.throwIfAborted();
      const blob = blobs.get(path);
      if (!blob) throw new SourceNotFoundError(`${label}: ${quote(path)} is not among the files`, { path });
      return new BlobSource(`${label}/${path}`, blob);
    },
  };
}

/** `name/` if every path starts with it, else an empty string. */
function commonFolder(paths: readonly string[]): string {
  const first = paths[0] ?? '';
  const folder = first.slice(0, first.indexOf('/') + 1);
  return folder !== '' && paths.every((path) => path.startsWith(folder)) ? folder : '';
}

class BlobSource implements ByteSource {
  readonly size: number;
  /** When a `File` was last changed. */
  readonly version?: string;
  readonly #blob: Blob;

  constructor(
    readonly name: string,
    blob: Blob,
  ) {
    this.size = blob.size;
    if ('lastModified' in blob) this.version = String(blob.lastModified);
    this.#blob = blob;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (!(start >= 0 && start <= end && end <= this.size)) {
      throw new CheckpointFormatError(`${this.name}: bytes ${start}…${end} of ${this.size} were requested`);
    }
    // A File on disk that was changed or removed since it was picked rejects with NotReadableError.
    const buffer = await this.#blob
      .slice(start, end)
      .arrayBuffer()
      .catch((cause: unknown) => {
        throw new SourceNotFoundError(`${this.name}: can no longer be read`, {}, { cause });
      });
    signal?.throwIfAborted();
    if (buffer.byteLength !== end - start) throw new CheckpointFormatError(`${this.name}: ends before byte ${end}`);
    return new Uint8Array(buffer);
  }
}
