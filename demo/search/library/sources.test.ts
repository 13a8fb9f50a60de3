import { expect, test } from 'vitest';
import { fromPicked, readDrop } from './sources';

const picked = (path: string) =>
  Object.defineProperty(new File(['x'], path.split('/').at(-1)!), 'webkitRelativePath', { value: path });
const file = (name: string, type = 'image/png') => new File(['x'], name, { type });

test('a picked folder gives its name and paths without it', () => {
  const source = fromPicked([picked('Holidays/a.jpg'), picked('Holidays/2024/b.jpg')]);
  expect(source).toMatchObject({ name: 'Holidays', files: [{ path: 'a.jpg' }, { path: '2024/b.jpg' }] });
  expect(fromPicked([])).toBeNull();
});

/** A folder as drops give it, in portions, as browsers do. */
function entry(name: string, children: (object | File)[]): object {
  const entries = children.map((child) =>
    child instanceof File
      ? { isFile: true, isDirectory: false, name: child.name, file: (ok: (file: File) => void) => ok(child) }
      : child,
  );
  return {
    isFile: false,
    isDirectory: true,
    name,
    createReader: () => {
      const left = [...entries];
      return { readEntries: (ok: (part: object[]) => void) => ok(left.splice(0, 1)) };
    },
  };
}
const fileItem = (file: File) => ({
  kind: 'file',
  getAsFile: () => file,
  webkitGetAsEntry: () => ({ isFile: true, isDirectory: false }),
});
const folderItem = (folder: object) => ({
  kind: 'file',
  getAsFile: () => file('folder', ''),
  webkitGetAsEntry: () => folder,
});
const drop = (...items: object[]) => readDrop({ items: items as unknown as DataTransferItemList }, 'Dropped pictures');

test('one picture is a query, several are a folder', async () => {
  const [a, b] = [file('a.png'), file('b.png')];
  expect(await drop(fileItem(a))).toEqual({ kind: 'picture', file: a });
  expect(await drop(fileItem(a), fileItem(b))).toEqual({
    kind: 'folders',
    sources: [
      {
        name: 'Dropped pictures',
        files: [
          { path: 'a.png', file: a },
          { path: 'b.png', file: b },
        ],
      },
    ],
  });
});

test('a folder is read completely if the browser has no handles', async () => {
  const [a, b, c] = [file('a.png'), file('b.png'), file('c.png')];
  expect(await drop(folderItem(entry('F', [a, entry('G', [b, entry('H', [c])])])))).toEqual({
    kind: 'folders',
    sources: [
      {
        name: 'F',
        files: [
          { path: 'a.png', file: a },
          { path: 'G/b.png', file: b },
          { path: 'G/H/c.png', file: c },
        ],
      },
    ],
  });
});

test('a handle is kept if there is one, and loose files beside a folder are not lost', async () => {
  const handle = { kind: 'directory', name: 'F' };
  const a = file('a.png');
  const dropped = await drop({ ...folderItem(entry('F', [])), getAsFileSystemHandle: async () => handle }, fileItem(a));
  expect(dropped).toEqual({
    kind: 'folders',
    sources: [{ handle }, { name: 'Dropped pictures', files: [{ path: 'a.png', file: a }] }],
  });
});

test('text and files that are not pictures are ignored', async () => {
  expect(await drop({ kind: 'string' })).toEqual({ kind: 'nothing' });
  expect(await drop(fileItem(file('a.txt', 'text/plain')))).toEqual({ kind: 'nothing' });
});
