/**
 * @file The photo index as callers see it: plain data and one interface, without a page or a model in it. The model is
 * injected as a {@link PhotoEmbedder}, so that nothing here knows how vectors come about.
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
  /** With a role the words themselves, which the model's recipe puts into its prompt; without one as the model reads it. */
  text?: string;
  /** A file, or its pixels: `RgbImage` only for embedders that say {@link PhotoEmbedder.takesPixels}. */
  image?: Blob | ImageData | RgbImage;
  /** Of a search: the recipe's prompt for queries. Absent for pictures of the index, and for the caller's own template. */
  role?: 'query';
  /** The caller's own, for recipes whose prompts have a place for it. */
  instruction?: string;
}

/** What `VLM2Vec.embed` takes of them. */
export interface EmbedderOptions {
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
  /** What queries look for: pictures. */
  find?: 'image';
  /** Pixels may be sent to a worker without a copy: nobody needs them afterwards. */
  transferPixels?: boolean;
}

/** A loaded model, which says of itself all that an index needs. A `VLM2Vec` is one. */
export interface PhotoModel {
  /** As {@link PhotoEmbedder.id}. */
  readonly id: string;
  /** Length of a vector. */
  readonly dims: number;
  /** As `ModelInfo`. */
  readonly info: {
    readonly recipe: EmbedderRecipe;
    readonly inputs: EmbedderInputs;
    readonly weights: 'resident' | 'streamed';
    readonly source: { readonly base: { readonly id: string }; readonly adapter: { readonly id: string } | null };
  };
  /** One vector each, in order. // [dims] */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
}

/** Turns inputs into unit vectors, for what a {@link PhotoModel} cannot say: another name, a model that is restarted. */
export interface PhotoEmbedder {
  /**
   * Names model and precision, as `model.id`; never empty. Pictures embedded under another id are never compared with these.
   */
  readonly id: string;
  /** For people: what a list of stored indexes calls the model. */
  readonly name?: string;
  /** Length of a vector. */
  readonly dims: number;
  /**
   * Whether pictures to be indexed may come as pixels, upright (`RgbImage`): those that their thumbnails were made of, so
   * that they are decoded once. Set it where {@link embed} is that of a `VLM2Vec` and passes the options on.
   * @default false: as files
   */
  readonly takesPixels?: boolean;
  /**
   * Where the model's weights are, as `model.info.weights` says. Of `streamed` ones each call costs much by itself: then
   * many pictures are put into one, as files.
   * @default 'resident'
   */
  readonly weights?: 'resident' | 'streamed';
  /**
   * How the model is asked, as `model.info.recipe` says. Default: by whole prompts, with one vector for each.
   */
  readonly recipe?: EmbedderRecipe;
  /**
   * What an input may be made of, as `model.info.inputs` says.
   * @default anything: words and a picture together, and an instruction
   */
  readonly inputs?: EmbedderInputs;
  /**
   * One vector each, in order. // [dims]
   * Where the model is gone it rejects, and {@link restart} is called: with a plain `DisposedError` where it was taken
   * away; with `DeviceLostError`, or any error whose `details.died` is true, where it ended by itself. The latter counts
   * against the pictures that it had in progress.
   */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
  /** Loads the model anew. Without it indexing pauses when the model is gone. */
  restart?(): Promise<void>;
}

/** What the index has to know of a recipe; `ModelInfo.recipe` is one. */
export interface EmbedderRecipe {
  /** For people. */
  readonly title: string;
  /** Whether prompts are whole strings, so that a template of the caller's own can take their place. */
  readonly isRaw: boolean;
  /** `all`: several vectors for each input, which the index cannot keep. */
  readonly pooling: 'last' | 'all';
  /** What becomes of a picture's transparency, where {@link PhotoEmbedder.takesPixels}. @default 'drop' */
  readonly transparency?: Transparency;
}

