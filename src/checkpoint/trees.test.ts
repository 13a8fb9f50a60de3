import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointFormatError, SourceNotFoundError } from '../errors';
import { blobTree } from './blob-tree';
import { folderTree } from './folder.node';

const HOSTILE_PATHS = ['', '/etc/passwd', '../secret', 'a/../../secret', 'a\\b', 'C:/x', './a', 'a//b', 'a\0b'];

describe('folderTree', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tree-'));
    await mkdir(join(folder, 'model/sub'), { recursive: true });
    await mkdir(join(folder, 'model/.git'));
    await writeFile(join(folder, 'secret'), 'secret');
    await writeFile(join(folder, 'model/config.json'), '{"a":1}');
    await writeFile(join(folder, 'model/sub/b.txt'), 'b');
    await writeFile(join(folder, 'model/.git/index'), '');
    await symlink('../config.json', join(folder, 'model/sub/link.json')); // as in the Hub's cache
    await symlink('..', join(folder, 'model/sub/loop'));
    await symlink('nowhere', join(folder, 'model/dangling'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lists files and links to files, and does not follow links to folders', async () => {
    const tree = await folderTree(join(folder, 'model'));
    expect(await tree.list()).toEqual(['config.json', 'sub/b.txt', 'sub/link.json']);
    expect(tree).toMatchObject({ label: 'model', revision: null });
  });

  it('reads ranges', async () => {
    const source = await (await folderTree(join(folder, 'model'))).open('sub/link.json');
    expect(source.size).toBe(7);
    expect(new TextDecoder().decode(await source.read(1, 4))).toBe('"a"');
    expect(await source.read(7, 7)).toHaveLength(0);
    for (const [start, end] of [
      [-1, 2],
      [0, 8],
      [5, 4],
      [NaN, 1],
    ] as const) {
      await expect(source.read(start, end)).rejects.toBeInstanceOf(CheckpointFormatError);
    }
    await expect(source.read(0, 7, AbortSignal.abort())).rejects.toHaveProperty('name', 'AbortError');
    const tree = await folderTree(join(folder, 'model'));
    await expect(tree.open('config.json', AbortSignal.abort())).rejects.toHaveProperty('name', 'AbortError');
  });

  it('never leaves the folder', async () => {
    const tree = await folderTree(join(folder, 'model'));
    for (const path of HOSTILE_PATHS) await expect(tree.open(path)).rejects.toBeInstanceOf(SourceNotFoundError);
  });

  it('says what is not there', async () => {
    await expect(folderTree(join(folder, 'no'))).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(folderTree(join(folder, 'secret'))).rejects.toBeInstanceOf(SourceNotFoundError);
    const tree = await folderTree(join(folder, 'model'));
    for (const path of ['no.json', 'sub', 'dangling']) {
      await expect(tree.open(path)).rejects.toBeInstanceOf(SourceNotFoundError);
    }
  });

  it('notices a file that shrinks or disappears while it is read', async () => {
    const path = join(folder, 'model/shrinking.bin');
    await writeFile(path, 'abcdef');
    const source = await (await folderTree(join(folder, 'model'))).open('shrinking.bin');
    await truncate(path, 3);
    await expect(source.read(0, 6)).rejects.toBeInstanceOf(CheckpointFormatError);
    await rm(path);
    await expect(source.read(0, 3)).rejects.toBeInstanceOf(SourceNotFoundError);
  });
});

describe('blobTree', () => {
  const blob = (text: string) => new Blob([text]);

  it('reads ranges of blobs', async () => {
    const tree = blobTree(
      [
        { path: 'a.txt', blob: blob('hello') },
        { path: 'sub/b.txt', blob: blob('') },
      ],
      'upload',
    );
    expect(await tree.list()).toEqual(['a.txt', 'sub/b.txt']);
    const source = await tree.open('a.txt');
    expect(new TextDecoder().decode(await source.read(1, 3))).toBe('el');
    await expect(source.read(0, 6)).rejects.toBeInstanceOf(CheckpointFormatError);
    await expect(source.read(0, 1, AbortSignal.abort())).rejects.toHaveProperty('name', 'AbortError');
    await expect(tree.open('b.txt')).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(tree.open('__proto__')).rejects.toBeInstanceOf(SourceNotFoundError);
  });

  it('leaves out the folder that was picked', async () => {
    const tree = blobTree(
      [
        { path: 'model/config.json', blob: blob('{}') },
        { path: 'model/x/y', blob: blob('') },
      ],
      'upload',
    );
    expect(await tree.list()).toEqual(['config.json', 'x/y']);
  });

  it('refuses invalid paths, and files given twice', () => {
    for (const path of HOSTILE_PATHS) {
      expect(() =>
        blobTree(
          [
            { path: 'a', blob: blob('') },
            { path, blob: blob('') },
          ],
          'upload',
        ),
      ).toThrow(SourceNotFoundError);
    }
    const twice = { path: 'a', blob: blob('') };
    expect(() => blobTree([twice, twice], 'upload')).toThrow(SourceNotFoundError);
  });

  it('names a file that can no longer be read', async () => {
    const gone = blob('abc');
    gone.slice = () =>
      ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }) as unknown as Blob;
    const source = await blobTree([{ path: 'a', blob: gone }], 'upload').open('a');
    await expect(source.read(0, 3)).rejects.toBeInstanceOf(SourceNotFoundError);
  });
});
