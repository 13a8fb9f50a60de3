import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MANIFEST_PATH } from '../bundle/manifest';
import type { BundleWriter } from '../bundle/storage';
import { IntegrityError, InvalidInputError, SourceNotFoundError, VLM2VecError } from '../errors';
import { folderBundle, folderWriter } from './folder.node';

let base: string;
beforeEach(async () => (base = await mkdtemp(join(tmpdir(), 'folder-test-'))));
afterEach(() => rm(base, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

async function put(writer: BundleWriter, path: string, text: string): Promise<void> {
  const file = await writer.create(path);
  for (const letter of text) await file.write(bytes(letter));
  await file.close();
}

const nanoManifest = () => readFile(new URL('../../public/models/nano/bundle.json', import.meta.url), 'utf8');
const manifestOf = (text: string) => `{"format":"vlm2vec-bundle","note":"${text}"}`;

test('nothing is visible before publishing, everything after', async () => {
  const out = join(base, 'deep', 'er', 'model');
  const writer = await folderWriter(out);
  await put(writer, 'a.bin', 'hello');
  await put(writer, 'tokenizer/b.json', '{}');
  await put(writer, MANIFEST_PATH, manifestOf('1'));
  expect(existsSync(out)).toBe(false);
  const unpublished = await writer.reader().open('a.bin');
  expect(await unpublished.read(1, 3)).toEqual(bytes('el'));

  await writer.publish();
  await writer.abort(); // harmless now
  expect(await readdir(join(base, 'deep', 'er'))).toEqual(['model']);
  const stored = await folderBundle(out).open('tokenizer/b.json');
  expect(stored.size).toBe(2);
  const path = (await stored.data()) as string;
  expect(isAbsolute(path)).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('{}');
});

test('aborting leaves nothing, not even the parents it created', async () => {
  const writer = await folderWriter(join(base, 'deep', 'er', 'model'));
  await put(writer, 'a.bin', 'hello');
  await writer.create('open.bin');
  await writer.abort();
  await writer.abort();
  expect(await readdir(base)).toEqual([]);
});

test('an older bundle is replaced completely, and only on publishing', async () => {
  const out = join(base, 'model');
  const first = await folderWriter(out);
  await put(first, 'tokenizer.json', 'old');
  await put(first, MANIFEST_PATH, await nanoManifest());
  await first.publish();

  const failed = await folderWriter(out);
  await put(failed, 'new.bin', 'new');
  await failed.abort();
  expect(await readdir(out)).toEqual([MANIFEST_PATH, 'tokenizer.json']);

  const second = await folderWriter(out);
  await put(second, 'new.bin', 'new');
  await put(second, MANIFEST_PATH, manifestOf('2'));
  await second.publish();
  expect(await readdir(out)).toEqual([MANIFEST_PATH, 'new.bin']);
  expect(await readdir(base)).toEqual(['model']);
});

test('other people’s folders and files are left alone', async () => {
  await writeFile(join(base, 'file'), 'x');
  await expect(folderWriter(join(base, 'file'))).rejects.toThrow(InvalidInputError);
  await mkdir(join(base, 'photos'));
  await writeFile(join(base, 'photos', 'cat.jpg'), 'x');
  await expect(folderWriter(join(base, 'photos'))).rejects.toThrow(InvalidInputError);

  const out = join(base, 'empty');
  await mkdir(out);
  const writer = await folderWriter(out); // an empty folder is fine …
  await writeFile(join(out, 'mine.txt'), 'x'); // … unless something appears in it meanwhile
  await expect(writer.publish()).rejects.toThrow(InvalidInputError);
  await writer.abort();
  expect(await readdir(out)).toEqual(['mine.txt']);
});

test('a folder that only mentions the format, or has other files beside a bundle, is left alone', async () => {
  const folder = async (name: string, files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(base, name, path)), { recursive: true });
      await writeFile(join(base, name, path), text);
    }
    return join(base, name);
  };
  const manifest = await nanoManifest();
  const foreign = [
    await folder('note', { [MANIFEST_PATH]: manifestOf('1'), 'thesis.txt': 'x' }),
    await folder('mention', { [MANIFEST_PATH]: '"vlm2vec-bundle"' }),
    await folder('beside', { [MANIFEST_PATH]: manifest, 'thesis.txt': 'x' }),
    await folder('below', { [MANIFEST_PATH]: manifest, 'photos/cat.jpg': 'x' }),
    await folder('as-folder', { [MANIFEST_PATH]: manifest, 'tokenizer.json/x': 'x' }),
  ];
  for (const out of foreign) {
    const before = await readdir(out, { recursive: true });
    await expect(folderWriter(out), out).rejects.toThrow(InvalidInputError);
    expect(await readdir(out, { recursive: true })).toEqual(before);
  }
  await expect(folderWriter(foreign[2]!)).rejects.toThrow('thesis.txt');

  const writer = await folderWriter(await folder('late', { [MANIFEST_PATH]: manifest }));
  await writeFile(join(base, 'late', 'thesis.txt'), 'x');
  await expect(writer.publish()).rejects.toThrow(InvalidInputError);
  await writer.abort();
  expect(await readdir(join(base, 'late'))).toEqual([MANIFEST_PATH, 'thesis.txt']);
});

