import { expect, test } from 'vitest';
import { droppedFolder, folderOf, holds, type DroppedItem } from './folder';

const file = (name: string) => new File(['x'], name);
const fileEntry = (name: string) => ({
  isFile: true,
  isDirectory: false,
  name,
  file: (done: (file: File) => void) => done(file(name)),
});

/** A folder as `webkitGetAsEntry` gives it, two entries at a time. */
function folderEntry(name: string, entries: object[]) {
  const left = [...entries];
  const createReader = () => ({ readEntries: (done: (entries: object[]) => void) => done(left.splice(0, 2)) });
  return { isFile: false, isDirectory: true, name, createReader };
}

const item = (entry: object | null, handle?: object): DroppedItem => ({
  webkitGetAsEntry: () => entry as FileSystemEntry | null,
  ...(handle ? { getAsFileSystemHandle: async () => handle as FileSystemHandle } : {}),
});

test('a dropped folder: as a handle if the browser supports them', async () => {
  const handle = { kind: 'directory', name: 'bundle' };
  expect(await droppedFolder([item(folderEntry('bundle', []), handle)])).toEqual({ name: 'bundle', source: handle });
});

test('a dropped folder: all its files if there are no handles, but nothing deeper', async () => {
  const names = ['config.json', 'a.safetensors', 'b.safetensors', 'tokenizer.json', 'merges.txt'];
  const entry = folderEntry('checkpoint', [...names.map(fileEntry), folderEntry('.git', [fileEntry('config')])]);
  const dropped = await droppedFolder([item(entry)]);
  expect(dropped!.name).toBe('checkpoint');
  expect((dropped!.source as File[]).map((each) => each.name)).toEqual(names);
});

test('anything but a folder', async () => {
  expect(await droppedFolder([])).toBeNull();
  expect(await droppedFolder([item(null)])).toBeNull();
  expect(await droppedFolder([item(fileEntry('a.zip'), { kind: 'file', name: 'a.zip' })])).toBeNull();
});

test('a file input for folders gives the folder in each file’s path', () => {
  const inFolder = Object.defineProperty(file('config.json'), 'webkitRelativePath', { value: 'model/config.json' });
  expect(folderOf([inFolder])).toEqual({ name: 'model', source: [inFolder] });
  expect(folderOf([])).toBeNull();
});

test('whether a folder holds a file, however it was provided', async () => {
  const at = (path: string) =>
    Object.defineProperty(file(path.split('/').at(-1)!), 'webkitRelativePath', { value: path });
  const picked = folderOf([at('model/config.json'), at('model/old/adapter_config.json')])!;
  expect([await holds(picked, 'config.json'), await holds(picked, 'adapter_config.json')]).toEqual([true, false]);
  const getFileHandle = async (name: string) => {
    if (name !== 'config.json') throw new DOMException('no such file', 'NotFoundError');
  };
  const opened = { name: 'model', source: { getFileHandle } as unknown as FileSystemDirectoryHandle };
  expect([await holds(opened, 'config.json'), await holds(opened, 'adapter_config.json')]).toEqual([true, false]);
});
