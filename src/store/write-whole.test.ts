import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile } from './write-whole.node';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'vlm2vec-whole-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file is replaced, and nothing lies beside it', async () => {
  const file = join(folder, 'state.json');
  await writeFile(file, 'a longer text of before');
  await replaceFile(file, 'now');
  expect(await readFile(file, 'utf8')).toBe('now');
  expect(await readdir(folder)).toEqual(['state.json']);
});

test('where that fails, what was there stays, and nothing lies beside it', async () => {
  const file = join(folder, 'state.json');
  await mkdir(file); // no file can take its place
  await writeFile(join(file, 'inside'), 'before');
  await expect(replaceFile(file, 'now', join(folder, 'state.json.new'))).rejects.toThrow();
  expect(await readFile(join(file, 'inside'), 'utf8')).toBe('before');
  expect(await readdir(folder)).toEqual(['state.json']);
});

test('until the new text is on the disk, the old one has the name', async () => {
  const file = join(folder, 'state.json');
  await writeFile(file, 'before');
  await expect(replaceFile(file, 'now', join(folder, 'missing', 'state.json'))).rejects.toThrow('ENOENT');
  expect(await readFile(file, 'utf8')).toBe('before');
});
