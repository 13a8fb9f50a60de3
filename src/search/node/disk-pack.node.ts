/** @file The append-only files of an index on disk: thumbnails in one, vectors in two (`vectors/split-image.ts`). */

import { open, type FileHandle } from 'node:fs/promises';
import { SourceNotFoundError } from '../../errors';
import { writeAll, writingKept } from '../../store/write-errors.node.js';
import { closedOnError, type PackReader, type PackWriter } from '../library/storage';
import { coarseAt, fineAt, imageBytes, joinImage, splitImage } from '../vectors';

class DiskPack implements PackWriter {
  readonly #handle: FileHandle;
  readonly #path: string;
  #end: number;

  constructor(handle: FileHandle, path: string, end: number) {
    this.#handle = handle;
    this.#path = path;
    this.#end = end;
  }

  get end(): number {
    return this.#end;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const into = new Uint8Array(bytes);
    for (let done = 0; done < bytes;) {
      const { bytesRead } = await this.#handle.read(into, done, bytes - done, at + done);
      if (bytesRead === 0) throw notThere(this.#path);
      done += bytesRead;
    }
    return into;
  }

  async append(bytes: Uint8Array): Promise<number> {
    const at = this.#end;
    await writingKept(this.#path, () => writeAll(this.#handle, bytes, at));
    this.#end = at + bytes.length;
    return at;
  }

  flush(): Promise<void> {
    return writingKept(this.#path, () => this.#handle.datasync());
  }

  async truncate(end: number): Promise<void> {
    if (end >= this.#end) return;
    await writingKept(this.#path, () => this.#handle.truncate(end));
    this.#end = end;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Positions refer to the whole image. */
class SplitPack implements PackWriter {
  readonly #coarse: DiskPack;
  readonly #fine: DiskPack;
  readonly #dims: number;
  #end: number;

  constructor(dims: number, coarse: DiskPack, fine: DiskPack) {
    this.#dims = dims;
    this.#coarse = coarse;
    this.#fine = fine;
    this.#end = imageBytes(dims, coarse.end, fine.end);
  }

  get end(): number {
    return this.#end;
  }

  async size(): Promise<number> {
    return imageBytes(this.#dims, await this.#coarse.size(), await this.#fine.size());
  }

  async read(at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const [dims, end] = [this.#dims, at + bytes];
    const [coarse, fine] = await Promise.all([
      this.#coarse.read(coarseAt(dims, at), coarseAt(dims, end) - coarseAt(dims, at)),
      this.#fine.read(fineAt(dims, at), fineAt(dims, end) - fineAt(dims, at)),
    ]);
    return joinImage(dims, at, { coarse, fine });
  }

  async append(bytes: Uint8Array): Promise<number> {
    const at = this.#end;
    const { coarse, fine } = splitImage(this.#dims, at, bytes);
    // Bytes that a crash left in one of them, but not in the other.
    await this.#cut(at);
    try {
      await this.#coarse.append(coarse);
      await this.#fine.append(fine);
    } catch (error) {
      await this.#cut(at).catch(() => undefined);
      throw error;
    }
    this.#end = at + bytes.length;
    return at;
  }

  async flush(): Promise<void> {
    await this.#coarse.flush();
    await this.#fine.flush();
  }

  async truncate(end: number): Promise<void> {
    if (end >= this.#end) return;
    await this.#cut(end);
    this.#end = end;
  }

  async close(): Promise<void> {
    await this.#coarse.close();
    await this.#fine.close();
  }

  async #cut(at: number): Promise<void> {
    await this.#coarse.truncate(coarseAt(this.#dims, at));
    await this.#fine.truncate(fineAt(this.#dims, at));
  }
}

/** @throws SourceNotFoundError if it does not exist */
export async function openPackReader(path: string): Promise<PackReader> {
  return openPack(path, 'r');
}

export async function openSplitReader(dims: number, coarse: string, fine: string): Promise<PackReader> {
  return openSplit(dims, [coarse, fine], 'r');
}

/** Creates it if it does not exist. */
export async function openPackWriter(path: string): Promise<PackWriter> {
  return openPack(path, 'r+');
}

export async function openSplitWriter(dims: number, coarse: string, fine: string): Promise<PackWriter> {
  return openSplit(dims, [coarse, fine], 'r+');
}

async function openSplit(dims: number, [coarse, fine]: [string, string], flags: 'r' | 'r+'): Promise<SplitPack> {
  const first = await openPack(coarse, flags);
  return closedOnError(first, async () => new SplitPack(dims, first, await openPack(fine, flags)));
}

async function openPack(path: string, flags: 'r' | 'r+'): Promise<DiskPack> {
  const opening = () =>
    open(path, flags).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      if (flags === 'r') throw notThere(path, cause);
      return open(path, 'w+');
    });
  const handle = await (flags === 'r' ? opening() : writingKept(path, opening));
  return new DiskPack(handle, path, (await handle.stat()).size);
}

function notThere(path: string, cause?: unknown): SourceNotFoundError {
  return new SourceNotFoundError(
    `${path} is not there, or shorter than the index says: the index is damaged. Run vlm2vec index again: whatever is missing ` +
      'is computed again.',
    { path },
    { cause },
  );
}
