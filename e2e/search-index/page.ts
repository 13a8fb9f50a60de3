/**
 * @file Code that runs in the page of the photo index's tests: pictures, a stand-in for the model, inspection of the
 * index.
 */

import { base64ToBytes, bytesToBase64 } from '../../src/bundle/base64';
import { sha256Hex } from '../../src/bundle/digest';
import type { VLM2Vec } from '../../src/index';
import type { EmbedderInput, FolderFile, IndexState, PhotoEmbedder, PhotoIndex } from '../../src/search';

import type { FakeAnswer } from './fake-embedder.worker';

// The built package, as in the other tests: the source would be some hundred requests for each page and each worker.
const built = (name: string): Promise<unknown> => import(/* @vite-ignore */ `${location.origin}/package/lib/${name}`);
const {
  DisposedError,
  ImageFormatError,
  VLM2Vec: Model,
} = (await built('index.js')) as typeof import('../../src/index');
const { deletePhotoIndex, listPhotoIndexes, openPhotoIndex } = (await built(
  'search.js',
)) as typeof import('../../src/search');

export { deletePhotoIndex, listPhotoIndexes, openPhotoIndex };

/** A different picture for each number: a few coloured shapes. */
export async function picture(number: number, side = 48, type = 'image/png'): Promise<Blob> {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d')!;
  const hue = (n: number) => `hsl(${(number * 47 + n * 101) % 360} 70% ${30 + ((number * 13 + n * 29) % 50)}%)`;
  context.fillStyle = hue(0);
  context.fillRect(0, 0, side, side);
  for (let i = 1; i < 5; i++) {
    context.fillStyle = hue(i);
    context.fillRect(((number * i * 7) % side) / 2, ((number * i * 11) % side) / 2, side / (i + 1), side / (i + 2));
  }
  context.fillStyle = 'white';
  context.fillText(String(number), 2, side - 4);
  return canvas.convertToBlob({ type });
}

/** The same without a canvas, for many: a BMP of 16 × 16 pixels, `IMG_0000.bmp` and so on. */
export function small(number: number, word = ''): File {
  const side = 16;
  const bytes = new Uint8Array(54 + side * side * 3);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, side, true);
  view.setInt32(22, side, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let i = 54; i < bytes.length; i++) bytes[i] = (number * 31 + i * (1 + (number % 7))) & 0xff;
  view.setUint32(54, number, true);
  bytes.set(new TextEncoder().encode(word), 60);
  const name = `IMG_${String(number).padStart(4, '0')}.bmp`;
  return new File([bytes], name, { lastModified: Date.UTC(2024, 0, 1 + (number % 300)) });
}

export function smallFiles(count: number): { path: string; file: File }[] {
  return Array.from({ length: count }, (_, i) => {
    const file = small(i);
    return { path: `${i % 7}/${file.name}`, file };
  });
}

/** A folder that can be read without permission, and still exists after a reload. */
export async function folder(name: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(name, { create: true });
}

export async function write(at: FileSystemDirectoryHandle, path: string, content: Blob | string): Promise<void> {
  const names = path.split('/');
  const last = names.pop()!;
  let parent = at;
  for (const name of names) parent = await parent.getDirectoryHandle(name, { create: true });
  const stream = await (await parent.getFileHandle(last, { create: true })).createWritable();
  await stream.write(content);
  await stream.close();
}

export async function writeAll(at: FileSystemDirectoryHandle, files: readonly FolderFile[]): Promise<void> {
  await Promise.all(files.map(({ path, file }) => write(at, path, file)));
}

/** `p/000.png` and so on. */
export async function fill(at: FileSystemDirectoryHandle, count: number, side?: number): Promise<void> {
  for (let i = 0; i < count; i++) await write(at, `${i % 7}/${String(i).padStart(3, '0')}.png`, await picture(i, side));
}

export interface FakeEmbedder extends PhotoEmbedder {
  /** Ends its worker now, as a crash does. */
  kill(): void;
  /** Ends its worker now, as a user who no longer needs it does. */
  dispose(): void;
  /** Calls wait for this. */
  gate?: Promise<unknown>;
  /** Called whenever {@link embedded} has grown, with the increase. */
  onEmbedded?: (count: number) => void;
  /** Pictures embedded so far, the same one twice counted twice. */
  embedded: number;
  restarts: number;
}

