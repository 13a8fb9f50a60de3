import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, expect, test } from 'vitest';
import { commitChanges, deleteDatabase, describeDatabase, loadAll, loadAttempts, openDatabase } from './database';

afterEach(() => deleteDatabase('database'));

test('a commit changes all or nothing', async () => {
  const database = await openDatabase('database', () => undefined);
  const problem = { id: 1, folderId: 1, path: 'a', size: 1, modified: 1, kind: 'skipped' as const, reason: 'no' };
  await commitChanges(database, { put: [problem], folders: { put: [{ id: 1, name: 'f', handle: null, found: 1 }] } });
  const uncloneable = { ...problem, id: 2, reason: (() => undefined) as never };
  await expect(commitChanges(database, { remove: [1], put: [uncloneable] })).rejects.toThrow();
  const { files, folders, meta } = await loadAll(database);
  expect([files, folders.length, meta]).toEqual([[problem], 1, null]);
  await commitChanges(database, { clear: true, put: [{ ...problem, id: 3 }] });
  expect((await loadAll(database)).files.map(({ id }) => id)).toEqual([3]);
  database.close();
});

test('an index of the first version keeps its pictures; what was in progress is forgotten', async () => {
  const first = await openDB('database', 1, {
    upgrade(database) {
      for (const name of ['meta', 'layouts']) database.createObjectStore(name);
      for (const name of ['folders', 'files']) database.createObjectStore(name, { keyPath: 'id' });
      database.createObjectStore('attempts', { keyPath: 'key' });
    },
  });
  await first.put('meta', { version: 1, name: 'photos', modelId: 'm', dims: 2, generation: 1, revision: 4 }, 'index');
  for (const [id, kind] of ['picture', 'picture', 'failed'].entries()) await first.put('files', { id, kind });
  await first.put('attempts', { key: 'a', deaths: 1, session: null });
  first.close();
  expect(await describeDatabase('database')).toMatchObject({ meta: { revision: 4 }, pictures: 2, problems: 1 });
  const second = await openDatabase('database', () => undefined);
  expect((await loadAll(second)).files).toHaveLength(3);
  expect(await loadAttempts(second)).toEqual([]);
  second.close();
});

test('nothing is reported about an index that does not exist', async () => {
  expect(await describeDatabase('database')).toBeNull();
});