/** Of `openPhotoIndex`. */
export interface OpenOptions {
  /** One library of pictures; another name is another library. @default 'photos' */
  name?: string;
  /** A loaded model, or what embeds in its place; where there is a {@link deep} one too, that of the first pass. */
  embedder: PhotoEmbedder | PhotoModel;
  /** A stronger model for a second pass: {@link PhotoIndex.useDeep}. @default none */
  deep?: DeepOptions;
  /**
   * Names of places, so that searches know them: the address of the package's `places/places.bin`, or what resolves to its bytes. Fetched
   * with the first search that it could matter to, in a library whose pictures say where they were taken. @default none
   */
  places?: string | URL | (() => Promise<Uint8Array<ArrayBuffer>>);
  /** In place of the defaults. */
  limits?: Partial<PictureLimits>;
  /** Starts the worker that keeps the index, whose script is `vlm2vec-web/search/worker`. Default: the package's own. */
  worker?: () => Worker;
  /** Starts the worker for groups and the map, whose script is `vlm2vec-web/search/survey-worker`. Default: the package's own. */
  surveyWorker?: () => Worker;
}

/** Beyond these a picture is skipped, with the reason in the list of problems. */
export interface PictureLimits {
  /** @default 300 MB */
  fileBytes: number;
  /** @default 250 million */
  pixels: number;
  /** For reading, decoding and making the thumbnail. @default 60 */
  decodeSeconds: number;
  /** For embedding. @default 300 */
  embedSeconds: number;
}

/** Where pictures come from. */
export type FolderSource =
  /** Remembered; the browser may ask again for permission at the next visit. */
  | { handle: FileSystemDirectoryHandle }
  /** From `<input webkitdirectory>` or a drop. Not remembered: after a reload the same folder is to be chosen again. */
  | { name: string; files: readonly FolderFile[] };

/**
 * What {@link PhotoIndex.add} takes: a folder; what `<input webkitdirectory>` holds, which says what the folder is called; or any
 * files with a name for them. A file without a path goes by its name.
 */
export type PhotoSource =
  FolderSource | FileList | readonly File[] | { name: string; files: FileList | readonly (File | FolderFile)[] };

/** A file of a folder that was chosen or dropped. */
export interface FolderFile {
  /** Within the folder, with `/` between names, without the folder's own name. */
  path: string;
  /** Its content. */
  file: File;
}

/** A folder of the index. Plain data. */
export interface FolderInfo {
  /** For {@link PhotoIndex.reconnect} and {@link PhotoIndex.removeFolder}. */
  id: number;
  /** As the folder is called. */
  name: string;
  /**
   * `ready`: its files can be read; `ask`: call {@link PhotoIndex.reconnect} from a click; `choose`: to be chosen again
   * with {@link PhotoIndex.add}. What was indexed can be searched all the same.
   */
  access: 'ready' | 'ask' | 'choose';
  /** Why it, or a part of it, could not be looked through the last time; null where all went well. */
  problem: FolderProblem | null;
  /** Pictures that the last complete walk found; null before one. */
  found: number | null;
  /** Pictures of it that can be searched. */
  indexed: number;
  /**
   * Of them, those that an earlier version read, which knew less of what files say (keywords, titles, captions). The next
   * {@link PhotoIndex.start} reads that anew, without the model.
   */
  older: number;
}

/** Why a folder could not be looked through. Whatever was indexed of it stays in the index and can be searched. */
export interface FolderProblem {
  /**
   * `gone`: it is not there, or its drive is not; `empty`: no picture is left in it, as in a drive's folder while the
   * drive is not connected; `refused`: it may not be read; `partial`: only parts of it could not be read.
   */
  kind: 'gone' | 'empty' | 'refused' | 'partial';
  /** Where: the folder's name, for `partial` with the path of the first such part. */
  path: string;
  /** For people: what is wrong, and what to do. */
  reason: string;
}

/** How far a run is. Counts are of pictures. */
export interface RunProgress {
  /** Found so far; final once the phase is `indexing`. */
  found: number;
  /** Found that were new or changed, and so have to be worked on. */
  total: number;
  /** Of `total`, with any outcome. */
  done: number;
  /** Embedded by the model. */
  embedded: number;
  /** Moved, or the same bytes as another picture: nothing had to be embedded. */
  reused: number;
  /** Skipped or failed: see {@link PhotoIndex.problems}. */
  problems: number;
  /** Gone from their folders, and so from the index. */
  removed: number;
  /** Pictures per second of late; null until it can be told. */
  rate: number | null;
  /** At that rate; null until it can be told. */
  secondsLeft: number | null;
}

