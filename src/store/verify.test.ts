import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import type { Progress } from '../bundle/progress';
import type { BundleReader } from '../bundle/storage';
import { bundleFiles } from '../bundle/validate';
import { FileHasher } from '../bundle/hash';
import { BundleFormatError, IntegrityError, SourceNotFoundError } from '../errors';
import { convertCheckpoint } from '../convert';
import { fakeCheckpoint } from '../convert/fake-checkpoint';
import { blobBundle } from './blobs';
import { bytesFile } from './bytes-file';
import { folderBundle } from './folder.node';
import { memoryBundle } from './memory';
import {
  copyBundle,
  readManifest,
  verifiedBytes,
  verifiedData,
  verifiedRange,
  verifyBundle,
  verifyFile,
} from './verify';

async function bundle(): Promise<{ manifest: BundleManifest; reader: BundleReader; files: Map<string, Uint8Array> }> {
  const { writer, reader } = memoryBundle();
  const manifest = await convertCheckpoint({ checkpoint: fakeCheckpoint(), writer, dtype: 'q4' });
  const files = new Map<string, Uint8Array>();
  for (const path of [MANIFEST_PATH, ...bundleFiles(manifest).map((file) => file.path)]) {
    const file = await reader.open(path);
    files.set(path, await file.read(0, file.size));
  }
  return { manifest, reader, files };
}

function readerOf(files: Map<string, Uint8Array>): BundleReader {
  return {
    label: 'test',
    open: async (path) => {
      const bytes = files.get(path);
      if (!bytes) throw new SourceNotFoundError(`no ${path}`);
      return bytesFile(path, bytes);
    },
  };
}

test('every flipped bit of every file is found, and the file named', async () => {
  const { manifest, files } = await bundle();
  for (const { path, bytes } of bundleFiles(manifest)) {
    for (const at of [0, Math.floor(bytes / 2), bytes - 1]) {
      const damaged = files.get(path)!.slice();
      damaged[at]! ^= 1 << (at % 8);
      const attempt = verifyBundle(readerOf(new Map(files).set(path, damaged)), manifest);
      await expect(attempt).rejects.toThrow(IntegrityError);
      await expect(attempt).rejects.toMatchObject({ details: { path, chunk: 0 } });
    }
  }
});

test('a file that is longer, shorter or missing is found', async () => {
  const { manifest, files } = await bundle();
  const file = manifest.stages[0]!.weights;
  const bytes = files.get(file.path)!;
  for (const changed of [bytes.slice(0, -1), Uint8Array.of(...bytes, 0)]) {
    const reader = readerOf(new Map(files).set(file.path, changed));
    for (const check of [verifyFile, verifiedData, verifiedBytes]) {
      await expect(check(reader, file)).rejects.toThrow(IntegrityError);
    }
  }
  files.delete(file.path);
  await expect(verifyBundle(readerOf(files), manifest)).rejects.toThrow(SourceNotFoundError);
});

test('the chunk that differs is named', async () => {
  const bytes = new Uint8Array(2 * CHUNK_BYTES + 10);
  const hasher = await FileHasher.create();
  hasher.update(bytes);
  const file = hasher.finish('a.bin');
  expect(file.chunks).toHaveLength(3);
  await verifyFile(readerOf(new Map([['a.bin', bytes]])), file);
  for (const chunk of [0, 1, 2]) {
    const damaged = bytes.slice();
    damaged[chunk * CHUNK_BYTES + 3] = 1;
    const attempt = verifyFile(readerOf(new Map([['a.bin', damaged]])), file);
    await expect(attempt).rejects.toMatchObject({ details: { path: 'a.bin', chunk } });
  }
});

test('verifiedData and verifiedBytes return what was verified', async () => {
  const { manifest, files, reader } = await bundle();
  const file = manifest.stages[0]!.weights;
  expect(await verifiedBytes(reader, file)).toEqual(files.get(file.path));
  expect(await verifiedData(reader, file)).toEqual(files.get(file.path));
  const blobs = blobBundle(
    [...files].map(([path, bytes]) => ({ path: `picked/${path}`, blob: new Blob([bytes as BlobPart]) })),
  );
  await verifyBundle(blobs, await readManifest(blobs));
  expect(await verifiedData(blobs, file)).toBeInstanceOf(Blob);

  // a server whose second answer differs from its first
  let calls = 0;
  const changing: BundleReader = {
    label: 'changing',
    open: async (path) => ({
      ...bytesFile(path, files.get(path)!),
      data: async () => {
        const bytes = files.get(path)!.slice();
        bytes[0]! ^= ++calls;
        return bytes;
      },
    }),
  };
  await expect(verifiedData(changing, file)).rejects.toThrow(IntegrityError);
  expect(calls).toBe(1);
});

