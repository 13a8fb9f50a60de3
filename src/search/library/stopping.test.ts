import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryStorage } from '../../testing/memory-opfs';
import { openBrowserStorage } from './browser-storage';
import { deleteDatabase } from './database';
import { exportIndex } from './export';
import { importIndex } from './import';
import { Library, type Addition } from './library';
import { exportParquet } from './parquet';

const place = { place: 'stopping', name: 'photos', modelId: 'm', modelName: null, dims: 8 };
let library: Library;

beforeEach(async () => {
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000)); // every look at the clock lets other work run
  library = await open('stopping');
});
afterEach(async () => {
  await library.close();
  await deleteDatabase('stopping');
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function open(name: string, first = 1, count = 12): Promise<Library> {
  const opened = await Library.open({ ...place, place: name }, await openBrowserStorage(name, () => undefined), true);
  await opened.commit({
    add: Array.from({ length: count }, (_, i) => picture(first + i)),
    folders: { put: [{ id: 1, name: 'Photos', handle: null, found: count }] },
  });
  return opened;
}

function picture(id: number): Addition {
  const facts = { size: 1, modified: 1, taken: 1, dated: false, camera: null, place: null, width: 1, height: 1 };
  const vector = Float32Array.from({ length: 8 }, (_, i) => Math.sin(id * (i + 1)));
  const length = Math.hypot(...vector);
  return {
    row: { id, folderId: 1, path: `${id}.jpg`, kind: 'picture', hash: id.toString(16).padStart(64, '0'), ...facts },
    vector: vector.map((value) => value / length),
    thumb: { bytes: new Uint8Array(50).fill(id), type: 'image/webp' },
  };
}

/** Everything observable about a library, including what it has in storage. */
async function contents(of: Library) {
  const rows = [...of.catalog.files.values()];
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec-search');
  const files: string[] = [];
  for await (const name of (await folder.getDirectoryHandle(of.place.place)).keys()) files.push(name);
  const thumbnails = await Promise.all(rows.map((row) => of.readThumbnail(row as never)));
  return { rows, files: files.sort(), meta: of.meta, vectors: rows.map(({ id }) => at(of, id)), thumbnails };
}

function at(of: Library, id: number): number[] {
  return [...of.catalog.vectors.get(of.catalog.picture(id)!.slot)];
}

/** A signal that is aborted when it is checked for the nth time. */
function abortedAt(look: number): { signal: AbortSignal; looks: () => number } {
  let looks = 0;
  const throwIfAborted = () => {
    if (++looks === look) throw new DOMException('stopped', 'AbortError');
  };
  return { signal: { throwIfAborted } as AbortSignal, looks: () => looks };
}

/**
 * Stops the work at every place where that is possible, one after another, then lets it end. Resolves to the number of
 * places.
 */
async function stopEverywhere(work: (signal: AbortSignal) => Promise<unknown>, check: () => Promise<void>) {
  for (let look = 1; ; look++) {
    const { signal, looks } = abortedAt(look);
    const error = await work(signal).then(
      () => null,
      (cause: Error) => cause,
    );
    if (!error) {
      expect(looks()).toBe(look - 1);
      return look - 1;
    }
    expect(error.name).toBe('AbortError');
    await check();
  }
}

test('an export, as one file or as Parquet, can be stopped at every picture or group, and changes nothing', async () => {
  const before = await contents(library);
  const check = async () => expect(await contents(library)).toEqual(before);
  expect(await stopEverywhere((signal) => exportIndex(library, signal), check)).toBeGreaterThanOrEqual(12);
  expect(await stopEverywhere((signal) => exportParquet(library, signal), check)).toBeGreaterThanOrEqual(2);
  await check();
});

test('an import that is stopped anywhere has changed nothing; a completed one has changed everything', async () => {
  const exported = await exportIndex(library);
  const other = await open('other', 101, 3);
  try {
    const before = await contents(other);
    const places = await stopEverywhere(
      (signal) => importIndex(other, exported, signal),
      async () => expect(await contents(other)).toEqual(before),
    );
    expect(places).toBeGreaterThanOrEqual(6); // each section twice: while it is checked and while it is written
    const after = await contents(other);
    const { rows, vectors, thumbnails } = await contents(library);
    expect(after).toMatchObject({ rows, vectors, thumbnails });
    expect(after.files).toEqual(['thumbnails-2.bin', 'vectors-2.bin']);
  } finally {
    await other.close();
    await deleteDatabase('other');
  }
});