/** @param milliseconds for each picture */
export function fakeEmbedder({
  id = 'fake',
  name = undefined as string | undefined,
  milliseconds = 4,
} = {}): FakeEmbedder {
  const start = () => new Worker(new URL('./fake-embedder.worker.ts', import.meta.url), { type: 'module' });
  let worker: Worker | null = start();
  let calls = 0;
  const open = new Map<number, { resolve(vectors: Float32Array[]): void; reject(error: Error): void }>();
  const end = (details: { died?: true } = {}) => {
    worker?.terminate();
    worker = null;
    for (const { reject } of open.values()) reject(new DisposedError('The worker ended.', details));
    open.clear();
  };
  const listen = () => {
    worker!.onmessage = ({ data }: MessageEvent<FakeAnswer>) => {
      if (data.poisoned) return end({ died: true });
      if (data.unreadable) return open.get(data.call)?.reject(new ImageFormatError('The file cannot be read.'));
      embedder.embedded += data.vectors!.length;
      open.get(data.call)?.resolve(data.vectors!);
      open.delete(data.call);
      embedder.onEmbedded?.(data.vectors!.length);
    };
  };
  const embedder: FakeEmbedder = {
    id,
    name,
    dims: 64,
    embedded: 0,
    restarts: 0,
    async embed(inputs: readonly EmbedderInput[], { signal }) {
      await embedder.gate;
      return new Promise((resolve, reject) => {
        if (!worker) return reject(new DisposedError('The worker ended.'));
        signal?.throwIfAborted();
        const call = calls++;
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        open.set(call, { resolve, reject });
        worker.postMessage({ call, inputs, milliseconds });
      });
    },
    async restart() {
      embedder.restarts++;
      end();
      worker = start();
      listen();
    },
    kill: () => end({ died: true }),
    dispose: () => end(),
  };
  listen();
  return embedder;
}

export function until(index: PhotoIndex, holds: (state: IndexState) => boolean): Promise<IndexState> {
  if (holds(index.state)) return Promise.resolve(index.state);
  return new Promise((resolve) => {
    const stop = index.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve(state);
    });
  });
}

export const idle = (index: PhotoIndex) => until(index, ({ phase }) => phase === 'idle');

/** Every path with its outcome, and how often it occurs; sorted. */
export async function outcomes(index: PhotoIndex): Promise<{ pictures: string[]; problems: string[] }> {
  const items = await index.items(await index.list());
  const problems = await index.problems();
  return {
    pictures: items.map((item) => item!.path).sort(),
    problems: problems.map(({ path, kind }) => `${kind} ${path}`).sort(),
  };
}

