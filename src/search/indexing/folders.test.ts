import { beforeEach, expect, test } from 'vitest';
import { PackedVectors } from '../vectors/index';
import type { Attempts } from './attempts';
import { Catalog } from '../library/catalog';
import { Folders } from './folders';
import { READER, type PictureRow } from '../library/rows';
import { split, walkFolder } from './work';

/** Handles as browsers give them, on a disk that can be disconnected. */
class FakeFolder {
  readonly kind = 'directory';
  readonly entries = new Map<string, FakeFolder | FakeFile>();
  permission: PermissionState = 'granted';
  fault: DOMException | null = null;

  constructor(readonly name: string) {}

  add(path: string): void {
    const [first, ...rest] = path.split('/') as [string, ...string[]];
    if (rest.length === 0) return void this.entries.set(first, new FakeFile(first));
    const folder = this.entries.get(first) ?? new FakeFolder(first);
    this.entries.set(first, folder);
    (folder as FakeFolder).add(rest.join('/'));
  }

  /** From now on, it and everything in it throw this. */
  break(name: string): void {
    this.fault = new DOMException(`${this.name}: ${name}`, name);
    for (const entry of this.entries.values()) entry.break(name);
  }

  async *values() {
    if (this.fault) throw this.fault;
    yield* [...this.entries.values()];
  }

  async *keys() {
    if (this.fault) throw this.fault;
    yield* [...this.entries.keys()];
  }

  isSameEntry = async (other: unknown) => other === this;
  queryPermission = async () => this.permission;
}

class FakeFile {
  readonly kind = 'file';
  fault: DOMException | null = null;
  constructor(readonly name: string) {}
  break(name: string): void {
    this.fault = new DOMException(`${this.name}: ${name}`, name);
  }
  getFile = async () => {
    if (this.fault) throw this.fault;
    return new File(['x'], this.name, { lastModified: 5 });
  };
}

const PATHS = ['a.jpg', 'b.jpg', '2024/c.jpg', '2024/d.jpg', '2025/e.jpg'];
const ID = 1;
let disk: FakeFolder;
let catalog: Catalog;
let folders: Folders;

const handle = (folder: FakeFolder) => folder as unknown as FileSystemDirectoryHandle;
const indexed = (path: string, id: number): PictureRow => ({
  id,
  folderId: ID,
  path,
  size: 1,
  modified: 5,
  reader: READER,
  kind: 'picture',
  slot: id - 1,
  thumb: { at: 0, bytes: 1, type: 'image/webp' },
  taken: 0,
  dated: false,
  camera: null,
  place: null,
  width: 1,
  height: 1,
  hash: String(id),
});

beforeEach(() => {
  disk = new FakeFolder('Photos');
  for (const path of PATHS) disk.add(path);
  const vectors = new PackedVectors({ dims: 2, model: 'm' });
  for (const _ of PATHS) vectors.add(Float32Array.of(1, 0));
  const row = { id: ID, name: 'Photos', handle: handle(disk), found: 5 };
  catalog = new Catalog(
    vectors,
    [row],
    PATHS.map((path, i) => indexed(path, i + 1)),
  );
  folders = new Folders();
});

async function walk() {
  const source = (await folders.sources(catalog)).get(ID);
  if (!source) return null;
  const result = await walkFolder(ID, source, catalog, () => undefined);
  await folders.walked(ID, result, catalog);
  return result;
}

const described = () => folders.describe(catalog)[0]!;

test('an intact folder: nothing is new, nothing is missing, no problem', async () => {
  expect(await walk()).toEqual({ works: [], found: 5, unread: [], emptied: false });
  expect(described()).toEqual({
    id: ID,
    name: 'Photos',
    access: 'ready',
    problem: null,
    found: 5,
    indexed: 5,
    older: 0,
  });
});

test('files that an earlier version read are read again: pictures for their metadata, others as if they were new', async () => {
  const { reader: _, ...old } = catalog.files.get(1) as PictureRow;
  catalog.put(old);
  catalog.put({ ...old, id: 2, path: 'b.jpg', slot: 1, dated: true });
  catalog.put({ id: 3, folderId: ID, path: '2024/c.jpg', size: 1, modified: 5, kind: 'skipped', reason: 'no' });
  expect(described()).toMatchObject({ indexed: 4, older: 2 });
  const works = (await walk())!.works.map(({ path, unchanged }) => [path, unchanged]);
  expect(works.sort()).toEqual([
    ['2024/c.jpg', false],
    ['a.jpg', true],
    ['b.jpg', true],
  ]);
  catalog.put({ ...old, reader: READER });
  expect(described()).toMatchObject({ older: 1 });
});

test('a deleted picture is missing; so is one that disappears between being listed and being opened', async () => {
  disk.entries.delete('a.jpg');
  const b = disk.entries.get('b.jpg') as FakeFile;
  b.getFile = async () => {
    disk.entries.delete('b.jpg');
    throw new DOMException('gone', 'NotFoundError');
  };
  await walk();
  expect(catalog.missing).toEqual([1, 2]);
  expect(described()).toMatchObject({ problem: null, indexed: 3 });
});

