/**
 * @file Opens an index for searching: a folder, or an exported file. Another process may write to the folder meanwhile.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceNotFoundError } from '../../errors';
import { openArchiveStorage } from '../library/archive-storage';
import type { IndexModel } from '../library/index-model';
import { Library } from '../library/library';
import type { PictureRow } from '../library/rows';
import type { IndexStorage } from '../library/storage';
import { DiskFile } from './disk-file.node.js';
import { isDiskFolder } from './disk-folder.node.js';
import { nameOf } from './folder-indexer.node.js';
import { FolderStorage } from './folder-storage.node.js';

export interface FoundIndex {
  /** The model that made its vectors. */
  indexed: IndexModel;
  /** What named the model when it was indexed on this machine; null if unknown. */
  model: string | null;
  storage: IndexStorage;
  close(): Promise<void>;
}

export interface OpenIndex extends Omit<FoundIndex, 'storage' | 'close'> {
  library: Library;
}

/** Reads everything into memory, including the vectors. @throws as {@link openStorage} */
export async function openIndex(place: string): Promise<OpenIndex> {
  const { storage, indexed, model } = await openStorage(place);
  const { id, name, dims } = indexed;
  const at = { place, name: nameOf(place), modelId: id, modelName: name, dims };
  return { library: await Library.open(at, storage, false), indexed, model };
}

/**
 * Reads only its rows.
 * @param place folder, or file of `export`
 * @throws SourceNotFoundError if there is none; IndexFormatError, IntegrityError for a damaged one; UnsupportedError
 * for
 *   one of a later version
 */
export async function openStorage(place: string): Promise<FoundIndex> {
  const status = await stat(place).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause;
    throw new SourceNotFoundError(
      `There is no index at ${place}. Create one: vlm2vec index <folder> --out ${place} --model <bundle>`,
      { place },
      { cause },
    );
  });
  const storage = status.isDirectory()
    ? await FolderStorage.open(place, { writable: false })
    : await openArchiveStorage(new DiskFile(place, { size: status.size, modified: status.mtimeMs }), nameOf(place));
  const model = storage instanceof FolderStorage ? storage.model : null;
  return { storage, indexed: storage.indexed, model, close: () => storage.close() };
}

/** Where a picture is: its path on this disk if that is known, else its folder's name and its path in it. */
export function placeOf({ catalog }: Library, { folderId, path }: PictureRow): string {
  const folder = catalog.folders.get(folderId);
  const handle = folder?.handle ?? null;
  return isDiskFolder(handle) ? join(handle.path, ...path.split('/')) : `${folder?.name ?? ''}/${path}`;
}
