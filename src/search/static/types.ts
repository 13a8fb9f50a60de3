/** @file Public types for searching an index that is stored as files on a web server. */

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

/** Options of `openStaticIndex`. */
export interface StaticIndexOptions extends CallOptions {
  /**
   * The model that the index was made with, or a function that loads it; the function is called by the first query that
   * contains words or a picture of the user's own. Load it with `vision: 'later'` if people type their queries.
   * @default none: only pictures in the index can be used as queries
   */
  embedder?: PhotoEmbedder | PhotoModel | (() => Promise<PhotoEmbedder | PhotoModel>);
  /** If the host ignores range requests, whole files are read, but none larger than this, in bytes. @default 64 MiB */
  largestWholeFile?: number;
  /**
   * Names of places, so that typed queries recognise them; see the option of `openPhotoIndex`. Without it, or if it
   * cannot be read, place names are treated as ordinary words.
   * @default none
   */
  places?: OpenOptions['places'];
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
}

/** What the index says about itself, before anything else in it is read. Its texts are untrusted. */
export interface StaticIndexInfo {
  /** Address of the folder, ending in a slash. */
  url: string;
  /** Name of the library, to display. */
  name: string;
  /** When it was written, ISO 8601. */
  updated: string;
  /** Number of pictures that can be searched. */
  pictures: number;
  /** The model that made its vectors. `name` is for display; null if none was given. */
  model: { id: string; name: string | null; dims: number };
  /**
   * Sizes of its files, as they are stored: what every search needs (`search`: read completely, once),
   * what searches read a small part of (`fine`), and the thumbnails, each of which is read when it is requested.
   */
  bytes: { search: number; fine: number; thumbnails: number };
}

/** What a search found. */
export interface StaticSearchResult extends Pick<SearchResult, 'relevantCount' | 'weak' | 'candidates' | 'understood'> {
  /** Results, best first, in the order of their exact scores. */
  hits: SearchHit[];
  /**
   * Time spent embedding the query (including loading the model, the first time), and reading and comparing vectors.
   */
  milliseconds: { embed: number; score: number };
}

/** Options of {@link StaticIndex.prepare}. */
export interface PrepareOptions extends CallOptions {
  /** Called with the bytes read so far and in total. */
  onProgress?: (progress: { loaded: number; total: number }) => void;
}

/**
 * A searchable index on a web server, as written by `vlm2vec index`. The server only has to serve its files. Calls
 * reject with `DisposedError` after {@link close}. They reject with `NetworkError`, `SourceNotFoundError`,
 * `IntegrityError` or `IndexFormatError` if files are unreachable, missing, changed or damaged; the next call tries
 * again.
 */
export interface StaticIndex {
  /** What the index says about itself. */
  readonly info: StaticIndexInfo;
  /** Number of bytes of the index read so far. */
  readonly bytesRead: number;
  /**
   * Reads what every search needs ({@link StaticIndexInfo.bytes}`.search`) in advance. Otherwise the first search does
   * so.
   */
  prepare(options?: PrepareOptions): Promise<void>;
  /**
   * Searches the index. Results and scores are the same as those of a search with the whole index in memory: only as
   * much of the vectors' finer halves is read as is needed to guarantee that. A smaller `limit` therefore reads less.
   * @throws UnsupportedError for words or a picture of one's own if there is no model, and for a model other than the
   *   index's; InvalidInputError if the query is empty; SourceNotFoundError for words together with a picture in the
   *   index, because the index does not contain the originals
   */
  search(query: SearchQuery, options?: CallOptions): Promise<StaticSearchResult>;
  /** Returns the ids of all pictures, without a query. */
  list(options?: ListOptions & CallOptions): Promise<Uint32Array>;
  /** Returns pictures in the order of `ids`; null for those that are not in the index. */
  items(ids: Iterable<number>, options?: CallOptions): Promise<(PhotoItem | null)[]>;
  /** Returns the values that filters can choose from. */
  facets(options?: CallOptions): Promise<Facets>;
  /**
   * Returns a thumbnail as WebP or JPEG, at most 256 pixels on each side.
   * @throws SourceNotFoundError if the picture has none
   */
  thumbnail(id: number, options?: CallOptions): Promise<Blob>;
  /** Closes the index and aborts all reads in progress. */
  close(): void;
}