test('a link stays a link, and a link to nothing is refused', async () => {
  await mkdir(join(base, 'disk'));
  await symlink(join(base, 'disk'), join(base, 'model'));
  const writer = await folderWriter(join(base, 'model'));
  await put(writer, MANIFEST_PATH, manifestOf('1'));
  await writer.publish();
  expect((await lstat(join(base, 'model'))).isSymbolicLink()).toBe(true);
  expect(await readdir(join(base, 'disk'))).toEqual([MANIFEST_PATH]);
  await symlink(join(base, 'nowhere'), join(base, 'dangling'));
  await expect(folderWriter(join(base, 'dangling'))).rejects.toThrow('a link to nothing');
  expect((await lstat(join(base, 'dangling'))).isSymbolicLink()).toBe(true);
});

test('paths that leave the folder are refused', async () => {
  await writeFile(join(base, 'secret'), 'x');
  await mkdir(join(base, 'model'));
  const reader = folderBundle(join(base, 'model'));
  for (const path of ['../secret', '/etc/passwd', 'absent', '.']) {
    await expect(reader.open(path)).rejects.toThrow(SourceNotFoundError);
  }
  const writer = await folderWriter(join(base, 'model'));
  await expect(writer.create('../x')).rejects.toThrow(VLM2VecError);
  await put(writer, 'a', 'x');
  await expect(writer.create('a')).rejects.toThrow(VLM2VecError);
  await writer.abort();
});

test('a file that was opened is never read from another bundle at the same place', async () => {
  const path = join(base, 'a.bin');
  await writeFile(path, 'hello');
  const opened = await folderBundle(base).open('a.bin');
  expect(await opened.read(0, 5)).toEqual(bytes('hello'));
  await writeFile(join(base, 'other.bin'), 'jelly'); // of the same length
  await utimes(join(base, 'other.bin'), 1, 1); // clocks of file systems tick slowly
  await rename(join(base, 'other.bin'), path);
  await expect(opened.read(0, 5)).rejects.toThrow(/a\.bin was changed or replaced.* load it again/);
  await expect(opened.read(0, 5)).rejects.toBeInstanceOf(IntegrityError);
  await rm(path);
  await expect(opened.read(0, 5)).rejects.toThrow(/a\.bin can no longer be read \(ENOENT\)/);
  await expect(opened.read(0, 5)).rejects.toBeInstanceOf(SourceNotFoundError);
});

test('ranges outside a file, or a file that shrank, are named errors', async () => {
  await writeFile(join(base, 'a.bin'), '12345');
  const file = await folderBundle(base).open('a.bin');
  for (const [start, end] of [
    [0, 6],
    [-1, 2],
    [3, 2],
    [0.5, 2],
  ] as const) {
    await expect(file.read(start, end)).rejects.toThrow(IntegrityError);
  }
  await writeFile(join(base, 'a.bin'), '12');
  await expect(file.read(0, 5)).rejects.toThrow(IntegrityError);
});

test('what a killed process left behind goes with the next writer, and the bundle that it had moved away comes back', async () => {
  const out = join(base, 'model');
  const name = (
    await folderWriter(out).then(async (writer) => [await readdir(base), await writer.abort()] as const)
  )[0][0]!;
  const gone = name.replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`); // above the largest process id
  const foreign = gone.replace(/partial-.{8}/, 'partial-00000000'); // of another machine
  const alive = name.replace(`-${process.pid}-`, `-${process.ppid}-`);
  const others = ['.model.partial-notes', '.models.partial-12345678-1-12345678', 'model2'];
  for (const each of [gone, foreign, alive, ...others]) await mkdir(join(base, each));
  await mkdir(join(base, `${gone}-previous`));
  await writeFile(join(base, `${gone}-previous`, MANIFEST_PATH), await nanoManifest());

  const writer = await folderWriter(out);
  expect(await readFile(join(out, MANIFEST_PATH), 'utf8')).toBe(await nanoManifest());
  await writer.abort();
  expect((await readdir(base)).sort()).toEqual([foreign, alive, ...others, 'model'].sort());
});

test('a resumable writer publishes although a crash left an older bundle aside', async () => {
  const out = join(base, 'model');
  await mkdir(join(base, '.model.partial-previous'));
  await writeFile(join(base, '.model.partial-previous', 'old'), '');
  for (const text of ['1', '2']) {
    const writer = await folderWriter(out, { resume: true });
    await put(writer, MANIFEST_PATH, manifestOf(text));
    await writer.publish();
  }
  expect(await readFile(join(out, MANIFEST_PATH), 'utf8')).toBe(manifestOf('2'));
  expect(await readdir(base)).toEqual(['model']);
});
