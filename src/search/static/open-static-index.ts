/** @file Opens an index that `vlm2vec index` wrote and a web server hosts. */

import { DisposedError, InvalidInputError, SourceNotFoundError, UnsupportedError } from '../../errors';
import { expectHooks, expectOptions } from '../../hooks';
import { asEmbedder } from '../library/as-embedder';
import { checkList, checkQuery } from '../library/checks';
import { importing } from '../../net';
import { until } from '../../until';
import { embedQuery } from '../library/embed-query';
import { facetsOf, listPictures } from '../library/find';
import type { FolderManifest } from '../library/folder-manifest';
import { checkModel } from '../library/index-model';
import { checkReadable } from '../query/readable';
import type { CallOptions, PhotoEmbedder, SearchQuery } from '../types';
import { findIn, pictureOf, readContents, type Contents } from './contents';
import { folderUrl, readManifest } from './manifest';
import { StaticFile, type StaticFileOptions } from './static-file';
import type { Typing } from './typing';
import type { PrepareOptions, StaticIndex, StaticIndexInfo, StaticIndexOptions, StaticSearchResult } from './types';

const LARGEST_WHOLE_FILE = 64 << 20;

/**
 * Opens an index in a folder on a web server, as written by `vlm2vec index`. At first only its `index.json` is read,
 * about 1.5 kB; {@link StaticIndex.info} then tells how much searches will read.
 *
 * ```ts
 * const index = await openStaticIndex('/index/', {
 *   embedder: () => VLM2Vec.load('nano', { vision: 'later' }),
 * });
 * const { hits } = await index.search({ text: 'a dog in the snow', limit: 24 });
 * ```
 * @param url address of the folder or of its `index.json`, relative to the page
 * @throws IndexFormatError if it is not an index; UnsupportedError if it was written by a later version or is far too
 *   large; SourceNotFoundError, NetworkError; InvalidInputError if the address is not valid
 */
export async function openStaticIndex(url: string | URL, options: StaticIndexOptions = {}): Promise<StaticIndex> {
  expectOptions('openStaticIndex', options);
  const { signal, fetch, largestWholeFile = LARGEST_WHOLE_FILE } = options;
  expectHooks({ signal });
  if (!(largestWholeFile >= 0)) {
    throw new InvalidInputError(`largestWholeFile is ${largestWholeFile}; it must be a number of bytes.`, {
      option: 'largestWholeFile',
    });
  }
  const base = folderUrl(url);
  let read = 0;
  const reading: StaticFileOptions = { base, fetch, largestWholeFile, onBytes: (bytes) => (read += bytes) };
  const manifest = await readManifest(base, { ...reading, signal });
  return new OpenStaticIndex(manifest, options, reading, () => read);
}

class OpenStaticIndex implements StaticIndex {
  #manifest: FolderManifest;
  #thumbnails: StaticFile;
  readonly #given: StaticIndexOptions['embedder'];
  readonly #reading: StaticFileOptions;
  readonly #bytesRead: () => number;
  readonly #closing = new AbortController();
  #contents: Promise<Contents> | null = null;
  #embedder: Promise<PhotoEmbedder> | null = null;
  readonly #places: StaticIndexOptions['places'];
  #typing: Typing | null = null;

  constructor(
    manifest: FolderManifest,
    { embedder, places }: StaticIndexOptions,
    reading: StaticFileOptions,
    bytesRead: () => number,
  ) {
    this.#manifest = manifest;
    this.#given = embedder;
    this.#places = places;
    this.#reading = reading;
    this.#bytesRead = bytesRead;
    this.#thumbnails = new StaticFile(manifest.thumbnails, reading);
  }

