/**
 * @file The photo index as callers see it: plain data and one interface, with no dependence on a page or a model. The
 * model is injected as a {@link PhotoEmbedder}, so that nothing here needs to know how vectors are computed.
 */

import type { RgbImage, Transparency } from '../image';
import type { DeepOptions, DeepReport, DeepState, EmbedderInputs, Pass, SearchOptions } from './passes';

import type { Reason, TypedOptions, Understood } from './typed';
import type { PhotoArea, PhotoPlaceNames, PhotoPlaces, Place, Town, TownOptions } from './where';

export type * from './passes';
export type * from './typed';
export type * from './where';

/** What is embedded: a text, a picture, or both in one sequence. */
export interface EmbedderInput {
  /**
   * With a role, the words themselves, which the model's recipe puts into its prompt; without a role, exactly what the
   * model reads.
   */
  text?: string;
  /** A file, or its pixels. `RgbImage` is used only for embedders that set {@link PhotoEmbedder.takesPixels}. */
  image?: Blob | ImageData | RgbImage;
  /**
   * Set for a search that uses the recipe's prompt for queries. Absent for pictures being indexed, and where the caller
   * supplies a template.
   */
  role?: 'query';
  /** The caller's own instruction, for recipes whose prompts have a place for one. */
  instruction?: string;
}

/** The options of `VLM2Vec.embed` that the index uses. */
export interface EmbedderOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** What queries search for: pictures. */
  find?: 'image';
  /** Pixels may be transferred to a worker instead of being copied, because they are not needed afterwards. */
  transferPixels?: boolean;
}

/** A loaded model that provides everything an index needs to know about it. A `VLM2Vec` is one. */
export interface PhotoModel {
  /** See {@link PhotoEmbedder.id}. */
  readonly id: string;
  /** Length of a vector. */
  readonly dims: number;
  /** The part of `ModelInfo` that the index uses. */
  readonly info: {
    readonly recipe: EmbedderRecipe;
    readonly inputs: EmbedderInputs;
    readonly weights: 'resident' | 'streamed';
    readonly source: { readonly base: { readonly id: string }; readonly adapter: { readonly id: string } | null };
  };
  /** Returns one vector per input, in the same order. // [dims] */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
}

/**
 * Turns inputs into unit vectors. Use it where a {@link PhotoModel} is not enough: for a name of your own, or a model
 * that can be restarted.
 */
export interface PhotoEmbedder {
  /**
   * Identifies the model and its precision, like `model.id`; never empty. Pictures embedded under different ids are
   * never compared with each other.
   */
  readonly id: string;
  /** A name to display: what a list of stored indexes calls the model. */
  readonly name?: string;
  /** Length of a vector. */
  readonly dims: number;
  /**
   * Whether pictures to be indexed may be passed as upright pixels (`RgbImage`). These are the pixels from which the
   * thumbnails were made, so each picture is decoded only once. Set it where {@link embed} calls that of a `VLM2Vec`
   * and passes the options on.
   * @default false: they are passed as files
   */
  readonly takesPixels?: boolean;
  /**
   * Where the model's weights are held, as `model.info.weights` reports. With `streamed` weights every call has a high
   * fixed cost, so many pictures are passed in one call, as files.
   * @default 'resident'
   */
  readonly weights?: 'resident' | 'streamed';
  /**
   * How inputs are presented to the model, as `model.info.recipe` reports. Default: as complete prompts, with one
   * vector for each.
   */
  readonly recipe?: EmbedderRecipe;
  /**
   * What an input may consist of, as `model.info.inputs` reports.
   * @default no restriction: words and a picture together, and an instruction
   */
  readonly inputs?: EmbedderInputs;
  /**
   * Returns one vector per input, in the same order. // [dims] If the model is no longer available, the call must
   * reject, and {@link restart} is then called. Reject with a plain `DisposedError` if the model was disposed of
   * deliberately, and with `DeviceLostError`, or any error whose `details.died` is true, if it ended unexpectedly. The
   * latter counts as a failure of the pictures that were in progress.
   */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
  /** Loads the model again. Without this method, indexing pauses when the model is no longer available. */
  restart?(): Promise<void>;
}

/** What the index needs to know about a recipe; `ModelInfo.recipe` is one. */
export interface EmbedderRecipe {
  /** A name to display. */
  readonly title: string;
  /** Whether prompts are complete strings, so that the caller can supply a template instead. */
  readonly isRaw: boolean;
  /** `all`: several vectors for each input, which the index cannot store. */
  readonly pooling: 'last' | 'all';
  /** How transparency is handled if {@link PhotoEmbedder.takesPixels} is set. @default 'drop' */
  readonly transparency?: Transparency;
}

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

/** Where pictures come from. */
export type FolderSource =
  /** Remembered. The browser may ask for permission again on the next visit. */
  | { handle: FileSystemDirectoryHandle }
  /**
   * From `<input webkitdirectory>` or a drop. Not remembered: after a reload the user has to choose the same folder
   * again.
   */
  | { name: string; files: readonly FolderFile[] };

