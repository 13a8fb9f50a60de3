import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NotWritableError, StorageFullError } from '../errors';
import { folderWriter } from './folder.node';
import { lockFile } from './lock-file.node';
import { makeFolder, writeAll, writing, writingKept } from './write-errors.node';
import { replaceFile, writeDurably } from './write-whole.node';

let base: string;
beforeEach(async () => (base = await mkdtemp(path.join(tmpdir(), 'write-errors-'))));
afterEach(() => rm(base, { recursive: true }));

const failing = (code: string) => async () => {
  throw Object.assign(new Error(`${code}: the system's words`), { code });
};

test.each([
  [
    'ENOSPC',
    StorageFullError,
    /^a\.bin cannot be written: the disk is full \(ENOSPC\)\. Free some space, then try again/,
  ],
  ['EDQUOT', StorageFullError, /the quota is used up \(EDQUOT\)/],
  ['EFBIG', NotWritableError, /larger than the disk or the user may have it \(EFBIG\)\. Write to another disk/],
  ['EACCES', NotWritableError, /permission is missing \(EACCES\)\. Change the permissions, or name another place/],
  ['EROFS', NotWritableError, /the disk is read-only \(EROFS\)/],
])('%s', async (code, Named, message) => {
  const error: unknown = await writingKept('a.bin', failing(code)).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(Named);
  expect(error).toMatchObject({ message: expect.stringMatching(message), details: { file: 'a.bin', cause: code } });
});

test('what is not a refusal, and what is named already, passes unchanged', async () => {
  await expect(writing('a', failing('EBADF'))).rejects.toMatchObject({ code: 'EBADF' });
  const inner = writing('inner', failing('EIO'));
  await expect(writing('outer', () => inner)).rejects.toThrow(/^inner cannot be written/);
});

test.runIf(existsSync('/dev/full'))('a disk that is really full', async () => {
  const full = await open('/dev/full', 'w');
  const attempt = writing('full', () => writeAll(full, new Uint8Array(10), 0));
  await expect(attempt).rejects.toBeInstanceOf(StorageFullError);
  await full.close();
});

/** Whatever the user's rights: a file where a folder is needed, and a name that is too long. */
test('folders, locks, whole files and bundles are refused by name, and nothing is left', async () => {
  const file = path.join(base, 'file');
  await writeFile(file, 'x');
  const long = path.join(base, 'x'.repeat(300));
  for (const [attempt, code] of [
    [() => makeFolder(path.join(file, 'below')), 'ENOTDIR'],
    [() => makeFolder(long), 'ENAMETOOLONG'],
    [() => lockFile(path.join(file, 'lock'), 'it'), 'ENOTDIR'],
    [() => writeDurably(path.join(file, 'a'), 'y'), 'ENOTDIR'],
    [() => replaceFile(long, 'y'), 'ENAMETOOLONG'],
    [() => replaceFile(long, 'y', path.join(base, 'new')), 'ENAMETOOLONG'],
    [() => folderWriter(path.join(base, 'deep', 'er', 'x'.repeat(300))), 'ENAMETOOLONG'],
    [() => folderWriter(path.join(base, 'others', 'deep', 'x'.repeat(300)), { resume: true }), 'ENAMETOOLONG'],
  ] as const) {
    await expect(attempt()).rejects.toMatchObject({ name: 'NotWritableError', details: { cause: code } });
  }
  expect(await readdir(base)).toEqual(['file']);
  const writer = await folderWriter(path.join(base, 'model'));
  await (await writer.create('a')).close();
  await expect(writer.create('a/b')).rejects.toMatchObject({ name: 'NotWritableError' });
  await writer.abort();
  expect(await readdir(base)).toEqual(['file']);
});

test.skipIf(process.getuid?.() === 0)('a folder without permission', async () => {
  const closed = path.join(base, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o500);
  for (const attempt of [
    () => makeFolder(path.join(closed, 'a')),
    () => replaceFile(path.join(closed, 'a'), 'y'),
    () => lockFile(path.join(closed, 'lock'), 'it'),
    () => folderWriter(path.join(closed, 'model')),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ name: 'NotWritableError', details: { cause: 'EACCES' } });
  }
  await chmod(closed, 0o700);
  expect(await readdir(closed)).toEqual([]);
});