/** What a page shows. A new object whenever something changed. */
export interface IndexState {
  /** `walking`: folders are looked through; `paused`: {@link PhotoIndex.start} goes on. */
  phase: 'idle' | 'walking' | 'indexing' | 'paused';
  /** Another tab has the index open for writing: this one can search, and takes over when that one closes. */
  readOnly: boolean;
  /** Pictures that can be searched. */
  indexed: number;
  /** Length of {@link PhotoIndex.problems}. */
  problems: number;
  /** All folders of the index. */
  folders: readonly FolderInfo[];
  /** Of the run in progress or the last one since opening. */
  run: RunProgress | null;
  /** Why it paused by itself. */
  error: Error | null;
  /** Grows whenever other results could come. */
  revision: number;
  /** What that was when pictures last came, changed or went: groups and map are made of these. */
  contentRevision: number;
  /** Grows when favourites or albums change. */
  albumRevision: number;
  /** Of the second pass; null without a deep model. */
  deep: DeepState | null;
}

/** A picture of the index. Plain data; every text in it is untrusted. */
export interface PhotoItem {
  /** Stays the same while the index has the picture. */
  id: number;
  /** Its folder's name and its path in it: `Holidays/2024/beach.jpg`. */
  path: string;
  /** The last part of `path`. */
  name: string;
  /** {@link FolderInfo.id} */
  folderId: number;
  /** Bytes. */
  size: number;
  /**
   * When it was taken, as the file says (EXIF, XMP), else when the file was changed: the wall clock's time there, in
   * milliseconds as if that clock ran in UTC. Show it with `timeZone: 'UTC'`.
   */
  taken: number;
  /** Whether the file says `taken`. */
  dated: boolean;
  /** Maker and model; null where the file does not say. */
  camera: string | null;
  /** In degrees. */
  place: Place | null;
  /** What the file says in words; absent where it says nothing, and where an earlier version indexed it. */
  words?: PhotoWords;
  /** What of date, camera and place stands in the file and could not be read, for people; null where all could. */
  unread: string | null;
  /** Pixels, upright. */
  width: number;
  /** Pixels, upright. */
  height: number;
  /** SHA-256 of the file, in hex. */
  hash: string;
}

/** What a picture's file says in words: IPTC, XMP and EXIF, each thing once. Untrusted. */
export interface PhotoWords {
  /** Several, in several languages, in lines. */
  title?: string;
  /** Headline, description and comment, in lines. */
  caption?: string;
  /** In the file's order. */
  keywords?: readonly string[];
  /** Names of places that someone wrote into it: IPTC's sublocation, city, province, country. */
  places?: readonly string[];
}

/** A picture that was not indexed. It is tried again when its file changes, or by {@link PhotoIndex.retry}. */
export interface PhotoProblem {
  /** For {@link PhotoIndex.retry}. */
  id: number;
  /** As {@link PhotoItem.path}. */
  path: string;
  /** `skipped`: its file cannot be used; `failed`: the model failed or ended with it, twice. */
  kind: 'skipped' | 'failed';
  /** `deep`: the deep model failed with it; it can be searched, by the first pass. */
  pass: Pass;
  /** For people. */
  reason: string;
}

/** One part of a combined query. */
export interface QueryPart {
  /** With `image`: both are read together. */
  text?: string;
  /** A picture of your own, or one of the index. */
  image?: QueryImage;
  /** @default 1 */
  weight?: number;
}

/** A picture of your own, or one of the index. */
export type QueryImage = Blob | { id: number };

/** What to look for: a text, a picture, or both; more of them; and what to leave out. */
export interface SearchQuery extends TypedOptions {
  /**
   * As a person typed it, in place of {@link text}: `dogs in Rome summer 2021 -people`. Words are looked for in names, keywords and
   * captions and by the model; dates and places filter; `+` and `-` are added to {@link combine} and {@link exclude}.
   */
  typed?: string;
  /** With `image`: both are read together, in one pass: "this, but at night". */
  text?: string;
  /** A picture of your own, or one of the index. */
  image?: QueryImage;
  /** More to look for, added as vectors. */
  combine?: readonly QueryPart[];
  /** What results should not be like. */
  exclude?: readonly QueryPart[];
  /**
   * Of `text` and `image`. With VLM2Vec and others that read whole prompts: a template, with `{text}` and `{image}` where
   * they go; default: MMEB's for the kind of query (`queryTemplate`). With a recipe of templates: its instruction, where it
   * takes one; default: the recipe's own.
   */
  instruction?: string;
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 200 */
  limit?: number;
}

