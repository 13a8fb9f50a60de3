import { mkdtemp, readdir, rm, appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { folderBundle, folderWriter } from './folder.node';
import { parseJournal } from './journal';
import { folderStore } from './model-store.node';

let base: string;
beforeEach(async () => (base = await mkdtemp(join(tmpdir(), 'journal-test-'))));
afterEach(() => rm(base, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test('a note that a crash cut short is dropped, wherever it was cut', () => {
  const whole = '{"a":1}\n{"b":[2,"ü"]}\n{"c":3}\n';
  const all = [{ a: 1 }, { b: [2, 'ü'] }, { c: 3 }];
  const encoded = bytes(whole);
  for (let cut = 0; cut <= encoded.length; cut++) {
    const { notes, length } = parseJournal(encoded.subarray(0, cut));
    expect(notes).toEqual(all.slice(0, notes.length));
    expect(length).toBe([0, 8, 23, 31][notes.length]);
    expect(notes.length).toBe([8, 23, 31].filter((end) => end <= cut).length);
  }
  expect(parseJournal(bytes('{"a":1}\n{oops\n{"b":2}\n')).notes).toEqual([{ a: 1 }]);
});

describe('a folder writer', () => {
  test('continues what another one left', async () => {
    const first = await folderWriter(join(base, 'm'), { resume: true });
    const file = await first.reopen('w.bin', 10);
    await file.write(bytes('abc'), 7);
    await first.journal!.add({ part: 1 });
    await first.pause();
    await expect(folderBundle(join(base, 'm')).open('w.bin')).rejects.toThrow(SourceNotFoundError);

    await appendFile(join(base, '.m.partial', 'journal.jsonl'), '{"part":2'); // a crash in the middle of a note
    const second = await folderWriter(join(base, 'm'), { resume: true });
    expect(second.journal!.notes).toEqual([{ part: 1 }]);
    await second.journal!.add({ part: 3 });
    const again = await second.reopen('w.bin', 10);
    await again.write(bytes('xyz'));
    await again.close();
    await second.publish();
    const written = await folderBundle(join(base, 'm')).open('w.bin');
    expect(Buffer.from(await written.read(0, 10)).toString()).toBe('xyz\0\0\0\0abc');
    expect(await readdir(base)).toEqual(['m']);
    expect(await readdir(join(base, 'm'))).toEqual(['w.bin']);
  });

  test('is the only one: others are refused or wait; the lock of a dead process does not count', async () => {
    const first = await folderWriter(join(base, 'm'), { resume: true });
    await expect(folderWriter(join(base, 'm'), { resume: true })).rejects.toThrow(InvalidInputError);
    let told = 0;
    const waiting = folderWriter(join(base, 'm'), { resume: true, wait: true, onWait: () => told++ });
    setTimeout(() => void first.abort(), 50);
    const second = await waiting;
    expect(told).toBe(1);
    await second.abort();
    const giving = new AbortController();
    const third = await folderWriter(join(base, 'm'), { resume: true });
    setTimeout(() => giving.abort(), 20);
    const attempt = folderWriter(join(base, 'm'), { resume: true, wait: true, signal: giving.signal });
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
    await third.abort();
    await writeFile(join(base, '.m.lock'), '999999999');
    await (await folderWriter(join(base, 'm'), { resume: true })).abort();
    expect(await readdir(base)).toEqual([]);
  });
});

test('a model store in a folder lists finished and unfinished bundles, and deletes both', async () => {
  const store = folderStore(join(base, 'cache'));
  expect(await store.list()).toEqual([]);
  await store.delete('none');
  const done = await store.writer('done', {});
  await (await done.create('bundle.json')).close();
  await done.publish();
  const half = await store.writer('half', {});
  await half.journal!.add({ at: 0.5 });
  await half.pause();
  expect((await store.list()).map(({ name, finished }) => [name, finished])).toEqual([
    ['half', false],
    ['done', true],
  ]);
  expect(await store.unfinished('done')).toBeNull();
  expect((await (await store.unfinished('half'))!.open('journal.jsonl')).size).toBeGreaterThan(0);
  const writing = await store.writer('half', {});
  await expect(store.delete('half')).rejects.toThrow(InvalidInputError);
  await writing.pause();
  await store.delete('half');
  await store.delete('done');
  expect(await store.list()).toEqual([]);
  expect(() => store.bundle('../x')).toThrow(InvalidInputError);
});
