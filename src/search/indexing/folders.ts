/** @file The folders of an index: where their files come from now, and whether they may be read. */

import { SourceNotFoundError } from '../../errors';
import type { FolderFile, FolderInfo, FolderProblem } from '../types';
import type { Catalog } from '../library/catalog';
import { within } from '../library/deadline';
import { emptied, partlyRead, unreadable } from './folder-problems';
import type { WireSource } from '../library/protocol';
import type { FolderRow, PictureRow } from '../library/rows';
import { walkFiles, walkHandle } from './walk';
import type { Source, WalkResult } from './work';

type Access = FolderInfo['access'];

/** Time for a folder to prove that it exists; a disconnected drive may not answer at all. */
const ANSWER_SECONDS = 10;
/** How many picked files are tried before their folder counts as gone. */
const TRIED_FILES = 3;

export class Folders {
  /** Picked files, by folder. A worker that takes over gets them from the page. */
  readonly #picked = new Map<number, Map<string, File>>();
  readonly #access = new Map<number, Access>();
  readonly #problems = new Map<number, FolderProblem>();

  /**
   * The row for a source: of the folder that it already is, or a new one. Folders with handles are identified by them;
   * one without a handle (picked files, an imported index), or that no longer exists, is identified by its name.
   */
  async add(source: WireSource, catalog: Catalog): Promise<FolderRow> {
    const rows = [...catalog.folders.values()];
    const handle = 'handle' in source ? source.handle : null;
    const name = 'handle' in source ? source.handle.name : source.name;
    let known: FolderRow | undefined;
    if (handle) for (const row of rows) if (await row.handle?.isSameEntry(handle)) known ??= row;
    const isLost = ({ id, handle }: FolderRow) => handle === null || this.#problems.get(id)?.kind === 'gone';
    known ??= rows.find((row) => row.name === name && isLost(row));
    const row: FolderRow = known
      ? { ...known, handle: handle ?? known.handle }
      : { id: catalog.nextFolderId(), name: freeName(name, rows), handle, found: null };
    if ('files' in source) this.supply(row.id, source.files);
    this.#access.set(row.id, handle ? await accessOf(handle) : 'ready');
    this.#problems.delete(row.id);
    return row;
  }

  /** The files of a folder that was picked. */
  supply(folderId: number, files: readonly FolderFile[]): void {
    this.#picked.set(folderId, new Map(files.map(({ path, file }) => [path, file])));
  }

  forget(folderId: number): void {
    this.#picked.delete(folderId);
    this.#access.delete(folderId);
    this.#problems.delete(folderId);
  }

  clear(): void {
    this.#picked.clear();
    this.#access.clear();
    this.#problems.clear();
  }

  /** Asks the browser again which folders may be read. */
  async refresh(catalog: Catalog): Promise<void> {
    for (const { id, handle } of catalog.folders.values()) {
      const access = handle ? await accessOf(handle) : this.#picked.has(id) ? 'ready' : 'choose';
      this.#access.set(id, access);
    }
  }

  /** Whether its files can be read now, as far as is known. */
  isReady(folderId: number): boolean {
    return this.#access.get(folderId) === 'ready';
  }

  describe(catalog: Catalog): FolderInfo[] {
    return Array.from(catalog.folders.values(), ({ id, name, found }) => ({
      id,
      name,
      access: this.#access.get(id) ?? 'choose',
      problem: this.#problems.get(id) ?? null,
      found,
      indexed: catalog.picturesIn(id),
      older: catalog.olderIn(id),
    }));
  }