/** Pictures that meet all of it. */
export interface PhotoFilter {
  /** Of {@link PhotoItem.taken}, inclusive: `daysFilter` makes it of a day. */
  from?: number;
  /** Exclusive. */
  to?: number;
  /** Any of these cameras. */
  camera?: string | readonly string[];
  /** The start of {@link PhotoItem.path}, whole names: `Holidays/2024`. */
  folder?: string;
  /** {@link Album.id}: only pictures that are in it. */
  album?: number;
  /** Taken here. Pictures that do not say where they were taken are nowhere. */
  area?: PhotoArea;
}

/** The favourites, or an album: a list of pictures, kept with the index. */
export interface Album {
  /** `FAVOURITES`, or larger. */
  id: number;
  /** Untrusted text; empty for the favourites. */
  name: string;
  /** Milliseconds since 1970; 0 for the favourites. */
  created: number;
  /** Pictures in it that can be found now. Those whose files or folders are gone come back with them. */
  pictures: number;
  /** How many of the pictures that were asked about are in it. */
  contains: number;
}

/** A picture that was found. */
export interface SearchHit {
  /** {@link PhotoItem.id} */
  id: number;
  /**
   * Cosine, −1 to 1 (where parts are combined: with the sum of them, scaled to unit length); NaN where no model was asked.
   */
  score: number;
  /** How many standard deviations it is above the mean of all pictures; NaN where no model was asked. */
  z: number;
  /** Whose score that is. Scores of two models do not compare. */
  pass: Pass;
  /** Of a typed query: why it was found. Empty for what does not stand out. */
  why?: readonly Reason[];
}

/** What {@link PhotoIndex.search} found. */
export interface SearchResult {
  /**
   * Best first. With a deep model: first those that stand out by its scores, then those that it does not know yet and that
   * stand out by the first pass's, then the others in the same order.
   */
  hits: SearchHit[];
  /** The first so many of `hits` stand out; the rest is less relevant. */
  relevantCount: number;
  /** Even the best is no better than chance alone would make the best of so many: perhaps there is nothing. */
  weak: boolean;
  /** Pictures that the filter let through. */
  candidates: number;
  /** Of the index when it was searched. */
  revision: number;
  /** As {@link IndexState.phase} then: unless it is `idle`, pictures may be missing that are not indexed yet. */
  phase: IndexState['phase'];
  /** What the deep model did for it; null where the first pass alone ranked them. */
  deep: DeepReport | null;
  /** Why the deep model, though there is one, had no part in it; null where it had, or should not. */
  deepError: Error | null;
  /** Of a typed query. */
  understood?: Understood;
  /** Of a typed query: why names of places were not understood, though there should be a gazetteer. */
  placesError?: Error;
  /** For the query's embedding, for comparing it with all pictures, and for embedding pictures that the deep model lacked. */
  milliseconds: { embed: number; score: number; deepen: number };
}

/** Of {@link PhotoIndex.list}. */
export interface ListOptions {
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 'newest' */
  order?: 'newest' | 'oldest' | 'path';
}

/** When pictures were taken, for lists with headings. */
export interface PhotoDates {
  /** As {@link PhotoItem.taken}; NaN for what is not (or no longer) there. // [ids] */
  taken: Float64Array;
  /** 1 as {@link PhotoItem.dated}, else 0. // [ids] */
  dated: Uint8Array;
}

/** What filters can choose from. */
export interface Facets {
  /** Most pictures first. */
  cameras: { name: string; count: number }[];
  /** Folders at every level, as {@link PhotoFilter.folder} takes them, in order. */
  folders: { path: string; count: number }[];
  /** Of {@link PhotoItem.taken}; null without pictures. */
  taken: { from: number; to: number } | null;
}

/** Groups of pictures that are alike. */
export interface PhotoGroups {
  /** Ids of files with the same bytes, largest group first. */
  exact: number[][];
  /** Ids of different files whose vectors are close, largest group first; of exact copies the first alone. */
  similar: number[][];
}

/** Pictures as points: close ones look or mean alike. */
export interface PhotoMap {
  /** {@link PhotoItem.id} of each point. // [points] */
  ids: Uint32Array;
  /** −1 to 1 along the longer side. // [points] */
  x: Float32Array;
  /** As `x`. // [points] */
  y: Float32Array;
  /** {@link IndexState.contentRevision} that it shows. */
  revision: number;
  /** Pictures that shaped the layout; further ones were placed into it. */
  sampled: number;
  /** Of the computation; 0 where it was remembered. */
  milliseconds: number;
}

