/**
 * @file Writing a bundle into the origin-private file system, from the start or from where an interrupted writer
 * stopped.
 */

import { isPlainPath } from '../bundle/paths';
import type { BundleWriter, FileWriter } from '../bundle/storage';
import { VLM2VecError } from '../errors';
import { FileJournal, JOURNAL_PATH } from './journal';
import { lockName, type WaitOptions } from './locks';
import { checkName, currentFolder, folderReader, removeFolders, unfinishedFolder, writePointer } from './opfs';
import {
  createFile,
  fileHandle,
  hasHandles,
  openHandle,
  openRoot,
  openStream,
  readIfThere,
  removeEntry,
  type HandleFile,
} from './opfs-files';

export interface OpfsWriterOptions extends WaitOptions {
  /**
   * Continue where an interrupted writer of this name stopped. Only in workers, since pages cannot write files in
   * place:
   * in a page, the writer has no journal and starts again.
   */
  resume?: boolean;
}

/**
 * Writes the bundle `name`; in a worker through sync access handles, elsewhere through writable streams.
 * @throws InvalidInputError if another tab is writing it, unless `wait`
 * @throws StorageFullError from its methods, when the quota is used up
 */
export async function opfsWriter(name: string, options: OpfsWriterOptions = {}): Promise<BundleWriter> {
  checkName(name);
  const unlock = await lockName(name, options);
  try {
    const root = await openRoot();
    const current = await currentFolder(root, name);
    const before = options.resume ? await unfinishedFolder(root, name) : null;
    await removeFolders(root, name, [current, before?.name ?? null]);
    const folder = before ?? (await root.getDirectoryHandle(`${name}~${crypto.randomUUID()}`, { create: true }));
    return await OpfsWriter.open({ root, name, folder, unlock, resume: options.resume ?? false });
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Place {
  root: FileSystemDirectoryHandle;
  name: string;
  folder: FileSystemDirectoryHandle;
  unlock: () => void;
  resume: boolean;
}

class OpfsWriter implements BundleWriter {
  readonly journal: FileJournal | null;
  readonly #place: Place;
  readonly #open: Set<FileWriter>;
  readonly #handles: Set<HandleFile>;
  readonly #created = new Set<string>();
  #finished = false;

  private constructor(place: Place, journal: FileJournal | null, handles: Set<HandleFile>) {
    this.#place = place;
    this.journal = journal;
    this.#handles = handles;
    this.#open = new Set();
  }

  static async open(place: Place): Promise<OpfsWriter> {
    const handles = new Set<HandleFile>();
    let journal: FileJournal | null = null;
    if (place.resume) {
      const handle = await place.folder.getFileHandle(JOURNAL_PATH, { create: true });
      if (hasHandles(handle)) {
        const before = (await readIfThere(place.folder, JOURNAL_PATH)) ?? new Uint8Array(0);
        journal = new FileJournal(await openHandle(handle), before, async () => {
          for (const file of handles) await file.flush();
        });
      } else {
        await removeEntry(place.folder, JOURNAL_PATH);
      }
    }
    return new OpfsWriter(place, journal, handles);
  }

  async create(path: string): Promise<FileWriter> {
    if (!isPlainPath(path) || this.#created.has(path)) throw new VLM2VecError(`Cannot create ${path}.`, { path });
    this.#created.add(path);
    return this.#track(await createFile(await fileHandle(this.#place.folder, path, true)));
  }

  async reopen(path: string, bytes: number): Promise<FileWriter> {
    if (!isPlainPath(path)) throw new VLM2VecError(`Cannot write ${path}.`, { path });
    const handle = await fileHandle(this.#place.folder, path, true);
    if (!hasHandles(handle)) return this.#track(await openStream(handle, bytes));
    const file = await openHandle(handle);
    const tracked = this.#track(file, () => this.#handles.delete(file));
    this.#handles.add(file);
    await file.truncate(bytes);
    return tracked;
  }

  async remove(path: string): Promise<void> {
    this.#created.delete(path);
    await removeEntry(this.#place.folder, path);
  }

  reader() {
    return folderReader(this.#place.name, async () => this.#place.folder);
  }

  async publish(): Promise<void> {
    const { root, name, folder } = this.#place;
    await this.#closeAll();
    await writePointer(root, name, folder.name);
    this.#finish();
    await removeEntry(folder, JOURNAL_PATH);
    await removeFolders(root, name, [folder.name]);
  }

  async abort(): Promise<void> {
    if (this.#finished) return;
    await this.#closeAll();
    await removeEntry(this.#place.root, this.#place.folder.name);
    this.#finish();
  }

  async pause(): Promise<void> {
    if (!this.journal) return this.abort();
    if (this.#finished) return;
    await this.#closeAll();
    this.#finish();
  }

  #track(file: FileWriter, onClose?: () => void): FileWriter {
    const tracked: FileWriter = {
      write: (bytes, position) => file.write(bytes, position),
      close: async () => {
        this.#open.delete(tracked);
        onClose?.();
        await file.close();
      },
    };
    this.#open.add(tracked);
    return tracked;
  }

  async #closeAll(): Promise<void> {
    for (const file of [...this.#open]) await file.close().catch(() => undefined);
    await this.journal?.close().catch(() => undefined);
  }

  #finish(): void {
    this.#finished = true;
    this.#place.unlock();
  }
}