  /** Checks whether a folder can be read now; if not, its problem says why. */
  async check(folderId: number, catalog: Catalog): Promise<boolean> {
    const known = this.#problems.get(folderId)?.kind;
    try {
      const late = () => new Error('The folder does not respond.');
      await within(ANSWER_SECONDS, this.#look(folderId, catalog), late);
      if (known === 'gone' || known === 'refused') this.#problems.delete(folderId);
      return true;
    } catch (error) {
      this.#problems.set(folderId, unreadable(named(folderId, catalog), error));
      return false;
    }
  }

  /** {@link check} for all folders that may be read. */
  async checkAll(catalog: Catalog): Promise<void> {
    const ready = [...catalog.folders.keys()].filter((id) => this.#access.get(id) === 'ready');
    await Promise.all(ready.map((id) => this.check(id, catalog)));
  }

  /** Records what a walk could not read. */
  async walked(folderId: number, walk: WalkResult, catalog: Catalog): Promise<void> {
    const folder = named(folderId, catalog);
    const whole = walk.unread.find(({ path }) => path === '');
    if (whole) this.#problems.set(folderId, unreadable(folder, whole.error));
    else if (walk.emptied) this.#problems.set(folderId, emptied(folder));
    else if (walk.unread.length === 0) this.#problems.delete(folderId);
    else if (await this.check(folderId, catalog)) this.#problems.set(folderId, partlyRead(folder, walk.unread));
  }

  async #look(folderId: number, catalog: Catalog): Promise<void> {
    const handle = catalog.folders.get(folderId)?.handle;
    if (handle) return void (await handle.keys().next());
    const files = [...(this.#picked.get(folderId)?.values() ?? [])].filter(({ size }) => size > 0);
    if (files.length === 0) return;
    await Promise.any(files.slice(0, TRIED_FILES).map((file) => file.slice(0, 1).arrayBuffer())).catch(
      ({ errors }: AggregateError) => Promise.reject(errors[0] as Error),
    );
  }

  /** The sources of all folders that may be read now. */
  async sources(catalog: Catalog): Promise<Map<number, Source>> {
    await this.refresh(catalog);
    const sources = new Map<number, Source>();
    for (const { id, handle } of catalog.folders.values()) {
      if (this.#access.get(id) !== 'ready') continue;
      const picked = this.#picked.get(id);
      if (handle) sources.set(id, (onUnread) => walkHandle(handle, { onUnread }));
      else if (picked) sources.set(id, () => walkFiles(Array.from(picked, ([path, file]) => ({ path, file }))));
    }
    return sources;
  }

  /** @throws SourceNotFoundError */
  async file({ folderId, path }: PictureRow, catalog: Catalog): Promise<File> {
    const picked = this.#picked.get(folderId)?.get(path);
    if (picked) return picked;
    const folder = catalog.folders.get(folderId);
    const shown = `${folder?.name ?? ''}/${path}`;
    if (!folder?.handle) {
      throw new SourceNotFoundError(`${shown}: choose its folder again to see the picture itself.`, { folderId });
    }
    try {
      const names = path.split('/');
      const last = names.pop()!;
      let at = folder.handle;
      for (const name of names) at = await at.getDirectoryHandle(name);
      return await (await at.getFileHandle(last)).getFile();
    } catch (cause) {
      const refused = cause instanceof DOMException && cause.name === 'NotAllowedError';
      const reason = refused
        ? 'its folder may not be read at the moment: give permission again'
        : 'it no longer exists';
      throw new SourceNotFoundError(`${shown}: ${reason}.`, { folderId }, { cause });
    }
  }
}

function named(folderId: number, catalog: Catalog): { name: string; indexed: number } {
  return { name: catalog.folders.get(folderId)?.name ?? '', indexed: catalog.picturesIn(folderId) };
}

async function accessOf(handle: FileSystemDirectoryHandle): Promise<Access> {
  // Not in TypeScript's library; Firefox and Safari lack it, since they have no handles for folders on disk.
  const asking = handle as FileSystemDirectoryHandle & {
    queryPermission?: (mode: { mode: 'read' }) => Promise<PermissionState>;
  };
  if (!asking.queryPermission) return 'ready';
  return (await asking.queryPermission({ mode: 'read' })) === 'granted' ? 'ready' : 'ask';
}

/** `Photos`, `Photos (2)`, … */
function freeName(name: string, rows: readonly FolderRow[]): string {
  const plain = name.replaceAll('/', '_') || 'Folder';
  const taken = new Set(rows.map((row) => row.name));
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? plain : `${plain} (${i})`;
    if (!taken.has(candidate)) return candidate;
  }
}
