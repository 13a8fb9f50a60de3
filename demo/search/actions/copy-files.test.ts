import { expect, test } from 'vitest';
import { copyFiles, numbered, type CopyFilesOptions } from './copy-files';

const fail = (name: string) => Promise.reject(new DOMException('as a test wants it', name));

/** A folder that writes on close, as browsers do, and can be made to fail. */
class FakeFolder {
  readonly files = new Map<string, Blob | 'folder'>();
  /** Failures of writes, by the name of what is written. */
  readonly broken = new Map<string, string>();

  async getFileHandle(name: string, { create = false } = {}) {
    if (/^$|^\.\.?$|[/\0]/.test(name)) throw new TypeError('Name is not allowed.');
    const there = this.files.get(name);
    if (there === 'folder') return fail('TypeMismatchError');
    if (!there && !create) return fail('NotFoundError');
    if (!there) this.files.set(name, new Blob([]));
    return {
      getFile: async () => new File([this.files.get(name) as Blob], name),
      createWritable: async () => {
        const parts: BlobPart[] = [];
        return {
          write: async (part: BlobPart) => {
            if (this.broken.has(name)) await fail(this.broken.get(name)!);
            parts.push(part);
          },
          close: async () => void this.files.set(name, new Blob(parts)),
          abort: async () => undefined,
        };
      },
    };
  }

  async removeEntry(name: string) {
    this.files.delete(name);
  }

  async contents(): Promise<Record<string, string>> {
    const all = [...this.files].filter(([, file]) => file !== 'folder') as [string, Blob][];
    return Object.fromEntries(await Promise.all(all.map(async ([name, file]) => [name, await file.text()] as const)));
  }
}

/** @param contents by id; null for a file that is gone */
function copying(
  folder: FakeFolder,
  names: string[],
  contents: (string | null)[],
  more: Partial<CopyFilesOptions> = {},
) {
  return copyFiles({
    folder: folder as unknown as FileSystemDirectoryHandle,
    items: names.map((name, id) => ({ id, name, path: `Photos/${name}` })),
    file: async (id) => (contents[id] === null ? fail('NotReadableError') : new File([contents[id]!], names[id]!)),
    tooShort: 'too short',
    ...more,
  });
}

test('taken names get a number; the same bytes are not written twice; nothing is overwritten', async () => {
  const folder = new FakeFolder();
  folder.files.set('a.jpg', new Blob(['older']));
  folder.files.set('a (2).jpg', 'folder');
  const names = ['a.jpg', 'a.jpg', 'b.jpg', 'a.jpg', '.hidden', '.hidden'];
  const report = await copying(folder, names, ['one', 'two', 'b', 'older', 'x', 'y']);
  expect(report).toEqual({ copied: 5, renamed: 3, present: 1, failed: [], left: 0, ended: null });
  expect(await folder.contents()).toEqual({
    ...{ 'a.jpg': 'older', 'a (3).jpg': 'one', 'a (4).jpg': 'two', 'b.jpg': 'b' },
    ...{ '.hidden': 'x', '.hidden (2)': 'y' },
  });
  expect(await copying(folder, names, ['one', 'two', 'b', 'older', 'x', 'y'])).toMatchObject({ copied: 0, present: 6 });
});

test('a file that cannot be read, or whose name is not valid there, affects no other and leaves nothing', async () => {
  const folder = new FakeFolder();
  const seen: number[] = [];
  const report = await copying(folder, ['gone.jpg', '..', 'good.jpg'], [null, 'x', 'good'], {
    onProgress: (done) => seen.push(done),
  });
  expect(report).toMatchObject({ copied: 1, left: 0, ended: null });
  expect(report.failed.map(({ path }) => path)).toEqual(['Photos/gone.jpg', 'Photos/..']);
  expect(await folder.contents()).toEqual({ 'good.jpg': 'good' });
  expect(seen).toEqual([1, 2, 3]);
});

test('a file that ends in the middle, or comes out shorter, is not left incomplete', async () => {
  const folder = new FakeFolder();
  const torn = new File(['torn'], 'torn.jpg');
  torn.stream = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('to'));
        controller.error(new DOMException('the drive is gone', 'NotFoundError'));
      },
    });
  const short = new File(['short'], 'short.jpg');
  short.stream = () => new Blob(['sho']).stream();
  const files = [torn, short, new File(['fine'], 'fine.jpg')];
  const report = await copying(folder, ['torn.jpg', 'short.jpg', 'fine.jpg'], [], { file: async (id) => files[id]! });
  expect(report).toMatchObject({ copied: 1, ended: null });
  expect(report.failed.map(({ path }) => path)).toEqual(['Photos/torn.jpg', 'Photos/short.jpg']);
  expect((report.failed[1]!.error as Error).message).toBe('too short');
  expect(await folder.contents()).toEqual({ 'fine.jpg': 'fine' });
});

test.each([
  ['QuotaExceededError', 'full'],
  ['NotAllowedError', 'refused'],
  ['NotFoundError', 'gone'],
])('a folder that says %s ends it at once, with what was written before', async (name, ended) => {
  const folder = new FakeFolder();
  folder.broken.set('b.jpg', name);
  expect(await copying(folder, ['a.jpg', 'b.jpg', 'c.jpg'], ['a', 'b', 'c'])).toEqual({
    ...{ copied: 1, renamed: 0, present: 0, failed: [], left: 2, ended },
  });
  expect(await folder.contents()).toEqual({ 'a.jpg': 'a' });
});

test('when stopped, it leaves complete files alone', async () => {
  const folder = new FakeFolder();
  const stop = new AbortController();
  const report = await copying(folder, ['a.jpg', 'b.jpg', 'c.jpg'], ['a', 'b', 'c'], {
    signal: stop.signal,
    onProgress: (done) => done === 1 && stop.abort(),
  });
  expect(report).toMatchObject({ copied: 1, left: 2, ended: 'stopped' });
  expect(await folder.contents()).toEqual({ 'a.jpg': 'a' });
});

test('numbers go before the extension', () => {
  expect(['a.tar.gz', 'plain', '.env'].map((name) => numbered(name, 2))).toEqual([
    'a.tar (2).gz',
    'plain (2)',
    '.env (2)',
  ]);
});
