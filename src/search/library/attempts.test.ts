import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Attempts } from './attempts';
import { commitChanges, deleteDatabase, loadAll, loadAttempts, openDatabase, type Database } from './database';

let database: Database;
beforeEach(async () => {
  database = await openDatabase('attempts', () => undefined);
});
afterEach(async () => {
  database.close();
  await deleteDatabase('attempts');
});

const everyone = () => true;
const nobody = () => false;

test('what was in work when a session ended has died once more', async () => {
  const first = await Attempts.open(database, everyone);
  await first.begin(['a', 'b', 'c']);
  await commitChanges(database, { ended: ['a'] });
  first.ended(['a']);
  const second = await Attempts.open(database, everyone);
  expect(['a', 'b', 'c', 'd'].map((key) => second.deaths(key))).toEqual([0, 1, 1, 0]);
  await second.begin(['b']);
  const third = await Attempts.open(database, everyone);
  expect(['b', 'c'].map((key) => third.deaths(key))).toEqual([2, 1]);
});

test('a session that was closed in order, or whose worker was busy with something else, is no death', async () => {
  const first = await Attempts.open(database, everyone);
  await first.begin(['a', 'b']);
  const blamed: [string, string][] = [];
  const second = await Attempts.open(database, (key, session) => {
    blamed.push([key, session]);
    return key === 'b';
  });
  expect(blamed).toEqual([['a', first.session], ['b', first.session]]);
  expect([second.deaths('a'), second.deaths('b')]).toEqual([0, 1]);
  expect(second.session).not.toBe(first.session);
  const third = await Attempts.open(database, everyone); // nothing was in work
  expect([third.deaths('a'), third.deaths('b')]).toEqual([0, 1]);
});

test('a death of the model counts at once; what is taken back keeps its count', async () => {
  const attempts = await Attempts.open(database, nobody);
  await attempts.begin(['a', 'b']);
  await attempts.died(['a']);
  await attempts.release(['b']);
  expect([attempts.deaths('a'), attempts.deaths('b')]).toEqual([1, 0]);
  expect((await loadAttempts(database)).every(({ session }) => session === null)).toBe(true);
  await attempts.begin(['a']);
  await attempts.died(['a']);
  const next = await Attempts.open(database, everyone);
  expect(next.deaths('a')).toBe(2);
});

test('a commit changes all or nothing', async () => {
  const problem = { id: 1, folderId: 1, path: 'a', size: 1, modified: 1, kind: 'skipped' as const, reason: 'no' };
  await commitChanges(database, { put: [problem], folders: { put: [{ id: 1, name: 'f', handle: null, found: 1 }] } });
  const uncloneable = { ...problem, id: 2, reason: (() => undefined) as never };
  await expect(commitChanges(database, { remove: [1], put: [uncloneable] })).rejects.toThrow();
  const { files, folders, meta } = await loadAll(database);
  expect([files, folders.length, meta]).toEqual([[problem], 1, null]);
  await commitChanges(database, { clear: true, put: [{ ...problem, id: 3 }] });
  expect((await loadAll(database)).files.map(({ id }) => id)).toEqual([3]);
});