  get info(): StaticIndexInfo {
    const { name, updated, pictures, rows, thumbnails, vectors } = this.#manifest;
    const [{ model, modelName, dims, coarse, fine }] = vectors;
    return {
      ...{ url: this.#reading.base.href, name, updated, pictures },
      model: { id: model, name: modelName, dims },
      bytes: { search: (rows.packed ?? rows).bytes + coarse.bytes, fine: fine.bytes, thumbnails: thumbnails.bytes },
    };
  }

  get bytesRead(): number {
    return this.#bytesRead();
  }

  async prepare({ signal, onProgress }: PrepareOptions = {}): Promise<void> {
    expectHooks({ signal, onProgress });
    if (!onProgress) return void (await this.#read(signal));
    const total = this.info.bytes.search;
    const before = this.#bytesRead();
    const tell = () => onProgress({ loaded: Math.min(total, this.#bytesRead() - before), total });
    const timer = setInterval(tell, 100);
    try {
      await this.#read(signal);
      onProgress({ loaded: total, total });
    } finally {
      clearInterval(timer);
    }
  }

  async search(query: SearchQuery, { signal }: CallOptions = {}): Promise<StaticSearchResult> {
    checkQuery(query);
    expectHooks({ signal });
    if (query.typed !== undefined) return this.#searchTyped(query, signal);
    // Both start at once: the index is read while the model is being loaded.
    const contents = this.#read(signal);
    contents.catch(() => undefined);
    const needsModel = asksTheModel(query);
    const start = performance.now();
    const embedder = needsModel ? await until(signal, this.#model()) : null;
    if (embedder) checkReadable(query, embedder.inputs, embedder.name ?? embedder.id);
    const asked = await this.#embed(query, embedder, signal);
    const embedded = performance.now();
    const found = await until(signal, findIn(await contents, asked.query, this.#joined(signal)));
    return { ...found, milliseconds: { embed: embedded - start, score: performance.now() - embedded } };
  }

  async #searchTyped(query: SearchQuery, signal?: AbortSignal): Promise<StaticSearchResult> {
    const start = performance.now();
    // Loaded only when someone types, since it contains the spellings of dates and the positions of places.
    const [{ Typing }, contents] = await Promise.all([importing(() => import('./typing')), this.#read(signal)]);
    const typing = (this.#typing ??= new Typing(this.#places));
    let embed = 0;
    const found = await until(
      signal,
      typing.search(query, contents, {
        embed: async (wanted) => {
          const embedder = asksTheModel(wanted) ? await until(signal, this.#model()) : null;
          if (embedder) checkReadable(wanted, embedder.inputs, embedder.name ?? embedder.id);
          const before = performance.now();
          const { query: asked } = await this.#embed(wanted, embedder, signal);
          embed = performance.now() - before;
          return asked;
        },
        signal: this.#joined(signal),
      }),
    );
    return { ...found, milliseconds: { embed, score: performance.now() - start - embed } };
  }

  #embed(query: SearchQuery, embedder: PhotoEmbedder | null, signal?: AbortSignal) {
    return embedQuery(query, {
      recipe: embedder?.recipe,
      embed: (inputs) => embedder!.embed(inputs, { signal, find: 'image' }),
      file: (id) => Promise.reject(noOriginal(id)),
    });
  }

  async list({ signal, ...options }: Parameters<StaticIndex['list']>[0] = {}): Promise<Uint32Array> {
    checkList(options);
    expectHooks({ signal });
    return listPictures((await this.#read(signal)).catalog, options);
  }

  async items(ids: Iterable<number>, { signal }: CallOptions = {}): ReturnType<StaticIndex['items']> {
    const { catalog } = await this.#read(signal);
    return Array.from(ids, (id) => {
      const row = catalog.picture(id);
      return row ? catalog.itemOf(row) : null;
    });
  }

  async facets({ signal }: CallOptions = {}): ReturnType<StaticIndex['facets']> {
    return facetsOf((await this.#read(signal)).catalog);
  }

  async thumbnail(id: number, { signal }: CallOptions = {}): Promise<Blob> {
    const { thumb } = pictureOf((await this.#read(signal)).catalog, id);
    if (!thumb) throw new SourceNotFoundError(`The picture ${id} was indexed without a thumbnail.`, { id });
    const bytes = await until(signal, this.#thumbnails.read(thumb.at, thumb.at + thumb.bytes, this.#joined(signal)));
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: thumb.type });
  }

  close(): void {
    this.#closing.abort(new DisposedError('The index was closed.'));
    this.#contents = null;
  }

  #joined(signal?: AbortSignal): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  /** Reads once for all callers, and again after a failure. */
  async #read(signal?: AbortSignal): Promise<Contents> {
    this.#closing.signal.throwIfAborted();
    if (!this.#contents) {
      const reading = this.#readFresh();
      this.#contents = reading;
      reading.catch(() => {
        if (this.#contents === reading) this.#contents = null;
      });
    }
    return until(this.#joined(signal), this.#contents);
  }

  async #readFresh(): Promise<Contents> {
    const { signal } = this.#closing;
    try {
      return await readContents(this.#manifest, this.#thumbnails, this.#reading, signal);
    } catch (error) {
      signal.throwIfAborted();
      // It may have been republished since its manifest was read; rows then have another name.
      const now = await readManifest(this.#reading.base, { ...this.#reading, signal }).catch(() => null);
      if (!now || now.snapshot === this.#manifest.snapshot || now.vectors[0].model !== this.#manifest.vectors[0].model)
        throw error;
      this.#manifest = now;
      this.#thumbnails = new StaticFile(now.thumbnails, this.#reading);
      return readContents(now, this.#thumbnails, this.#reading, signal);
    }
  }

  /** @throws UnsupportedError if there is no model, or a different one */
  #model(): Promise<PhotoEmbedder> {
    if (!this.#embedder) {
      const loading = this.#loadModel();
      this.#embedder = loading;
      loading.catch(() => {
        if (this.#embedder === loading) this.#embedder = null;
      });
    }
    return this.#embedder;
  }

  async #loadModel(): Promise<PhotoEmbedder> {
    const { id, name, dims } = this.info.model;
    if (!this.#given) {
      throw new UnsupportedError(
        `Searching by words needs the index's model, ${name ?? id.slice(0, 12)}: open the index with it as embedder. Without it, ` +
          'you can only search with pictures of the index.',
        { model: id },
      );
    }
    const given = typeof this.#given === 'function' ? await this.#given() : this.#given;
    const embedder = asEmbedder(given, 'embedder');
    checkModel({ id, name, dims }, { id: embedder.id, name: embedder.name ?? null, dims: embedder.dims }, 'The index');
    return embedder;
  }
}

/** Whether a query has anything other than pictures in the index. */
function asksTheModel({ text, image, instruction, combine = [], exclude = [] }: SearchQuery): boolean {
  return (
    instruction !== undefined ||
    [{ text, image }, ...combine, ...exclude].some((part) => part.text || part.image instanceof Blob)
  );
}

function noOriginal(id: number): SourceNotFoundError {
  return new SourceNotFoundError(
    `The index has no originals, so picture ${id} cannot be read together with words. Give it as a separate part (combine).`,
    { id },
  );
}