/** An index at rest. Plain data. */
export interface StoredPhotoIndex {
  /** Names it, for `deletePhotoIndex`. */
  place: string;
  /** As {@link OpenOptions.name}. */
  name: string;
  /** As {@link PhotoEmbedder.id}. */
  modelId: string;
  /** As {@link PhotoEmbedder.name}; null where it had none. */
  modelName: string | null;
  /** Further models that it holds vectors of. */
  deep: { modelId: string; modelName: string | null }[];
  /** That can be searched. */
  pictures: number;
  /** Files that were not indexed. */
  problems: number;
  /** Of vectors and thumbnails. */
  bytes: number;
  /** When it was last opened for writing, in milliseconds since 1970. */
  lastUsed: number;
}

/** Of calls that take a while. */
export interface CallOptions {
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
}

/** Of {@link PhotoIndex.finished}. */
export interface FinishedOptions extends CallOptions {
  /** Of which pass. `deep` waits for the first one too. @default 'first' */
  pass?: Pass;
}

/** Of {@link PhotoIndex.map}. */
export interface MapOptions extends CallOptions {
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/**
 * A searchable library of pictures, kept in this browser. Everything but adding works while it is being indexed.
 * Calls reject with `DisposedError` after {@link close}.
 */
export interface PhotoIndex {
  /** As of now. */
  readonly state: IndexState;
  /** Called after every change, at most about ten times a second. Returns what ends it. */
  subscribe(listener: (state: IndexState) => void): () => void;

  /**
   * Adds a folder, or gives a known one its files again. Nothing is read before {@link start}.
   * @throws InvalidInputError for what is no folder and no files, for files that say no folder and have no name, and where
   *   two would have the same path
   */
  add(source: PhotoSource): Promise<FolderInfo>;
  /** Asks for permission to read a remembered folder. Call it from a click. Resolves to whether it was given. */
  reconnect(folderId: number): Promise<boolean>;
  /** Forgets a folder and its pictures. The files are left alone. */
  removeFolder(folderId: number): Promise<void>;

  /** Looks through the folders and indexes what is new or changed; resumes where it was paused. Resolves once begun. */
  start(): Promise<void>;
  /**
   * Resolves when the run that {@link start} began has ended, or at once where there is none. The state says how: `idle` where
   * all is indexed, `paused` after {@link pause}.
   * @throws what paused it (`state.error`); DisposedError where the index is closed; InvalidInputError for `pass: 'deep'`
   *   without a deep model
   */
  finished(options?: FinishedOptions): Promise<IndexState>;
  /** Stops after the pictures in hand. What is done is kept, and so is the queue. */
  pause(): Promise<void>;
  /** Stops and forgets the queue; what is done is kept. */
  cancel(): Promise<void>;
  /**
   * Takes a deep model into use, with the vectors of it that the index has; another one in its place; or none (null): the
   * vectors stay. Nothing is embedded before {@link startDeep} or a search.
   * @throws InvalidInputError for the index's own model and for options out of range; UnsupportedError for a recipe with
   *   several vectors per input; the deep model that was there stays in use then
   */
  useDeep(deep: DeepOptions | null): Promise<void>;
  /** Begins or resumes the deep pass, in the background: what the first pass and searches want goes before. */
  startDeep(): Promise<void>;
  /** Begins no more pictures; those in hand are ended, and searches go on to have theirs embedded. */
  pauseDeep(): Promise<void>;
  /** Deletes all vectors of a model other than the index's own. */
  forgetDeep(modelId: string): Promise<void>;
  /**
   * Forgets the outcome of these problems (default: all), so that {@link start} tries them again; those of the deep pass
   * {@link startDeep}.
   */
  retry(ids?: readonly number[]): Promise<void>;

