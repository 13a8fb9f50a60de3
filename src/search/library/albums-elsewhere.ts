/**
 * @file Favourites and albums belong to a library, whichever model is in use, but each model has an index of its own:
 * the latest change counts, in whichever of them it was made.
 */

import { openDatabase, readAlbums, readMeta } from './database';
import { listPackFolders } from './packs';
import type { LibraryPlace } from './place';
import type { AlbumRow } from './rows';

export interface Later {
  albums: AlbumRow[];
  /** Milliseconds since 1970. */
  changed: number;
}

/**
 * The albums of the library's index in which they were last changed.
 * @returns null if none is later than `since`, in milliseconds since 1970
 */
export async function laterAlbums(
  { name, place }: Pick<LibraryPlace, 'name' | 'place'>,
  since: number,
): Promise<Later | null> {
  const found: Later[] = [];
  for (const each of await listPackFolders()) {
    if (each.place === place) continue;
    // One that cannot be read is skipped.
    const later = await read(each.place, name, since).catch(() => null);
    if (later) found.push(later);
  }
  return found.sort((a, b) => b.changed - a.changed)[0] ?? null;
}

async function read(place: string, name: string, since: number): Promise<Later | null> {
  const database = await openDatabase(place, () => undefined);
  try {
    const meta = await readMeta(database);
    const changed = meta?.name === name ? (meta.albumsChanged ?? 0) : 0;
    return changed > since ? { albums: await readAlbums(database), changed } : null;
  } finally {
    database.close();
  }
}
