/** @file The photo index as callers see it: public types. Its options, its state and its calls, with no dependence on a page or a model. */

import type { PhotoEmbedder, PhotoModel } from './embedder';
import type { FolderInfo, PhotoSource } from './folders';
import type { DeepOptions, DeepState, Pass, SearchOptions } from './passes';
import type { Album, Facets, ListOptions, PhotoDates, PhotoItem, PhotoProblem } from './pictures';
import type { SearchQuery, SearchResult } from './queries';
import type { PhotoPlaceNames, PhotoPlaces, Town, TownOptions } from './where';

/** Options of `openPhotoIndex`. */
export interface OpenOptions {
  /** The name of the library. Each name stands for a separate library of pictures. @default 'photos' */
  name?: string;
  /**
   * A loaded model, or an embedder to use instead. If there is also a {@link deep} model, this one does the first pass.
   */
  embedder: PhotoEmbedder | PhotoModel;
  /** A stronger model for a second pass: {@link PhotoIndex.useDeep}. @default none */
  deep?: DeepOptions;
  /**
   * Names of places, so that searches recognise them: the address of the package's `places/places.bin`, or a function
   * that resolves to its bytes. It is fetched by the first search for which it could matter, and only if pictures of
   * the library record where they were taken. @default none
   */
  places?: string | URL | (() => Promise<Uint8Array<ArrayBuffer>>);
  /** Limits that replace the defaults. */
  limits?: Partial<PictureLimits>;
  /**
   * Starts the worker that holds the index; its script is `vlm2vec-web/search/worker`. By default the package starts
   * its own.
   */
  worker?: () => Worker;
  /**
   * Starts the worker for groups and the map; its script is `vlm2vec-web/search/survey-worker`. By default the package
   * starts its own.
   */
  surveyWorker?: () => Worker;
}

/**
 * Limits for a single picture. A picture that exceeds one is skipped, and the reason appears in the list of problems.
 */
export interface PictureLimits {
  /** @default 300 MB */
  fileBytes: number;
  /** @default 250 million */
  pixels: number;
  /** Time allowed for reading, decoding and making the thumbnail. @default 60 */
  decodeSeconds: number;
  /** Time allowed for embedding. @default 300 */
  embedSeconds: number;
}

/** How far a run has come. All counts are numbers of pictures. */
export interface RunProgress {
  /** Number found so far; final once the phase is `indexing`. */
  found: number;
  /** Number found that are new or changed and therefore have to be processed. */
  total: number;
  /** Number of `total` that have been processed, whatever the outcome. */
  done: number;
  /** Number embedded by the model. */
  embedded: number;
  /** Number that did not have to be embedded, because the file was moved or has the same bytes as another picture. */
  reused: number;
  /** Number skipped or failed: see {@link PhotoIndex.problems}. */
  problems: number;
  /** Number removed from the index because they are no longer in their folders. */
  removed: number;
  /** Recent rate in pictures per second; null until it can be estimated. */
  rate: number | null;
  /** Estimated seconds left at that rate; null until it can be estimated. */
  secondsLeft: number | null;
}

/** The state for a page to display. It is a new object whenever something has changed. */
export interface IndexState {
  /** `walking`: folders are being scanned; `paused`: call {@link PhotoIndex.start} to resume. */
  phase: 'idle' | 'walking' | 'indexing' | 'paused';
  /** Another tab has the index open for writing. This tab can search, and takes over when the other one closes. */
  readOnly: boolean;
  /** Number of pictures that can be searched. */
  indexed: number;
  /** Number of entries in {@link PhotoIndex.problems}. */
  problems: number;
  /** All folders in the index. */
  folders: readonly FolderInfo[];
  /** Progress of the current run or, if none is in progress, of the last one since the index was opened. */
  run: RunProgress | null;
  /** The error that caused indexing to pause, if any. */
  error: Error | null;
  /** Increases whenever searches could give different results. */
  revision: number;
  /**
   * The value of `revision` when pictures were last added, changed or removed. Groups and the map depend only on these
   * changes.
   */
  contentRevision: number;
  /** Increases when favourites or albums change. */
  albumRevision: number;
  /** State of the second pass; null without a deep model. */
  deep: DeepState | null;
}

/** Groups of pictures that are alike. */
export interface PhotoGroups {
  /** Ids of files with the same bytes, largest group first. */
  exact: number[][];
  /**
   * Ids of different files whose vectors are close, largest group first. Of exact copies, only the first is included.
   */
  similar: number[][];
}