  /**
   * With a deep model: the first pass's best that it does not know are embedded now, within the time of
   * {@link DeepOptions.seconds}, and what it knows is ranked by it. Words with a picture, and instructions, go to it.
   * @throws InvalidInputError, naming the option, for an empty query and for what is not known or makes no sense, and for `pass: 'deep'` without a deep model;
   *   UnsupportedError where the query has words and a picture in one part, or an instruction, and no model here reads that;
   *   SourceNotFoundError where `image` names a picture whose file is needed and cannot be read
   */
  search(query: SearchQuery, options?: SearchOptions): Promise<SearchResult>;
  /** Ids of all pictures, without looking for anything. */
  list(options?: ListOptions): Promise<Uint32Array>;
  /** In the order of `ids`; null for what is not (or no longer) there. */
  items(ids: Iterable<number>): Promise<(PhotoItem | null)[]>;
  /**
   * Favourites first, then albums by name.
   * @param options `of`: pictures that {@link Album.contains} counts. @default none
   * @throws InvalidInputError for a picture that is not there
   */
  albums(options?: { of?: Iterable<number> }): Promise<Album[]>;
  /**
   * Makes an album, of these pictures. A picture stays in it when its file is moved or indexed anew; copies of the same bytes
   * are one. Favourites and albums are those of all models' indexes of the library, from their next opening on.
   * @param name 1 to 100 characters, and not another album's
   * @throws InvalidInputError for a name that is none or is taken, and for a picture that is not there. This and the next
   *   three: UnsupportedError where another tab writes
   */
  createAlbum(name: string, ids?: Iterable<number>): Promise<Album>;
  /** @throws InvalidInputError as {@link createAlbum}, for the favourites, and where there is no such album */
  renameAlbum(id: number, name: string): Promise<void>;
  /**
   * Adds pictures and takes pictures out; those that are in it already, or not, stay so.
   * @throws InvalidInputError for a picture or album that is not there; nothing has changed then
   */
  changeAlbum(id: number, change: { add?: Iterable<number>; remove?: Iterable<number> }): Promise<void>;
  /** The pictures are left alone. @throws InvalidInputError for the favourites, and where there is no such album */
  deleteAlbum(id: number): Promise<void>;
  /** When these pictures were taken, in the order of `ids`: of 100,000 in a fraction of what {@link items} would take. */
  dates(ids: Uint32Array): Promise<PhotoDates>;
  /** Where these pictures were taken, in the order of `ids`. */
  places(ids: Uint32Array): Promise<PhotoPlaces>;
  /**
   * The same in words, by {@link OpenOptions.places}; without that no picture has any.
   * @throws as reading that file does
   */
  placeNames(ids: Uint32Array, options?: CallOptions): Promise<PhotoPlaceNames>;
  /**
   * Towns for a map, largest first, by {@link OpenOptions.places}; none without that.
   * @throws as reading that file does; InvalidInputError for a box that is none
   */
  towns(options?: TownOptions): Promise<Town[]>;
  /** What filters can choose from: cameras, folders, and the span of time. */
  facets(): Promise<Facets>;
  /** WebP or JPEG, at most 256 pixels a side. @throws SourceNotFoundError */
  thumbnail(id: number): Promise<Blob>;
  /** The original, from its folder. @throws SourceNotFoundError where it is gone or may not be read */
  file(id: number): Promise<File>;
  /** What was not indexed, and why. */
  problems(): Promise<PhotoProblem[]>;

  /** @param options `threshold`: cosine from which pictures are similar. @default 0.9 */
  groups(options?: CallOptions & { threshold?: number }): Promise<PhotoGroups>;
  /** A layout of all pictures in two dimensions (UMAP), remembered until they change. */
  map(options?: MapOptions): Promise<PhotoMap>;

  /** The whole index as one file: rows, vectors, thumbnails, favourites and albums; not the pictures. */
  export(options?: CallOptions): Promise<Blob>;
  /**
   * Replaces the index by an exported one. Favourites and albums stay where it has none. On any error nothing has changed.
   * @throws IndexFormatError for what is no such file; IntegrityError where bytes differ from their hashes;
   *   UnsupportedError where another model made it
   */
  import(blob: Blob, options?: CallOptions): Promise<void>;
  /** Paths, dates, cameras, places, hashes and float32 vectors, the deep model's too, as a Parquet file. */
  exportParquet(options?: CallOptions): Promise<Blob>;
  /** Deletes all of it. The pictures are left alone. */
  clear(): Promise<void>;
  /**
   * Stops and lets another tab write. What is indexed is kept. Models are left alone: dispose of them after it. Twice does no
   * harm.
   */
  close(): Promise<void>;
  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
