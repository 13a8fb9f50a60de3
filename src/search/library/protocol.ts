/** @file The messages between the page and the search worker, apart from plain calls. */

import type { Transparency } from '../../image';
import type { WireError } from '../../remote/error-wire';
import type { DeepState, EmbedderInput, FolderFile, IndexState, PictureLimits } from '../types';
import type { Leaving } from './leaving';
import type { LibraryPlace } from './place';

/**
 * How an embedding ended. Errors are not thrown across the boundary, since the fate of the pictures depends on which it
 * is.
 */
export type EmbedOutcome =
  | { kind: 'done'; vectors: Float32Array[] }
  /** One of the inputs cannot be embedded, or took too long. */
  | { kind: 'failed'; error: WireError }
  /**
   * The model died while working on them; `death` is the same for all that were in progress then. `restarted`: there is
   * a new model.
   */
  | { kind: 'died'; error: WireError; death: string; restarted: boolean }
  /** The model was removed, or someone else stopped the call: not the fault of the inputs. */
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
  /** Whether the model's weights are streamed. */
  streamed: boolean;
  order: 'newest' | 'matching';
}

/** What the worker asks the page, and tells it. */
export interface PageHooks {
  embed(inputs: readonly EmbedderInput[]): Promise<EmbedOutcome>;
  /** Embeddings in progress end as `aborted`. */
  abortEmbeddings(): void;
  /** Embeds with the deep model. @param wanted a search waits for it */
  embedDeep(inputs: readonly EmbedderInput[], wanted: boolean): Promise<EmbedOutcome>;
  /** As {@link abortEmbeddings}, for the deep model. */
  abortDeep(): void;
  /** The file of names of places; null without one. */
  places(): Promise<Uint8Array<ArrayBuffer> | null>;
  onState(state: WireState): void;
  /** How the last page was left. */
  left(): Leaving | null | Promise<Leaving | null>;
  /** Pictures that this worker is decoding. If it ends now, one of them is the cause. */
  onDecoding(keys: readonly string[]): void;
}

export interface OpenSettings extends LibraryPlace {
  limits: PictureLimits;
  /** Which model the embedder is. */
  takesPixels: boolean;
  /** How the embedder's recipe wants transparency treated. */
  transparency: Transparency;
  /** Whether the embedder's weights are streamed. */
  streamed: boolean;
  /** Null without one. */
  deep: DeepSettings | null;
  /** From an earlier opening, in this page or another: what was in progress then but did not cause its end. */
  innocent: InnocentWork;
}

export interface InnocentWork {
  /** The value of {@link PageHooks.left} at that time. */
  left: Leaving | null;
  /** The session whose worker ended while the page lived, and what it was decoding: nothing else can be the cause. */
  ended: { session: string; decoding: readonly string[] } | null;
}

/** A folder in a form that can be sent. */
export type WireSource = { handle: FileSystemDirectoryHandle } | { name: string; files: readonly FolderFile[] };