test('a missing folder loses no picture, and is reported', async () => {
  disk.break('NotFoundError');
  await walk();
  expect(catalog.missing).toEqual([]);
  const { problem, indexed: left } = described();
  expect(problem).toMatchObject({ kind: 'gone', path: 'Photos' });
  expect(problem!.reason).toMatch(/“Photos” is not there.*5 pictures stay.*Connect the drive.*or remove it/);
  expect(left).toBe(5);
  expect(await folders.check(ID, catalog)).toBe(false);
});

test('a drive that is disconnected during a scan loses no picture', async () => {
  const folder = disk.entries.get('2024') as FakeFolder;
  const values = folder.values.bind(folder);
  folder.values = async function* () {
    yield* values(); // completely listed, then gone before a file is opened
    disk.break('NotFoundError');
  };
  await walk();
  expect(catalog.missing).toEqual([]);
  expect(described()).toMatchObject({ problem: { kind: 'gone' }, indexed: 5 });
});

test('a file that is listed but cannot be opened is kept', async () => {
  (disk.entries.get('a.jpg') as FakeFile).break('NotFoundError');
  await walk();
  expect(catalog.missing).toEqual([]);
  expect(described()).toMatchObject({ problem: { kind: 'partial', path: 'Photos/a.jpg' } });
});

test('a part that cannot be read is kept, and the rest is compared', async () => {
  (disk.entries.get('2024') as FakeFolder).break('NotReadableError');
  disk.entries.delete('a.jpg');
  await walk();
  expect(catalog.missing).toEqual([1]);
  const { problem } = described();
  expect(problem).toMatchObject({ kind: 'partial', path: 'Photos/2024/' });
  expect(problem!.reason).toMatch(/Part of it could not be read.*Photos\/2024\/.*NotReadableError.*again/);
});

test('a folder with no picture left does not count as 5 deleted pictures: it may be a drive that is not connected', async () => {
  disk.entries.clear();
  await walk();
  expect(catalog.missing).toEqual([]);
  expect(described()).toMatchObject({ problem: { kind: 'empty', path: 'Photos' }, indexed: 5 });
});

test('when a folder is back, its problem clears', async () => {
  disk.break('NotFoundError');
  await walk();
  const again = new FakeFolder('Photos');
  for (const path of PATHS) again.add(path);
  disk.fault = null;
  await folders.checkAll(catalog);
  expect(described().problem).toBeNull();
  disk.break('NotFoundError');
  await folders.checkAll(catalog); // as on the next visit, before anything is started
  expect(described().problem).toMatchObject({ kind: 'gone' });
  // The user selects it at its present place: the same folder, with nothing new in it.
  const row = await folders.add({ handle: handle(again) }, catalog);
  expect(row).toMatchObject({ id: ID, handle: again });
  catalog.folders.set(ID, row);
  expect(await walk()).toMatchObject({ works: [], found: 5 });
  expect(described().problem).toBeNull();
});

test('a different folder with the same name is treated as different', async () => {
  await walk();
  expect(await folders.add({ handle: handle(new FakeFolder('Photos')) }, catalog)).toMatchObject({
    id: 2,
    name: 'Photos (2)',
  });
});

test('without permission it is not scanned; a permission that is withdrawn meanwhile is reported', async () => {
  disk.permission = 'prompt';
  expect(await walk()).toBeNull();
  expect(described()).toMatchObject({ access: 'ask', indexed: 5 });
  disk.permission = 'granted';
  disk.break('NotAllowedError');
  await walk();
  expect(catalog.missing).toEqual([]);
  expect(described().problem).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/permission/) });
});

test('picked files that can no longer be read: one means a changed file, all mean a missing folder', async () => {
  const files = PATHS.map((path) => ({ path, file: new File(['x'], path) }));
  const unreadable = (file: File) => {
    file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('no', 'NotReadableError')) }) as never;
  };
  catalog.folders.set(ID, { id: ID, name: 'Photos', handle: null, found: 5 });
  await folders.add({ name: 'Photos', files }, catalog);
  unreadable(files[0]!.file);
  expect(await folders.check(ID, catalog)).toBe(true);
  for (const { file } of files) unreadable(file);
  expect(await folders.check(ID, catalog)).toBe(false);
  expect(described().problem).toMatchObject({ kind: 'gone' });
});

test('suspects are tried last, and those that died alone last of all', async () => {
  const deaths: Record<string, number> = { b: 1, c: 0 };
  const attempts = {
    isSuspect: (key: string) => key in deaths,
    deathsAlone: (key: string) => deaths[key] ?? 0,
  } as Attempts;
  const works = ['a', 'b', 'c', 'd'].map((key) => ({ key }) as never);
  const { sound, suspect } = split(works, attempts);
  expect([sound, suspect].map((part) => part.map(({ key }) => key).join(''))).toEqual(['ad', 'cb']);
});