/** Pictures as points. Pictures that are close together look alike or have similar meaning. */
export interface PhotoMap {
  /** The {@link PhotoItem.id} of each point. // [points] */
  ids: Uint32Array;
  /** Horizontal position. The longer side of the map spans −1 to 1. // [points] */
  x: Float32Array;
  /** Vertical position, on the same scale as `x`. // [points] */
  y: Float32Array;
  /** The {@link IndexState.contentRevision} that the map shows. */
  revision: number;
  /** Number of pictures from which the layout was computed; the others were placed into it afterwards. */
  sampled: number;
  /** Time the computation took; 0 if the map was already stored. */
  milliseconds: number;
}

/** A stored index. Plain data. */
export interface StoredPhotoIndex {
  /** Identifies it, for `deletePhotoIndex`. */
  place: string;
  /** See {@link OpenOptions.name}. */
  name: string;
  /** See {@link PhotoEmbedder.id}. */
  modelId: string;
  /** See {@link PhotoEmbedder.name}; null if it had none. */
  modelName: string | null;
  /** Other models whose vectors it contains. */
  deep: { modelId: string; modelName: string | null }[];
  /** Number of pictures that can be searched. */
  pictures: number;
  /** Number of files that were not indexed. */
  problems: number;
  /** Size of the vectors and thumbnails. */
  bytes: number;
  /** When it was last opened for writing, in milliseconds since 1970. */
  lastUsed: number;
}

/** Options of calls that take a while. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of {@link PhotoIndex.finished}. */
export interface FinishedOptions extends CallOptions {
  /** Which pass to wait for. `deep` also waits for the first one. @default 'first' */
  pass?: Pass;
}

/** Options of {@link PhotoIndex.map}. */
export interface MapOptions extends CallOptions {
  /** Called with the fraction that is done, 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/**
 * A searchable library of pictures, stored in this browser. Everything except adding works while it is being indexed.
 * Calls reject with `DisposedError` after {@link close}.
 */
export interface PhotoIndex {
  /** The current state. */
  readonly state: IndexState;
  /** Calls `listener` after every change, at most about ten times a second. Returns a function that unsubscribes. */
  subscribe(listener: (state: IndexState) => void): () => void;

  /**
   * Adds a folder, or supplies the files of a known folder again. Nothing is read before {@link start}.
   * @throws InvalidInputError if the source is neither a folder nor files, if files come without a folder or a name,
   *   and if two files would have the same path
   */
  add(source: PhotoSource): Promise<FolderInfo>;
  /**
   * Asks for permission to read a remembered folder. Call it from a click handler. Resolves to whether permission was
   * granted.
   */
  reconnect(folderId: number): Promise<boolean>;
  /** Removes a folder and its pictures from the index. The files themselves are not touched. */
  removeFolder(folderId: number): Promise<void>;

  /**
   * Scans the folders and indexes what is new or changed; resumes if it was paused. The promise resolves as soon as the
   * run has begun.
   */
  start(): Promise<void>;
  /**
   * Resolves when the run that {@link start} began has ended, or immediately if there is none. The state tells how it
   * ended: `idle` if everything is indexed, `paused` after {@link pause}.
   * @throws the error that paused the run (`state.error`); DisposedError if the index is closed; InvalidInputError for
   *   `pass: 'deep'` without a deep model
   */
  finished(options?: FinishedOptions): Promise<IndexState>;
  /** Stops after the pictures in progress. Finished work and the queue are kept. */
  pause(): Promise<void>;
  /** Stops and discards the queue. Finished work is kept. */
  cancel(): Promise<void>;
  /**
   * Sets or replaces the deep model, using any vectors of it that the index already has. Null removes the deep model;
   * its vectors are kept. Nothing is embedded before {@link startDeep} or a search.
   * @throws InvalidInputError for the index's own model and for options out of range; UnsupportedError for a recipe
   *   with several vectors per input. On an error the previous deep model stays in use.
   */
  useDeep(deep: DeepOptions | null): Promise<void>;
  /** Begins or resumes the deep pass in the background. The first pass and searches take precedence. */
  startDeep(): Promise<void>;
  /**
   * Starts no further pictures. Those in progress are finished, and searches still have the pictures they need
   * embedded.
   */
  pauseDeep(): Promise<void>;
  /** Deletes all vectors of a model other than the index's own. */
  forgetDeep(modelId: string): Promise<void>;
  /**
   * Clears these problems (default: all), so that {@link start} tries the pictures again, or {@link startDeep} for
   * those of the deep pass.
   */
  retry(ids?: readonly number[]): Promise<void>;

