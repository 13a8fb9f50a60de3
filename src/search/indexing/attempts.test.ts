import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Attempts } from './attempts';
import { openBrowserStorage } from '../library/browser-storage';
import { deleteDatabase } from '../library/database';
import type { IndexStorage } from '../library/storage';

let storage: IndexStorage;
beforeEach(async () => {
  storage = await openBrowserStorage('attempts', () => undefined);
});
afterEach(async () => {
  await storage.close();
  await deleteDatabase('attempts');
});

const everyone = (keys: readonly string[]) => ({ keys, alone: keys.length === 1 });
const inOrder = () => null;
const suspects = (attempts: Attempts, keys = 'abcd') => [...keys].filter((key) => attempts.isSuspect(key)).join('');
const failed = (attempts: Attempts, keys = 'abcd') => [...keys].filter((key) => attempts.hasFailed(key)).join('');

/** The model dies while it is working on these. */
async function die(attempts: Attempts, keys: string, alone: boolean): Promise<void> {
  await attempts.begin([...keys]);
  await attempts.died([...keys], { death: crypto.randomUUID(), alone });
}

test('a death with several in progress makes them suspects; a second death alone shows which it was', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'abc', false);
  expect([suspects(attempts), failed(attempts)]).toEqual(['abc', '']);
  await die(attempts, 'b', true);
  expect(failed(attempts)).toBe('b');
});

test('a picture has not failed, however often the model died with others in progress', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  for (let i = 0; i < 5; i++) await die(attempts, 'ab', false);
  expect([suspects(attempts), failed(attempts)]).toEqual(['ab', '']);
});

test('two deaths alone count as two', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('');
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('a');
});

test('if there were other deaths too, a picture that was in progress at two unrelated ones has not failed', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'ab', false);
  await die(attempts, 'cd', false); // a and b had no part in it, so there is another cause
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('');
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('a');
});

test('deaths that a failed picture explains say nothing about others', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'ab', false);
  await die(attempts, 'a', true);
  attempts.ended(['a']);
  await die(attempts, 'cd', false);
  await die(attempts, 'd', true);
  expect(failed(attempts)).toBe('d');
});

test('a picture that was in progress at a death and then succeeds leaves that death unexplained until the run ends', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'a', true);
  attempts.ended(['a']);
  await die(attempts, 'bc', false);
  await die(attempts, 'b', true);
  expect(failed(attempts)).toBe('');
  await storage.commit({ ended: ['b', 'c'] });
  attempts.ended(['b', 'c']);
  await attempts.settle();
  const next = await Attempts.open(storage, inOrder);
  await die(next, 'cd', false);
  await die(next, 'd', true);
  expect(failed(next)).toBe('d');
});

test('one death that is reported twice counts once', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await attempts.begin(['a', 'b']);
  await attempts.died(['a'], { death: 'one', alone: false });
  await attempts.died(['b'], { death: 'one', alone: false });
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('a');
});

test('a page that crashes counts as a death, alone if one picture was in progress; committed pictures have no part in it', async () => {
  const first = await Attempts.open(storage, inOrder);
  await first.begin(['a', 'b', 'c']);
  await storage.commit({ ended: ['a'] });
  first.ended(['a']);
  const second = await Attempts.open(storage, everyone);
  expect([suspects(second), failed(second)]).toEqual(['bc', '']);
  await second.begin(['b']);
  const third = await Attempts.open(storage, everyone);
  expect([suspects(third), failed(third)]).toEqual(['bc', 'b']);
});

test('a page that is closed or reloaded is no evidence, however often and with however few pictures', async () => {
  for (let i = 0; i < 5; i++) {
    const attempts = await Attempts.open(storage, inOrder);
    expect(suspects(attempts)).toBe('');
    await attempts.begin(['a']);
  }
  const last = await Attempts.open(storage, inOrder);
  await last.release(['a']); // nor is a model that was removed
  expect([suspects(last), failed(last)]).toEqual(['', '']);
});

test('a page that ends in the background, perhaps to save memory, makes suspects and is no evidence', async () => {
  const inBackground = (keys: readonly string[]) => ({ keys, alone: false });
  for (let i = 0; i < 4; i++) await (await Attempts.open(storage, inBackground)).begin(['a']);
  const attempts = await Attempts.open(storage, inBackground);
  expect([suspects(attempts), failed(attempts)]).toEqual(['a', '']);
  await die(attempts, 'a', true);
  expect(failed(attempts)).toBe('a');
});

test('if a worker ends, only what it was decoding is suspected', async () => {
  const first = await Attempts.open(storage, inOrder);
  await first.begin(['a', 'b']);
  const asked: unknown[] = [];
  const second = await Attempts.open(storage, (keys, session) => {
    asked.push([keys, session]);
    return { keys: ['b'], alone: true };
  });
  expect(asked).toEqual([[['a', 'b'], first.session]]);
  expect(second.session).not.toBe(first.session);
  expect(suspects(second)).toBe('b');
  expect((await storage.loadAttempts()).every(({ session }) => session === null)).toBe(true);
});

test('a worker that ended while it was decoding nothing ended for another reason', async () => {
  const attempts = await Attempts.open(storage, inOrder);
  await die(attempts, 'ab', false);
  await attempts.begin(['c']);
  const next = await Attempts.open(storage, () => ({ keys: [], alone: false }));
  await die(next, 'b', true);
  expect(failed(next)).toBe('');
});
