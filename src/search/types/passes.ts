/**
 * @file Two models for one index, the public types: a first pass over all pictures with a small model, and a deep pass
 * with a stronger one. Plain data. Scores of the two are never mixed: each result says which model gave its score.
 */

import type { PhotoEmbedder, PhotoModel } from './embedder';
import type { SearchResult } from './queries';

/** Which model ranks: the index's own, for which every picture has a vector, or the deep one. */
export type Pass = 'first' | 'deep';

/** What one input of a model may consist of. */
export interface EmbedderInputs {
  /** Whether words and a picture may be read together, as one input. */
  readonly together: boolean;
  /** Whether the model takes an instruction. */
  readonly instruction: boolean;
}

/** The deep model of an index, and how it is used. */
export interface DeepOptions {
  /** A model other than the index's own, with a different `id`. */
  embedder: PhotoEmbedder | PhotoModel;
  /**
   * Which pictures the background pass takes first: the newest, or those that the first pass ranked among the best in
   * recent searches, followed by the newest.
   * @default 'newest'
   */
  order?: 'newest' | 'matching';
  /** How many of the first pass's best results a search has the deep model embed and rank, 1 to 10,000. @default 200 */
  shortlist?: number;
  /**
   * Time that a search may spend on embedding those pictures that the deep model has not embedded yet; 0: searches
   * embed none.
   * @default 10
   */
  seconds?: number;
}

/** How far the deep pass has come. All counts are numbers of pictures. */
export interface DeepState {
  /** See {@link PhotoEmbedder.id}. */
  modelId: string;
  /** See {@link PhotoEmbedder.name}; null if it had none. */
  modelName: string | null;
  /**
   * `paused`: work is left, and `startDeep` resumes it; `waiting`: it has been started, but the first pass goes first;
   * `idle`: nothing is left that could be done now.
   */
  phase: 'idle' | 'waiting' | 'running' | 'paused';
  /** Number that have a vector of the deep model. */
  done: number;
  /** Number that can be searched at all. */
  total: number;
  /** Number that the deep model failed on: see `problems`. They remain ranked by the first pass. */
  failed: number;
  /** Number of the remaining pictures whose files cannot be read now, or have changed since they were indexed. */
  unreadable: number;
  /** Recent rate in pictures per second; null until it can be estimated. */
  rate: number | null;
  /** Estimated seconds left at that rate; null until it can be estimated. */
  secondsLeft: number | null;
  /** The error that caused the deep pass to pause, if any. */
  error: Error | null;
}

/** How far a search has come with the pictures that the deep model has not embedded yet. */
export interface DeepProgress {
  /** Number embedded for this search so far. */
  done: number;
  /** Number to embed for this search. */
  total: number;
}

/** What the deep model did for a search. */
export interface DeepReport {
  /** Number of pictures in the shortlist that the deep model had not embedded yet. */
  wanted: number;
  /** Number of those that were embedded within the time limit. Their vectors are kept. */
  embedded: number;
  /**
   * Number of those that were not embedded, because time ran out or their files cannot be read now. They are ranked by
   * the first pass.
   */
  left: number;
}

/** Options of `PhotoIndex.search`. */
export interface SearchOptions {
  /** Aborts the search, which then rejects with the signal's reason. Vectors already embedded for it are kept. */
  signal?: AbortSignal;
  /** `first`: use only the first pass, even if there is a deep model. @default 'deep' where there is one */
  pass?: Pass;
  /** For a typed query: called with what was found by words, dates and places, before any model is used. */
  onWords?: (result: SearchResult) => void;
  /** Called with what the first pass found, before the deep model begins. */
  onFirst?: (result: SearchResult) => void;
  /** Called while pictures are embedded for this search. */
  onProgress?: (progress: DeepProgress) => void;
}
