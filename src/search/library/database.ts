/** @file The IndexedDB database of a photo index. */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb';
import { namingFull } from '../../store/opfs-files';
import type { Layout } from '../survey/protocol';
import { INDEX_VERSION, type AlbumRow, type AttemptRow, type FileRow, type FolderRow, type MetaRow } from './rows';
import type { Changes, Loaded } from './storage';

interface Schema extends DBSchema {
  meta: { key: string; value: MetaRow };
  folders: { key: number; value: FolderRow };
  files: { key: number; value: FileRow; indexes: { kind: FileRow['kind'] } };
  attempts: { key: string; value: AttemptRow };
  albums: { key: number; value: AlbumRow };
  /** The most recent map. */
  layouts: { key: string; value: Layout };
}

export type Database = IDBPDatabase<Schema>;
type FilesStore = IDBPObjectStore<Schema, ('meta' | 'folders' | 'files' | 'albums')[], 'files'>;

/** Keys in stores with a single value. */
const META = 'index';
const MAP = 'map';
/** Ids of rows that are read in one request. */
const FILES_AT_ONCE = 5000;

/** @param onGone called when the browser closes it: another tab deletes it, or storage was cleared */
export function openDatabase(name: string, onGone: () => void): Promise<Database> {
  return openDB<Schema>(name, INDEX_VERSION, {
    upgrade(database, oldVersion, _newVersion, transaction) {
      if (oldVersion < 1) {
        database.createObjectStore('meta');
        database.createObjectStore('folders', { keyPath: 'id' });
        database.createObjectStore('files', { keyPath: 'id' });
        database.createObjectStore('attempts', { keyPath: 'key' });
        database.createObjectStore('layouts');
      }
      if (oldVersion < 2) {
        transaction.objectStore('files').createIndex('kind', 'kind');
        void transaction.objectStore('attempts').clear(); // they were counted differently
      }
      if (oldVersion < 4) database.createObjectStore('albums', { keyPath: 'id' });
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      onGone();
    },
    terminated: onGone,
  });
}

export function deleteDatabase(name: string): Promise<void> {
  return deleteDB(name);
}

/** What is known about an index without opening it; null if there is none. */
export async function describeDatabase(
  name: string,
): Promise<{ meta: MetaRow; pictures: number; problems: number } | null> {
  const database = await openDatabase(name, () => undefined);
  try {
    const [meta, rows, pictures] = await Promise.all([
      database.get('meta', META),
      database.count('files'),
      database.countFromIndex('files', 'kind', 'picture'),
    ]);
    return meta ? { meta, pictures, problems: rows - pictures } : null;
  } finally {
    database.close();
  }
}

/** Everything in it, at one point in time. */
export async function loadAll(database: Database): Promise<Loaded> {
  const transaction = database.transaction(['meta', 'folders', 'files', 'albums']);
  const [meta, folders, files, albums] = await Promise.all([
    transaction.objectStore('meta').get(META),
    transaction.objectStore('folders').getAll(),
    allFiles(transaction.objectStore('files')),
    transaction.objectStore('albums').getAll(),
  ]);
  return { meta: meta ?? null, folders, files, albums };
}

/**
 * In parts that are requested together: while this thread decodes one of them, the browser's process reads the next.
 * In one piece 100,000 rows are tens of megabytes, which have to be complete in both processes before either goes on.
 */
async function allFiles(files: FilesStore): Promise<FileRow[]> {
  const last = await files.openKeyCursor(null, 'prev');
  if (!last) return [];
  const parts: Promise<FileRow[]>[] = [];
  for (let first = 0; first <= last.key; first += FILES_AT_ONCE) {
    parts.push(files.getAll(IDBKeyRange.bound(first, first + FILES_AT_ONCE, false, true)));
  }
  return (await Promise.all(parts)).flat();
}

export async function readMeta(database: Database): Promise<MetaRow | null> {
  return (await database.get('meta', META)) ?? null;
}

export function readAlbums(database: Database): Promise<AlbumRow[]> {
  return database.getAll('albums');
}

/**
 * Resolves once it is committed.
 * @throws StorageFullError
 */
export async function commitChanges(database: Database, changes: Changes): Promise<void> {
  const { put = [], remove = [], ended = [], folders = {}, albums = {}, meta, clear = false } = changes;
  await namingFull(async () => {
    const transaction = database.transaction(['meta', 'folders', 'files', 'attempts', 'albums'], 'readwrite');
    const stores = {
      meta: transaction.objectStore('meta'),
      folders: transaction.objectStore('folders'),
      files: transaction.objectStore('files'),
      attempts: transaction.objectStore('attempts'),
      albums: transaction.objectStore('albums'),
    };
    const requests: Promise<unknown>[] = [];
    try {
      if (clear)
        for (const each of ['folders', 'files', 'attempts', 'albums'] as const) requests.push(stores[each].clear());
      for (const id of remove) requests.push(stores.files.delete(id));
      for (const row of put) requests.push(stores.files.put(row));
      for (const key of ended) requests.push(stores.attempts.delete(key));
      for (const id of folders.remove ?? []) requests.push(stores.folders.delete(id));
      for (const row of folders.put ?? []) requests.push(stores.folders.put(row));
      for (const id of albums.remove ?? []) requests.push(stores.albums.delete(id));
      for (const row of albums.put ?? []) requests.push(stores.albums.put(row));
      if (meta) requests.push(stores.meta.put(meta, META));
      await Promise.all([...requests, transaction.done]);
    } catch (error) {
      // A row that cannot be stored throws at once, and the requests before it would be committed without it.
      await Promise.allSettled([...requests, abort(transaction), transaction.done]);
      throw error;
    }
  });
}

async function abort(transaction: { abort(): void }): Promise<void> {
  transaction.abort(); // throws if it has already ended
}

export function loadAttempts(database: Database): Promise<AttemptRow[]> {
  return database.getAll('attempts');
}

export async function putAttempts(database: Database, rows: readonly AttemptRow[]): Promise<void> {
  await namingFull(async () => {
    const transaction = database.transaction('attempts', 'readwrite');
    await Promise.all([...rows.map((row) => transaction.store.put(row)), transaction.done]);
  });
}

export function clearAttempts(database: Database): Promise<void> {
  return namingFull(() => database.clear('attempts'));
}

export async function loadLayout(database: Database): Promise<Layout | null> {
  return (await database.get('layouts', MAP)) ?? null;
}

export async function saveLayout(database: Database, layout: Layout): Promise<void> {
  await namingFull(() => database.put('layouts', layout, MAP));
}
