/** @file The folders of an index: where their files come from now, and whether they may be read. */

import { SourceNotFoundError } from '../../errors';
import type { FolderFile, FolderInfo } from '../types';
import type { Catalog } from './catalog';
import type { WireSource } from './protocol';
import type { FolderRow, PictureRow } from './rows';
import { walkFiles, walkHandle } from './walk';
import type { Source } from './work';

type Access = FolderInfo['access'];

export class Folders {
  /** Files that were picked, by folder. A worker that takes over gets them from the page. */
  readonly #picked = new Map<number, Map<string, File>>();
  readonly #access = new Map<number, Access>();

  /**
   * The row of a source: of the folder that it is already, or a new one. Folders with handles are told apart by these;
   * one that has none (picked files, an imported index) is known by its name.
   */
  async add(source: WireSource, catalog: Catalog): Promise<FolderRow> {
    const rows = [...catalog.folders.values()];
    const handle = 'handle' in source ? source.handle : null;
    const name = 'handle' in source ? source.handle.name : source.name;
    let known: FolderRow | undefined;
    if (handle) for (const row of rows) if (await row.handle?.isSameEntry(handle)) known ??= row;
    known ??= rows.find((row) => row.name === name && row.handle === null);
    const row: FolderRow = known
      ? { ...known, handle: handle ?? known.handle }
      : { id: catalog.nextFolderId(), name: freeName(name, rows), handle, found: null };
    if ('files' in source) this.supply(row.id, source.files);
    this.#access.set(row.id, handle ? await accessOf(handle) : 'ready');
    return row;
  }

  /** The files of a folder that was picked. */
  supply(folderId: number, files: readonly FolderFile[]): void {
    this.#picked.set(folderId, new Map(files.map(({ path, file }) => [path, file])));
  }

  forget(folderId: number): void {
    this.#picked.delete(folderId);
    this.#access.delete(folderId);
  }

  clear(): void {
    this.#picked.clear();
    this.#access.clear();
  }

  /** Asks the browser again what may be read. */
  async refresh(catalog: Catalog): Promise<void> {
    for (const { id, handle } of catalog.folders.values()) {
      const access = handle ? await accessOf(handle) : this.#picked.has(id) ? 'ready' : 'choose';
      this.#access.set(id, access);
    }
  }

  describe(catalog: Catalog): FolderInfo[] {
    return Array.from(catalog.folders.values(), ({ id, name, found }) => ({
      id,
      name,
      access: this.#access.get(id) ?? 'choose',
      found,
      indexed: catalog.picturesIn(id),
    }));
  }

  /** Of the folders that may be read now. */
  async sources(catalog: Catalog): Promise<Map<number, Source>> {
    await this.refresh(catalog);
    const sources = new Map<number, Source>();
    for (const { id, handle } of catalog.folders.values()) {
      if (this.#access.get(id) !== 'ready') continue;
      const picked = this.#picked.get(id);
      if (handle) sources.set(id, (onUnknown) => walkHandle(handle, { onUnknown }));
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
      const reason = refused ? 'its folder may not be read now: give permission again' : 'it is not there any more';
      throw new SourceNotFoundError(`${shown}: ${reason}.`, { folderId }, { cause });
    }
  }
}

async function accessOf(handle: FileSystemDirectoryHandle): Promise<Access> {
  // Not in TypeScript's library; Firefox and Safari, which have no such handles of the disk, lack it.
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
