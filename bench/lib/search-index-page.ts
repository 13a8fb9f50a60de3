/** @file Code that `bench/search-index.ts` runs in the browser. */

import { VLM2Vec } from '../../src/index';
import { openPhotoIndex, type FolderFile, type PhotoEmbedder, type PhotoIndex } from '../../src/search';
import { archiveBlob, SectionWriter } from '../../src/search/library/archive';
import { PackedVectors, writeHeader, writeRecords } from '../../src/search/vectors';
import { syntheticVectors } from './synthetic-vectors';

let model: VLM2Vec;
let files: FolderFile[];
let index: PhotoIndex;

/** JPEGs of noise and shapes, as large as phones' pictures are after being sent. */
export async function makePictures({ count, width, height }: { count: number; width: number; height: number }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  files = [];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < 60; j++) {
      context.fillStyle = `hsl(${(i * 47 + j * 101) % 360} 60% ${20 + ((i * 13 + j * 29) % 60)}%)`;
      context.fillRect(
        (i * 71 + j * 137) % width,
        (i * 43 + j * 89) % height,
        width / (2 + (j % 9)),
        height / (3 + (j % 7)),
      );
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    files.push({ path: `${i}.jpg`, file: new File([blob], `${i}.jpg`, { lastModified: i }) });
  }
  return files.reduce((sum, { file }) => sum + file.size, 0) / count;
}

export async function loadNano(): Promise<void> {
  model = await VLM2Vec.load('nano', { device: 'wasm', modelsUrl: new URL('/models/', location.href) });
  await model.embed({ image: files[0]!.file });
}

/** The model alone: seconds for all pictures. */
export async function embedAll(batch: number): Promise<number> {
  const began = performance.now();
  for (let first = 0; first < files.length; first += batch) {
    await model.embed(files.slice(first, first + batch).map(({ file }) => ({ image: file })));
  }
  return (performance.now() - began) / 1000;
}

/** The same with the index: seconds, and milliseconds of searches meanwhile, if any are requested. */
export async function indexAll(
  withSearches: boolean,
  takesPixels = true,
): Promise<{ seconds: number; searches: number[] }> {
  index = await openPhotoIndex({
    embedder: { id: 'nano', dims: model.dims, takesPixels, embed: (inputs, options) => model.embed(inputs, options) },
  });
  await index.clear(); // of an earlier run
  await index.add({ name: 'Pictures', files });
  const began = performance.now();
  await index.start();
  const searches: number[] = [];
  let done = false;
  const run = idle().then(() => (done = true));
  while (withSearches && !done) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    if (done) break;
    const asked = performance.now();
    await index.search({ text: `words ${searches.length}` });
    searches.push(performance.now() - asked);
  }
  await run;
  const seconds = (performance.now() - began) / 1000;
  await index.close();
  return { seconds, searches };
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    const stop = index.subscribe(({ phase, indexed }) => {
      if (phase !== 'idle' || indexed < files.length) return;
      stop();
      resolve();
    });
  });
}

/** Fewer than a real one has: Chromium refuses to read blobs of some 500 MB again that were made in memory. */
const THUMBNAIL_BYTES = 500;
/** In names of files and in keywords. */
const WORDS = ['beach', 'mountain', 'city', 'garden', 'wedding', 'birthday', 'snow', 'harbour'];
/** As they are typed: words, dates, both, nothing that is found. */
const TYPED = ['beach', 'event 77', 'summer 2021', 'wedding last year', 'garden -snow', 'zebra crossing'];
/** Each typed query is searched so often. */
const ROUNDS = 5;

const none: PhotoEmbedder = { id: 'synthetic', dims: 1536, embed: () => Promise.reject(new Error('no model')) };

/** A library that someone indexed elsewhere: seconds to import it. */
export async function importLibrary({ rows }: { rows: number }): Promise<number> {
  const { dims } = none;
  const next = syntheticVectors({ dims, seed: 1, outliers: 6 });
  const vectors = await SectionWriter.create();
  const thumbnails = await SectionWriter.create();
  const table = await SectionWriter.create();
  const values = new Float32Array(dims);
  const step = 1000;
  const items: unknown[] = [];
  vectors.write(writeHeader({ dims, model: none.id }));
  for (let first = 0; first < rows; first += step) {
    const part = new PackedVectors({ dims, model: none.id });
    for (let i = 0; i < step; i++) {
      next(values);
      part.add(values);
      const id = first + i + 1;
      const hash = id.toString(16).padStart(64, '0');
      items.push({
        id,
        folderId: 1,
        path: `${Math.floor(id / 500)}/IMG_${id} ${WORDS[id % WORDS.length]}.jpg`,
        size: 4e6,
        modified: 1.6e12 + id * 1e5,
        kind: 'picture',
        slot: id - 1,
        thumb: { at: (id - 1) * THUMBNAIL_BYTES, bytes: THUMBNAIL_BYTES, type: 'image/webp' },
        taken: 1.6e12 + id * 1e5,
        dated: true,
        camera: `Camera ${id % 5}`,
        place: null,
        width: 4000,
        height: 3000,
        hash,
        ...(id % 3 === 0 && { words: { keywords: [WORDS[(id * 7) % WORDS.length]!, `event ${id % 1000}`] } }),
      });
    }
    vectors.write(writeRecords(part, 0, step));
    thumbnails.write(new Uint8Array(THUMBNAIL_BYTES * step));
  }
  table.write(
    new TextEncoder().encode(JSON.stringify({ folders: [{ id: 1, name: 'Pictures', found: rows }], files: items })),
  );
  const blob = archiveBlob(
    { modelId: none.id, modelName: null, dims },
    { rows: table.finish('rows'), vectors: vectors.finish('vectors'), thumbnails: thumbnails.finish('thumbnails') },
  );
  index = await openPhotoIndex({ embedder: none });
  const began = performance.now();
  await index.import(blob);
  return (performance.now() - began) / 1000;
}

export async function reopen(): Promise<number> {
  await index?.close();
  const began = performance.now();
  index = await openPhotoIndex({ embedder: none });
  return (performance.now() - began) / 1000;
}

/** Milliseconds of what a page does with an open index. */
export async function useLibrary(): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  const time = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    times[name] = performance.now() - began;
    return result;
  };
  const ids = await time('list all, newest first', () => index.list());
  await time('the same again', () => index.list());
  await time('200 items', () => index.items(ids.subarray(0, 200)));
  await time('facets', () => index.facets());
  await time('one thumbnail', () => index.thumbnail(ids[0]!));
  await time('search by a picture of it', () => index.search({ image: { id: ids[7]! } }));
  await time('the same again, in one folder', () =>
    index.search({ image: { id: ids[7]! }, filter: { folder: 'Pictures/7' } }),
  );
  for (const typed of TYPED) {
    const found: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const began = performance.now();
      // Dates alone need no model; everything else fails after its first results, because there is none.
      const onWords = () => void found.push(performance.now() - began);
      const isWhole = await index.search({ typed }, { onWords }).then(
        () => true,
        () => false,
      );
      if (isWhole) found.push(performance.now() - began);
      else if (found.length <= i) throw new Error(`“${typed}” has no results by words.`);
    }
    times[`typed “${typed}”: results by words, the first time`] = found[0]!;
    times[`typed “${typed}”: results by words, the slowest of ${ROUNDS - 1} more`] = Math.max(...found.slice(1));
  }
  return times;
}

/** Seconds. */
export async function layOut(): Promise<{ seconds: number; points: number; sampled: number }> {
  const { milliseconds, ids, sampled } = await index.map();
  return { seconds: milliseconds / 1000, points: ids.length, sampled };
}
