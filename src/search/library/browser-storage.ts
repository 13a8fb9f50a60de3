/** @file An index in a browser: rows in IndexedDB, bytes in the origin-private file system. */

import { UnsupportedError } from '../../errors';
import {
  clearAttempts,
  commitChanges,
  loadAll,
  loadAttempts,
  loadLayout,
  openDatabase,
  putAttempts,
  saveLayout,
} from './database';
import { layerPack, openPackFolder, openPackReader, openPackWriter, openPackWriters, removeOtherPacks } from './packs';
import type { Layout } from '../survey/protocol';
import type { IndexStorage } from './storage';

/** Includes the map, which only pages keep. */
export interface BrowserStorage extends IndexStorage {
  /** The last map; null if there is none. */
  loadLayout(): Promise<Layout | null>;
  saveLayout(layout: Layout): Promise<void>;
}

/**
 * @param place names the database and the folder
 * @param onGone called when the browser closes it: another tab deletes it, or storage was cleared
 * @throws UnsupportedError for an index from a newer version, and if the browser cannot store any
 */
export async function openBrowserStorage(place: string, onGone: () => void): Promise<BrowserStorage> {
  const database = await openDatabase(place, onGone).catch((cause: unknown) => {
    if ((cause as Error)?.name !== 'VersionError') throw cause;
    throw new UnsupportedError(
      'This index was created by a newer version of this site. Reload the page.',
      {},
      { cause },
    );
  });
  return {
    load: () => loadAll(database),
    commit: (changes) => commitChanges(database, changes),
    loadAttempts: () => loadAttempts(database),
    putAttempts: (rows) => putAttempts(database, rows),
    clearAttempts: () => clearAttempts(database),
    loadLayout: () => loadLayout(database),
    saveLayout: (layout) => saveLayout(database, layout),
    openReaders: async (generation) => {
      const folder = await openPackFolder(place);
      return {
        vectors: await openPackReader(folder, 'vectors', generation),
        thumbnails: await openPackReader(folder, 'thumbnails', generation),
      };
    },
    openWriters: async (generation) => openPackWriters(await openPackFolder(place), generation),
    layerFiles: {
      openReader: async ({ key }, generation) =>
        openPackReader(await openPackFolder(place), layerPack(key), generation),
      openWriter: async ({ key }, generation) =>
        openPackWriter(await openPackFolder(place), layerPack(key), generation),
    },
    removeOthers: async (generation, layers) => removeOtherPacks(await openPackFolder(place), generation, layers),
    close: async () => database.close(),
  };
}