/**
 * What {@link PhotoIndex.add} takes: a folder; the files of an `<input webkitdirectory>`, which include the folder's
 * name; or any files together with a name for them. A file without a path is identified by its name.
 */
export type PhotoSource =
  FolderSource | FileList | readonly File[] | { name: string; files: FileList | readonly (File | FolderFile)[] };

/** A file in a folder that was chosen or dropped. */
export interface FolderFile {
  /** Path within the folder, with `/` between names and without the folder's own name. */
  path: string;
  /** The file itself. */
  file: File;
}

/** A folder of the index. Plain data. */
export interface FolderInfo {
  /** For {@link PhotoIndex.reconnect} and {@link PhotoIndex.removeFolder}. */
  id: number;
  /** Name of the folder. */
  name: string;
  /**
   * `ready`: its files can be read; `ask`: call {@link PhotoIndex.reconnect} from a click handler; `choose`: the folder
   * has to be chosen again and passed to {@link PhotoIndex.add}. Pictures already indexed can be searched in every
   * case.
   */
  access: 'ready' | 'ask' | 'choose';
  /** Why all or part of the folder could not be scanned last time; null if everything went well. */
  problem: FolderProblem | null;
  /** Number of pictures that the last complete scan found; null before the first one. */
  found: number | null;
  /** Number of its pictures that can be searched. */
  indexed: number;
  /**
   * Number of those pictures that were read by an earlier version, which extracted less from files (keywords, titles
   * and captions were missing). The next {@link PhotoIndex.start} reads these details again, without using the model.
   */
  older: number;
}