  /**
   * Searches the index. With a deep model, the best results of the first pass that it has not embedded yet are embedded
   * now, within {@link DeepOptions.seconds}, and everything it has embedded is ranked by its scores. Words combined
   * with a picture, and instructions, are given to the deep model.
   * @throws InvalidInputError, naming the option, for an empty query, for unknown or meaningless options, and for
   *   `pass: 'deep'` without a deep model; UnsupportedError if the query has words and a picture in one part, or an
   *   instruction, and no available model can read that; SourceNotFoundError if `image` names a picture whose file is
   *   needed and cannot be read
   */
  search(query: SearchQuery, options?: SearchOptions): Promise<SearchResult>;
  /** Returns the ids of all pictures, without a query. */
  list(options?: ListOptions): Promise<Uint32Array>;
  /** Returns pictures in the order of `ids`; null for those that are not (or no longer) in the index. */
  items(ids: Iterable<number>): Promise<(PhotoItem | null)[]>;
  /**
   * Returns the favourites first, then the albums by name.
   * @param options `of`: the pictures to count in {@link Album.contains}. @default none
   * @throws InvalidInputError for a picture that is not in the index
   */
  albums(options?: { of?: Iterable<number> }): Promise<Album[]>;
  /**
   * Creates an album from these pictures. A picture stays in it when its file is moved or indexed again; copies with
   * the same bytes count as one. Favourites and albums are shared by the indexes of all models for this library; an
   * index sees changes the next time it is opened.
   * @param name 1 to 100 characters, and not another album's
   * @throws InvalidInputError for a name that is not valid or already taken, and for a picture that is not in the
   *   index. This method and the next three throw UnsupportedError while another tab has the index open for writing.
   */
  createAlbum(name: string, ids?: Iterable<number>): Promise<Album>;
  /** @throws InvalidInputError as {@link createAlbum} does, and for the favourites or an unknown album */
  renameAlbum(id: number, name: string): Promise<void>;
  /**
   * Adds and removes pictures. Adding a picture that is already in the album, or removing one that is not, has no
   * effect.
   * @throws InvalidInputError for an unknown picture or album; nothing is changed then
   */
  changeAlbum(id: number, change: { add?: Iterable<number>; remove?: Iterable<number> }): Promise<void>;
  /**
   * Deletes an album. The pictures themselves are not touched.
   * @throws InvalidInputError for the favourites or an unknown album
   */
  deleteAlbum(id: number): Promise<void>;
  /**
   * Returns when these pictures were taken, in the order of `ids`. For 100,000 pictures this takes a fraction of the
   * time of {@link items}.
   */
  dates(ids: Uint32Array): Promise<PhotoDates>;
  /** Returns where these pictures were taken, in the order of `ids`. */
  places(ids: Uint32Array): Promise<PhotoPlaces>;
  /**
   * Returns the names of those places, looked up in {@link OpenOptions.places}; without that option no picture has any.
   * @throws the errors of reading that file
   */
  placeNames(ids: Uint32Array, options?: CallOptions): Promise<PhotoPlaceNames>;
  /**
   * Returns towns to show on a map, largest first, from {@link OpenOptions.places}; none without that option.
   * @throws the errors of reading that file; InvalidInputError for a box that is not valid
   */
  towns(options?: TownOptions): Promise<Town[]>;
  /** Returns the values that filters can choose from: cameras, folders and the range of dates. */
  facets(): Promise<Facets>;
  /** Returns a thumbnail as WebP or JPEG, at most 256 pixels on each side. @throws SourceNotFoundError */
  thumbnail(id: number): Promise<Blob>;
  /**
   * Returns the original file from its folder.
   * @throws SourceNotFoundError if it no longer exists or may not be read
   */
  file(id: number): Promise<File>;
  /** Returns the pictures that were not indexed, and why. */
  problems(): Promise<PhotoProblem[]>;

  /** @param options `threshold`: cosine from which pictures count as similar. @default 0.9 */
  groups(options?: CallOptions & { threshold?: number }): Promise<PhotoGroups>;
  /** Returns a layout of all pictures in two dimensions (UMAP). It is stored until the pictures change. */
  map(options?: MapOptions): Promise<PhotoMap>;

  /** Returns the whole index as one file: rows, vectors, thumbnails, favourites and albums, but not the pictures. */
  export(options?: CallOptions): Promise<Blob>;
  /**
   * Replaces the index with an exported one. Favourites and albums are kept if the file has none. On any error nothing
   * is changed.
   * @throws IndexFormatError if it is not an exported index; IntegrityError if bytes do not match their hashes;
   *   UnsupportedError if it was made with a different model
   */
  import(blob: Blob, options?: CallOptions): Promise<void>;
  /**
   * Returns paths, dates, cameras, places, hashes and float32 vectors, including those of the deep model, as a Parquet
   * file.
   */
  exportParquet(options?: CallOptions): Promise<Blob>;
  /** Deletes everything in the index. The pictures themselves are not touched. */
  clear(): Promise<void>;
  /**
   * Stops all work and lets another tab write. Everything indexed is kept. Models are not disposed of: do that
   * afterwards. Calling it twice does no harm.
   */
  close(): Promise<void>;
  /** Calls {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