describe('copyBundle', () => {
  test('copies, with progress, and publishes when complete', async () => {
    const { manifest, reader } = await bundle();
    const target = memoryBundle();
    const events: Progress[] = [];
    const copied = await copyBundle(reader, target.writer, { onProgress: (event) => events.push(event) });
    expect(copied).toEqual(manifest);
    await verifyBundle(target.reader, await readManifest(target.reader));
    const total = bundleFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
    expect(events.at(-1)).toMatchObject({ status: 'ready', loaded: total, total });
  });

  test('damage, a failing disk and an abort leave nothing behind', async () => {
    const { manifest, files } = await bundle();
    const last = manifest.stages.at(-1)!.weights;
    const damaged = files.get(last.path)!.slice();
    damaged[7]! ^= 1;
    const target = memoryBundle();
    const broken = readerOf(new Map(files).set(last.path, damaged));
    await expect(copyBundle(broken, target.writer)).rejects.toThrow(IntegrityError);
    const controller = new AbortController();
    const onProgress = ({ file }: Progress) => file === last.path && controller.abort();
    const attempt = copyBundle(readerOf(files), target.writer, { signal: controller.signal, onProgress });
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
    for (const reader of [target.reader, target.writer.reader()]) {
      for (const path of [MANIFEST_PATH, last.path])
        await expect(reader.open(path)).rejects.toThrow(SourceNotFoundError);
    }
  });
});

test('a bundle without a manifest, or with a broken one', async () => {
  await expect(readManifest(readerOf(new Map()))).rejects.toThrow(SourceNotFoundError);
  await expect(readManifest(readerOf(new Map([[MANIFEST_PATH, Uint8Array.of(1)]])))).rejects.toThrow(BundleFormatError);
  expect(() => blobBundle([{ path: 'x/a.bin', blob: new Blob() }])).toThrow(SourceNotFoundError);
});

test('a range is verified with the chunks that it touches, and no others', async () => {
  const bytes = new Uint8Array(2 * CHUNK_BYTES + 1000);
  for (let i = 0; i < bytes.length; i += 997) bytes[i] = i % 251;
  const hasher = await FileHasher.create();
  hasher.update(bytes);
  const file = hasher.finish('a.bin');
  const damaged = bytes.slice();
  damaged[5]! ^= 1;
  const reader = readerOf(new Map([[file.path, damaged]]));
  const read = async (start: number, end: number) => (await verifiedRange(reader, file, { start, end })) as Uint8Array;
  for (const [start, end] of [
    [CHUNK_BYTES, CHUNK_BYTES + 10],
    [CHUNK_BYTES + 997, 2 * CHUNK_BYTES + 1],
    [2 * CHUNK_BYTES - 3, bytes.length],
    [2 * CHUNK_BYTES + 900, 2 * CHUNK_BYTES + 901],
  ] as const) {
    expect(Buffer.compare(await read(start, end), bytes.subarray(start, end))).toBe(0);
  }
  await expect(read(CHUNK_BYTES - 1, CHUNK_BYTES + 1)).rejects.toThrow(IntegrityError);

  // In a folder it is hashed there, and its path is the answer.
  const folder = await mkdtemp(join(tmpdir(), 'verify-'));
  await writeFile(join(folder, file.path), damaged);
  const onDisk = folderBundle(folder);
  const loaded: number[] = [];
  const readThere = (start: number, end: number) =>
    verifiedRange(onDisk, file, { start, end }, { onBytes: (count) => loaded.push(count) });
  expect(await readThere(CHUNK_BYTES + 997, 2 * CHUNK_BYTES + 1)).toBe(join(folder, file.path));
  expect(loaded).toEqual([CHUNK_BYTES - 997, CHUNK_BYTES - 996]);
  await expect(readThere(CHUNK_BYTES - 1, CHUNK_BYTES + 1)).rejects.toThrow(/chunk 0/);
  await rm(folder, { recursive: true });
});
