/** @file Search over an index that lies on a web server as files, as callers see it. */

import type {
  CallOptions,
  Facets,
  ListOptions,
  OpenOptions,
  PhotoEmbedder,
  PhotoItem,
  PhotoModel,
  SearchHit,
  SearchQuery,
  SearchResult,
} from '../types';

/** Of `openStaticIndex`. */
export interface StaticIndexOptions extends CallOptions {
  /**
   * The index's own model, or a function that loads it and is called with the first query that has words or a picture at
   * hand. Load it with `vision: 'later'` where people type. @default none: pictures of the index can be looked for alone
   */
  embedder?: PhotoEmbedder | PhotoModel | (() => Promise<PhotoEmbedder | PhotoModel>);
  /**
   * Of a host that ignores ranges whole files are read; no larger ones than this, in bytes. @default 64 MiB
   */
  largestWholeFile?: number;
  /**
   * Names of places, so that typed queries know them: as `openPhotoIndex` takes it. Without, and where it cannot be read, they are words.
   * @default none
   */
  places?: OpenOptions['places'];
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
}

/** What the index says of itself, before anything else of it is read. Its texts are untrusted. */
export interface StaticIndexInfo {
  /** Of the folder, with a slash at its end. */
  url: string;
  /** Of the library, for people. */
  name: string;
  /** When it was written, ISO 8601. */
  updated: string;
  /** That can be searched. */
  pictures: number;
  /** Whose vectors are in it. `name` is for people; null where nobody said one. */
  model: { id: string; name: string | null; dims: number };
  /**
   * Bytes of its files, before any compression by the host: what every search needs (`search`: read whole, once), what it reads a
   * little of (`fine`), and the small pictures, each of which is read when it is asked for.
   */
  bytes: { search: number; fine: number; thumbnails: number };
}

/** What a search found. */
export interface StaticSearchResult extends Pick<SearchResult, 'relevantCount' | 'weak' | 'candidates' | 'understood'> {
  /** Best first, in the order of their exact scores. */
  hits: SearchHit[];
  /** For the query's embedding (and loading the model, the first time), and for reading and comparing vectors. */
  milliseconds: { embed: number; score: number };
}

/** Of {@link StaticIndex.prepare}. */
export interface PrepareOptions extends CallOptions {
  /** Bytes so far, and in all. */
  onProgress?: (progress: { loaded: number; total: number }) => void;
}

/**
 * A searchable index that lies on a web server, as `vlm2vec index` writes it; nothing but its files is there. Calls reject with
 * `DisposedError` after {@link close}; with `NetworkError`, `SourceNotFoundError`, `IntegrityError` or `IndexFormatError` where files
 * are out of reach, gone, changed or damaged, and try again the next time.
 */
export interface StaticIndex {
  /** What the index says of itself. */
  readonly info: StaticIndexInfo;
  /** Bytes read of it so far. */
  readonly bytesRead: number;
  /** Reads what every search needs, {@link StaticIndexInfo.bytes}`.search`; a search does so by itself. */
  prepare(options?: PrepareOptions): Promise<void>;
  /**
   * Results and scores are those of a search over the whole index in memory: of the vectors' finer halves just as much is read as
   * makes sure of that. So a smaller `limit` reads less.
   * @throws UnsupportedError for words or a picture of one's own without a model, and for another model than the index's;
   *   InvalidInputError where there is nothing to look for; SourceNotFoundError for words together with a picture of the index,
   *   for originals are no part of it
   */
  search(query: SearchQuery, options?: CallOptions): Promise<StaticSearchResult>;
  /** Ids of all pictures, without looking for anything. */
  list(options?: ListOptions & CallOptions): Promise<Uint32Array>;
  /** In the order of `ids`; null for what is not there. */
  items(ids: Iterable<number>, options?: CallOptions): Promise<(PhotoItem | null)[]>;
  /** What filters can choose from. */
  facets(options?: CallOptions): Promise<Facets>;
  /** WebP or JPEG, at most 256 pixels a side. @throws SourceNotFoundError where the picture has none */
  thumbnail(id: number, options?: CallOptions): Promise<Blob>;
  /** Ends all that is being read. */
  close(): void;
}