/** Why a folder could not be scanned. Pictures already indexed from it stay in the index and can be searched. */
export interface FolderProblem {
  /**
   * `gone`: the folder or its drive does not exist; `empty`: no pictures are left in it, as happens with the folder of
   * a drive that is not connected; `refused`: there is no permission to read it; `partial`: some parts of it could not
   * be read.
   */
  kind: 'gone' | 'empty' | 'refused' | 'partial';
  /**
   * Where the problem is: the folder's name; for `partial`, followed by the path of the first part that could not be
   * read.
   */
  path: string;
  /** A message to display: what is wrong, and what to do. */
  reason: string;
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

/** A picture in the index. Plain data; every text in it is untrusted. */
export interface PhotoItem {
  /** Stays the same as long as the picture is in the index. */
  id: number;
  /** The folder's name, followed by the path within it: `Holidays/2024/beach.jpg`. */
  path: string;
  /** The last part of `path`. */
  name: string;
  /** {@link FolderInfo.id} */
  folderId: number;
  /** Size of the file in bytes. */
  size: number;
  /**
   * When the picture was taken, according to the file (EXIF, XMP), or otherwise when the file was last modified. This
   * is local wall-clock time at that place, in milliseconds as if that clock showed UTC. Format it with `timeZone:
   * 'UTC'`.
   */
  taken: number;
  /** Whether `taken` comes from the file's metadata. */
  dated: boolean;
  /** Make and model of the camera; null if the file does not say. */
  camera: string | null;
  /** Where the picture was taken, in degrees. */
  place: Place | null;
  /** Text from the file's metadata; absent if there is none, or if an earlier version indexed the picture. */
  words?: PhotoWords;
  /**
   * A message to display that names which of date, camera and place are in the file but could not be read; null if
   * everything could be read.
   */
  unread: string | null;
  /** Width in pixels, once upright. */
  width: number;
  /** Height in pixels, once upright. */
  height: number;
  /** SHA-256 of the file, in hex. */
  hash: string;
}

/** Text from a picture's metadata (IPTC, XMP and EXIF), without duplicates. Untrusted. */
export interface PhotoWords {
  /** Titles in several languages are separated by line breaks. */
  title?: string;
  /** Headline, description and comment, separated by line breaks. */
  caption?: string;
  /** Keywords, in the file's order. */
  keywords?: readonly string[];
  /** Names of places that someone entered: IPTC's sublocation, city, province, country. */
  places?: readonly string[];
}

/** A picture that was not indexed. It is tried again when its file changes, or after {@link PhotoIndex.retry}. */
export interface PhotoProblem {
  /** For {@link PhotoIndex.retry}. */
  id: number;
  /** See {@link PhotoItem.path}. */
  path: string;
  /** `skipped`: its file cannot be used; `failed`: the model failed or crashed on it twice. */
  kind: 'skipped' | 'failed';
  /** `deep`: the deep model failed on it; it can still be found by the first pass. */
  pass: Pass;
  /** The reason, as a message to display. */
  reason: string;
}

/** One part of a combined query. */
export interface QueryPart {
  /** Together with `image`, both are read as one input. */
  text?: string;
  /** A picture of your own, or one in the index. */
  image?: QueryImage;
  /** @default 1 */
  weight?: number;
}

/** A picture of your own, or one in the index. */
export type QueryImage = Blob | { id: number };

/** What to search for: a text, a picture or both, possibly combined with others, and what to leave out. */
export interface SearchQuery extends TypedOptions {
  /**
   * The query as a person typed it, instead of {@link text}: `dogs in Rome summer 2021 -people`. Words are searched for
   * in names, keywords and captions and by the model; dates and places act as filters; parts with `+` and `-` are added
   * to {@link combine} and {@link exclude}.
   */
  typed?: string;
  /** Together with `image`, both are read as one input: "this, but at night". */
  text?: string;
  /** A picture of your own, or one in the index. */
  image?: QueryImage;
  /** Further things to search for; their vectors are added. */
  combine?: readonly QueryPart[];
  /** What results should not resemble. */
  exclude?: readonly QueryPart[];
  /**
   * The instruction for `text` and `image`. For VLM2Vec and other models that read complete prompts, this is a template
   * with `{text}` and `{image}` where they belong; the default is MMEB's template for the kind of query
   * (`queryTemplate`). For a recipe with templates of its own, it is the instruction, if the recipe takes one; the
   * default is the recipe's own.
   */
  instruction?: string;
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 200 */
  limit?: number;
}

/** A filter. Pictures must meet all of its conditions. */
export interface PhotoFilter {
  /** Earliest {@link PhotoItem.taken}, inclusive. `daysFilter` computes it from a day. */
  from?: number;
  /** End of the range of {@link PhotoItem.taken}, exclusive. */
  to?: number;
  /** Any of these cameras. */
  camera?: string | readonly string[];
  /** The beginning of {@link PhotoItem.path}, in whole names: `Holidays/2024`. */
  folder?: string;
  /** An {@link Album.id}: only pictures in this album. */
  album?: number;
  /** Only pictures taken in this area. Pictures that do not record where they were taken never match. */
  area?: PhotoArea;
}

/** The favourites, or an album: a list of pictures, kept with the index. */
export interface Album {
  /** `FAVOURITES`, or a larger number. */
  id: number;
  /** Untrusted text; empty for the favourites. */
  name: string;
  /** Milliseconds since 1970; 0 for the favourites. */
  created: number;
  /**
   * Number of its pictures that can currently be found. Pictures whose files or folders are missing reappear when these
   * return.
   */
  pictures: number;
  /** How many of the pictures that were asked about are in it. */
  contains: number;
}

/** A picture that was found. */
export interface SearchHit {
  /** {@link PhotoItem.id} */
  id: number;
  /**
   * Cosine similarity, −1 to 1 (for combined parts: with their sum, scaled to unit length); NaN if no model was used.
   */
  score: number;
  /** How many standard deviations the score is above the mean of all pictures; NaN if no model was used. */
  z: number;
  /** Which model gave the score. Scores of different models cannot be compared. */
  pass: Pass;
  /** For a typed query: why the picture was found. Empty for pictures that do not stand out. */
  why?: readonly Reason[];
}

/** What {@link PhotoIndex.search} found. */
export interface SearchResult {
  /**
   * Results, best first. With a deep model, those that stand out by its scores come first, then those it has not
   * embedded yet that stand out by the scores of the first pass, then the others in the same order.
   */
  hits: SearchHit[];
  /** How many of the first `hits` stand out; the rest are less relevant. */
  relevantCount: number;
  /**
   * Even the best result is no better than chance would produce among this many pictures, so there may be no real
   * match.
   */
  weak: boolean;
  /** Number of pictures that pass the filter. */
  candidates: number;
  /** {@link IndexState.revision} at the time of the search. */
  revision: number;
  /** {@link IndexState.phase} at that time. Unless it is `idle`, pictures that are not indexed yet may be missing. */
  phase: IndexState['phase'];
  /** What the deep model contributed; null if only the first pass ranked the results. */
  deep: DeepReport | null;
  /** Why the deep model could not be used although there is one; null if it was used, or was not meant to be. */
  deepError: Error | null;
  /** For a typed query: how it was understood. */
  understood?: Understood;
  /** For a typed query: why names of places were not recognised although a gazetteer was configured. */
  placesError?: Error;
  /** Time spent embedding the query, comparing it with all pictures, and embedding pictures for the deep model. */
  milliseconds: { embed: number; score: number; deepen: number };
}

/** Options of {@link PhotoIndex.list}. */
export interface ListOptions {
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 'newest' */
  order?: 'newest' | 'oldest' | 'path';
}

/** When pictures were taken, for lists with headings. */
export interface PhotoDates {
  /** See {@link PhotoItem.taken}; NaN for pictures that are not (or no longer) in the index. // [ids] */
  taken: Float64Array;
  /** 1 where {@link PhotoItem.dated} is true, otherwise 0. // [ids] */
  dated: Uint8Array;
}

/** The values that filters can choose from. */
export interface Facets {
  /** Cameras, those with the most pictures first. */
  cameras: { name: string; count: number }[];
  /** Folders at every level, in order, in the form {@link PhotoFilter.folder} takes. */
  folders: { path: string; count: number }[];
  /** Range of {@link PhotoItem.taken}; null if there are no pictures. */
  taken: { from: number; to: number } | null;
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
