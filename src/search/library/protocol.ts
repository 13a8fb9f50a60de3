/** @file The messages between the page and the search worker, apart from plain calls. */

import type { Transparency } from '../../image';
import type { WireError } from '../../remote/error-wire';
import type { DeepState, EmbedderInput, FolderFile, IndexState, PictureLimits } from '../types';
import type { Leaving } from './leaving';
import type { LibraryPlace } from './place';

/** How an embedding ended. Errors do not throw across the boundary: what becomes of the pictures depends on which. */
export type EmbedOutcome =
  | { kind: 'done'; vectors: Float32Array[] }
  /** One of the inputs cannot be embedded, or took too long. */
  | { kind: 'failed'; error: WireError }
  /** The model died over them; `death` is the same for all that were in progress then. `restarted`: there is a new one. */
  | { kind: 'died'; error: WireError; death: string; restarted: boolean }
  /** The model was taken away, or someone else stopped the call: no fault of the inputs. */
  | { kind: 'interrupted'; error: WireError; restarted: boolean }
  | { kind: 'aborted' };

export type WireState = Omit<IndexState, 'error' | 'deep'> & {
  error: WireError | null;
  deep: (Omit<DeepState, 'error'> & { error: WireError | null }) | null;
};

/** The deep model as the worker knows it. */
export interface DeepSettings {
  modelId: string;
  modelName: string | null;
  dims: number;
  /** Whether the model's weights are. */
  streamed: boolean;
  order: 'newest' | 'matching';
}

/** What the worker asks of the page and tells it. */
export interface PageHooks {
  embed(inputs: readonly EmbedderInput[]): Promise<EmbedOutcome>;
  /** Embeddings under way end as `aborted`. */
  abortEmbeddings(): void;
  /** By the deep model. @param wanted a search waits for it */
  embedDeep(inputs: readonly EmbedderInput[], wanted: boolean): Promise<EmbedOutcome>;
  /** As {@link abortEmbeddings}, of the deep model's. */
  abortDeep(): void;
  /** The file of names of places; null without one. */
  places(): Promise<Uint8Array<ArrayBuffer> | null>;
  onState(state: WireState): void;
  /** How the last page was left. */
  left(): Leaving | null | Promise<Leaving | null>;
  /** Pictures that this worker is decoding: one of them is the reason, should it end now. */
  onDecoding(keys: readonly string[]): void;
}

export interface OpenSettings extends LibraryPlace {
  limits: PictureLimits;
  /** Of the embedder. */
  takesPixels: boolean;
  /** As the embedder's recipe wants transparent pictures. */
  transparency: Transparency;
  /** Whether the embedder's weights are. */
  streamed: boolean;
  /** Null without one. */
  deep: DeepSettings | null;
  /** Of an earlier opening in this page or another: what was in progress then and is not to blame for its end. */
  innocent: InnocentWork;
}

export interface InnocentWork {
  /** {@link PageHooks.left} at that time. */
  left: Leaving | null;
  /** The session whose worker ended while the page lived, and what it was decoding: nothing else is to blame. */
  ended: { session: string; decoding: readonly string[] } | null;
}

/** A folder as it can be sent. */
export type WireSource = { handle: FileSystemDirectoryHandle } | { name: string; files: readonly FolderFile[] };