/** Inspects the files and the database of the only index: every vector and thumbnail that a row names must exist. */
export async function inspect(): Promise<{
  pictures: number;
  slots: number;
  rows: number;
  recordsEnd: number;
  thumbsEnd: number;
  sizes: number[];
}> {
  const { name } = (await indexedDB.databases()).find((each) => each.name?.startsWith('vlm2vec-search-'))!;
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name!);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  const rows = await new Promise<{ kind: string; slot: number; thumb: { at: number; bytes: number } }[]>((resolve) => {
    const request = database.transaction('files').objectStore('files').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const pictures = rows.filter(({ kind }) => kind === 'picture');
  const root = await navigator.storage.getDirectory();
  const packs = await (await root.getDirectoryHandle('vlm2vec-search')).getDirectoryHandle(name!);
  const sizes: Record<string, number> = {};
  for await (const [file, handle] of packs.entries())
    sizes[file] = (await (handle as FileSystemFileHandle).getFile()).size;
  const size = (kind: string) => Object.entries(sizes).find(([file]) => file.startsWith(kind))![1];
  return {
    rows: rows.length,
    pictures: pictures.length,
    slots: new Set(pictures.map(({ slot }) => slot)).size,
    recordsEnd: 1024 + (4 + 2 * 64) * (1 + Math.max(-1, ...pictures.map(({ slot }) => slot))),
    thumbsEnd: Math.max(0, ...pictures.map(({ thumb }) => thumb.at + thumb.bytes)),
    sizes: [size('vectors'), size('thumbnails')],
  };
}

export { uniforms } from '../../src/bundle/random';
export { combineVectors as combined } from '../../src/search/query/combine-vectors';
export * as prompts from '../../src/search/prompts';

/** The built-in model, as pages load it. */
export async function openNano(): Promise<VLM2Vec> {
  return Model.load('nano', { device: 'wasm', modelsUrl: new URL('/models/', location.href) });
}

/** A two-tower model with random weights. */
export async function openSmall(): Promise<VLM2Vec> {
  return Model.load(new URL('/e2e-bundles/siglip2/', location.href).href, { device: 'wasm' });
}

/** A model in the form that an index takes, and how many pictures it was asked to embed that are not queries. */
export function countingEmbedder(model: VLM2Vec): PhotoEmbedder & { images: number } {
  const { id, recipe, inputs } = model.info;
  const embedder = {
    ...{ id, recipe, inputs, dims: model.dims, images: 0 },
    async embed(list: readonly EmbedderInput[], options: Parameters<PhotoEmbedder['embed']>[1]) {
      // Counted when they are handed over, since pausing does not wait for those in progress.
      embedder.images += list.filter(({ role }) => role !== 'query').length;
      return model.embed(list, options);
    },
  };
  return embedder;
}

export async function toText(blob: Blob): Promise<string> {
  return bytesToBase64(new Uint8Array(await blob.arrayBuffer()));
}

export function fromText(text: string): Blob {
  return new Blob([base64ToBytes(text) as Uint8Array<ArrayBuffer>]);
}

type Row = Record<string, unknown> & { slot: number; thumb: { at: number; bytes: number } };
type Rows = { folders: unknown[]; files: Row[] };

/** Exports that must be refused, by their fault. Hashes are correct unless the hash is the fault. */
export async function hostile(blob: Blob): Promise<[string, Blob][]> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const headerEnd = 16 + view.getUint32(12, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, headerEnd))) as {
    sections: Record<'rows' | 'vectors' | 'thumbnails', { bytes: number; sha256: string }>;
  };
  const { rows, vectors, thumbnails } = header.sections;
  const at = { rows: headerEnd, vectors: headerEnd + rows.bytes, thumbnails: headerEnd + rows.bytes + vectors.bytes };
  const flipped = (offset: number) => {
    const copy = bytes.slice();
    copy[offset]! ^= 1;
    return new Blob([copy]);
  };
  const with32 = (offset: number, value: number) => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(offset, value, true);
    return new Blob([copy]);
  };
  const rebuilt = async (change: (rows: Rows, vectors: Uint8Array<ArrayBuffer>) => void) => {
    const parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(at.rows, at.vectors))) as Rows;
    const changed = bytes.slice(at.vectors, at.thumbnails);
    change(parsed, changed);
    const text = new TextEncoder().encode(JSON.stringify(parsed));
    const sections = {
      rows: { bytes: text.length, sha256: await sha256Hex(text) },
      vectors: { bytes: changed.length, sha256: await sha256Hex(changed) },
      thumbnails,
    };
    const newHeader = new TextEncoder().encode(JSON.stringify({ ...header, sections }));
    const prefix = bytes.slice(0, 16);
    new DataView(prefix.buffer).setUint32(12, newHeader.length, true);
    return new Blob([prefix, newHeader, text, changed, bytes.slice(at.thumbnails)]);
  };
  const first = (change: (row: Row, files: Row[]) => void) => rebuilt(({ files }) => change(files[0]!, files));
  return [
    ['not an export', new Blob(['Hello, I am a picture of a cat.'])],
    ['empty', new Blob([])],
    ['cut short', blob.slice(0, blob.size - 1)],
    ['longer than it says', new Blob([blob, 'x'])],
    ['a later version', with32(8, 4)],
    ['a bit of the rows', flipped(at.rows + 20)],
    ['a bit of the vectors', flipped(at.vectors + 1100)],
    ['a bit of the thumbnails', flipped(at.thumbnails + 10)],
    ['a vector that is not there', await first((row) => (row.slot = 31))],
    ['one vector for two', await first((row, files) => (row.slot = files[1]!.slot))],
    ['a thumbnail beyond the end', await first((row) => (row.thumb.bytes = 1e6))],
    ['a path out of its folder', await first((row) => (row.path = '../secret.png'))],
    ['a folder that is not there', await first((row) => (row.folderId = 77))],
    ['a vector of NaN', await rebuilt((_, vectors) => new DataView(vectors.buffer).setFloat32(1024, NaN, true))],
  ];
}

/** Cuts a file of the only index, which must be closed; or appends something to it. */
export async function shorten(kind: 'vectors' | 'thumbnails', bytes: number, extra = new Uint8Array(0)): Promise<void> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec-search');
  for await (const folder of root.values() as unknown as AsyncIterable<FileSystemDirectoryHandle>) {
    for await (const [name, handle] of folder.entries()) {
      if (!name.startsWith(kind)) continue;
      const old = await (handle as FileSystemFileHandle).getFile();
      const content = new Blob([await old.slice(0, bytes).arrayBuffer(), extra]);
      await write(folder, name, content);
    }
  }
}

/** The colour of a picture at a fraction of its width, halfway down. */
export async function colourAt(blob: Blob, fraction: number): Promise<number[]> {
  const bitmap = await createImageBitmap(blob);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  return [...context.getImageData(Math.floor(bitmap.width * fraction), bitmap.height / 2, 1, 1).data];
}
