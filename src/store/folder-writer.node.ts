/**
 * @file Writing bundles into folders (Node): into a temporary sibling, renamed when complete. A resumable writer
 * uses one fixed sibling and a lock file beside it with its process id.
 */

import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isPlainPath } from '../bundle/paths';
import type { BundleWriter, FileWriter } from '../bundle/storage';
import { VLM2VecError } from '../errors';
import { bundlePlace, folderBundle, refuseForeignFolder, removeEmpty, syncFolder } from './folder-reader.node.js';
import { FileJournal, JOURNAL_PATH, type JournalFile } from './journal';
import { previousName, temporaryName, tidyUp } from './left-behind.node.js';
import { lockFile } from './lock-file.node.js';
import type { WaitOptions } from './locks';
import { makeFolder, openToWrite, writeAll, writing, writingKept } from './write-errors.node.js';

export interface FolderWriterOptions extends WaitOptions {
  /** Carry on where an interrupted writer of this folder stopped. */
  resume?: boolean;
}

/**
 * Writes a bundle that will be the folder `out`. Missing parent folders are created.
 * @throws InvalidInputError if `out` exists and is neither empty nor purely a bundle, or, with `resume`, if another
 * process is writing it
 * @throws StorageFullError, NotWritableError here and from the writer's methods
 */
export async function folderWriter(out: string, options: FolderWriterOptions = {}): Promise<BundleWriter> {
  const target = await bundlePlace(out);
  if (!options.resume) await tidyUp(target);
  // Folders of the model store, which can be resumed, are ours whatever they contain.
  const isOurs = options.resume ?? false;
  if (!isOurs) await refuseForeignFolder(target, out);
  const parent = dirname(target);
  const madeParent = (await makeFolder(parent)) ?? null;
  const hidden = join(parent, `.${basename(target)}`);
  let unlock = async () => {};
  try {
    if (options.resume) unlock = await lockFile(`${hidden}.lock`, out, options);
    const temporary = options.resume ? `${hidden}.partial` : temporaryName(target);
    await writing(out, () => mkdir(temporary, { recursive: options.resume ?? false }));
    return await FolderWriter.open(
      { out, target, isOurs, parent, madeParent, temporary, unlock },
      options.resume ?? false,
    );
  } catch (error) {
    await unlock();
    if (madeParent) await removeEmpty(parent, dirname(madeParent));
    throw error;
  }
}

interface Place {
  out: string;
  target: string;
  /** True if whatever is there may be replaced. */
  isOurs: boolean;
  parent: string;
  /** The topmost folder that had to be created for `parent`. */
  madeParent: string | null;
  temporary: string;
  unlock: () => Promise<void>;
}

class FolderWriter implements BundleWriter {
  readonly journal: FileJournal | null;
  readonly #place: Place;
  readonly #open: Set<JournalFile>;
  readonly #created = new Set<string>();
  #finished = false;

  private constructor(place: Place, journal: FileJournal | null, files: Set<JournalFile>) {
    this.#place = place;
    this.journal = journal;
    this.#open = files;
  }

  static async open(place: Place, resume: boolean): Promise<FolderWriter> {
    const files = new Set<JournalFile>();
    if (!resume) return new FolderWriter(place, null, files);
    const path = join(place.temporary, JOURNAL_PATH);
    const before = await readFile(path).catch(() => Buffer.alloc(0));
    const journal = new FileJournal(
      await openedFile(path, join(place.out, JOURNAL_PATH), true),
      new Uint8Array(before),
      async () => {
        for (const file of files) await file.flush();
      },
    );
    return new FolderWriter(place, journal, files);
  }

  async create(path: string): Promise<FileWriter> {
    if (this.#created.has(path)) throw new VLM2VecError(`Cannot create ${path} in ${this.#place.out}.`, { path });
    const file = await this.#openFile(path);
    this.#created.add(path);
    await file.truncate(0);
    return file;
  }

  async reopen(path: string, bytes: number): Promise<FileWriter> {
    const file = await this.#openFile(path);
    await file.truncate(bytes);
    return file;
  }

  async #openFile(path: string): Promise<JournalFile> {
    if (!isPlainPath(path)) throw new VLM2VecError(`Cannot create ${path} in ${this.#place.out}.`, { path });
    const absolute = join(this.#place.temporary, path);
    const shown = join(this.#place.out, path);
    await writing(shown, () => mkdir(dirname(absolute), { recursive: true }));
    const file = await openedFile(absolute, shown, this.journal !== null);
    const tracked: JournalFile = {
      ...file,
      close: async () => {
        this.#open.delete(tracked);
        await file.close();
      },
    };
    this.#open.add(tracked);
    return tracked;
  }

  async remove(path: string): Promise<void> {
    if (!isPlainPath(path)) throw new VLM2VecError(`Cannot delete ${path} in ${this.#place.out}.`, { path });
    this.#created.delete(path);
    await writing(join(this.#place.out, path), () => rm(join(this.#place.temporary, path), { force: true }));
  }

  reader() {
    return folderBundle(this.#place.temporary);
  }

  async publish(): Promise<void> {
    const { out, target, isOurs, parent, temporary, unlock } = this.#place;
    if (!isOurs) await refuseForeignFolder(target, out);
    await this.#closeAll();
    const previous = previousName(temporary);
    // Resumable writers share one name: a crash may have left an older bundle there, which must not be in the way.
    if (await lstat(target).catch(() => null)) await rm(previous, { recursive: true, force: true });
    const replaced = await rename(target, previous).then(
      () => true,
      () => false, // there was none
    );
    try {
      // Check once more, now that nobody can add anything to it.
      if (replaced && !isOurs) await refuseForeignFolder(previous, out);
      await writing(out, () => rename(temporary, target));
    } catch (error) {
      if (replaced) await rename(previous, target);
      throw error;
    }
    this.#finished = true;
    await rm(join(target, JOURNAL_PATH), { force: true });
    await syncFolder(parent);
    await rm(previous, { recursive: true, force: true });
    await unlock();
  }

  async abort(): Promise<void> {
    if (this.#finished) return;
    const { parent, madeParent, temporary, unlock } = this.#place;
    this.#finished = true;
    await this.#closeAll();
    await rm(temporary, { recursive: true, force: true });
    await unlock();
    if (madeParent) await removeEmpty(parent, dirname(madeParent));
  }

  async pause(): Promise<void> {
    if (!this.journal) return this.abort();
    if (this.#finished) return;
    this.#finished = true;
    await this.#closeAll();
    await this.#place.unlock();
  }

  async #closeAll(): Promise<void> {
    for (const file of [...this.#open]) await file.close().catch(() => undefined);
    await this.journal?.close().catch(() => undefined);
  }
}

/**
 * @param shown its name for messages
 * @param isKept whether what was written survives a failure
 */
async function openedFile(path: string, shown: string, isKept: boolean): Promise<JournalFile> {
  const named = <T>(work: () => Promise<T>) => (isKept ? writingKept(shown, work) : writing(shown, work));
  const handle = await named(() => openToWrite(path));
  let next = 0;
  return {
    write: (bytes, position = next) =>
      named(async () => {
        await writeAll(handle, bytes, position);
        next = position + bytes.length;
      }),
    truncate: (length) => named(() => handle.truncate(length)),
    flush: () => named(() => handle.datasync()),
    close: () =>
      named(async () => {
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      }),
  };
}
