/**
 * @file A file that grows under a temporary name, can be cut back to what is known to be valid, and gets its name at
 * the end.
 */

import { constants, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { IntegrityError, InvalidInputError } from '../../errors';
import { writeAll, writing } from '../../store/write-errors.node.js';

/** {@link writing}, in a run that can be continued. */
export function writingRun<T>(file: string, work: () => Promise<T>): Promise<T> {
  return writing(file, work, 'run again with --resume: what was already written is kept');
}

/** {@link writing}, in a run that starts again from the beginning. */
export function writingOnce<T>(file: string, work: () => Promise<T>): Promise<T> {
  return writing(file, work, 'run it again');
}

export class PartialFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #writing: typeof writingRun;
  #bytes: number;

  private constructor(file: string, handle: FileHandle, bytes: number, named: typeof writingRun) {
    this.#file = file;
    this.#writing = named;
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /**
   * @param bytes what an earlier run committed, or null to start again
   * @param named gives errors their names; by default, they say that the run can be continued
   * @throws StorageFullError, NotWritableError here and from the methods
   */
  static async open(file: string, bytes: number | null, named = writingRun): Promise<PartialFile> {
    const folder = path.dirname(path.resolve(file));
    if (!(await stat(folder).catch(() => null))?.isDirectory()) {
      throw new InvalidInputError(`There is no folder ${folder} to write ${path.basename(file)} into.`, { file });
    }
    if ((await stat(file).catch(() => null))?.isDirectory()) {
      throw new InvalidInputError(`${file} is a folder; name a file to write.`, { file });
    }
    const partial = partialName(file);
    const flags = constants.O_RDWR | constants.O_CREAT | (bytes === null ? constants.O_TRUNC : 0);
    const handle = await named(partial, () => open(partial, flags));
    const { size } = await handle.stat();
    if (bytes !== null && size < bytes) {
      await handle.close();
      throw new IntegrityError(
        `${partial} has ${size} bytes, but the unfinished run wrote ${bytes}. Start over with --overwrite.`,
      );
    }
    if (bytes !== null) await named(partial, () => handle.truncate(bytes));
    return new PartialFile(file, handle, bytes ?? 0, named);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    await this.#write(bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  /** Overwrites what is there. */
  async rewrite(at: number, bytes: Uint8Array): Promise<void> {
    await this.#write(bytes, at);
  }

  /** Drops everything after that. */
  async truncate(bytes: number): Promise<void> {
    await this.#writing(partialName(this.#file), () => this.#handle.truncate(bytes));
    this.#bytes = bytes;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - start);
    for (let got = 0; got < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, got, bytes.length - got, start + got);
      if (bytesRead === 0) throw new IntegrityError(`${partialName(this.#file)} is shorter than it was a moment ago.`);
      got += bytesRead;
    }
    return bytes;
  }

  async sync(): Promise<void> {
    await this.#writing(partialName(this.#file), () => this.#handle.datasync());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(partialName(this.#file), { force: true });
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    await this.#writing(partialName(this.#file), () => writeAll(this.#handle, bytes, at));
  }
}

export const partialName = (file: string) => `${file}.partial`;

/** Gives a closed file its name; if there is no partial file, that has been done already. */
export async function publishFile(file: string, named = writingRun): Promise<void> {
  const renaming = () =>
    rename(partialName(file), file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  await named(file, renaming);
}
