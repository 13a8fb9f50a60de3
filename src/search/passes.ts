/**
 * @file Two models for one index, as callers see it: a first pass over all pictures with a small model, and a deep pass
 * with a stronger one. Plain data. Scores of the two are never mixed: each result says whose it is.
 */

import type { PhotoEmbedder, PhotoModel, SearchResult } from './types';

/** Whose ranking: of the index's own model, which every picture has a vector of, or of the deep one. */
export type Pass = 'first' | 'deep';

/** What one input of a model may be made of. */
export interface EmbedderInputs {
  /** Words and a picture may be read together, as one input. */
  readonly together: boolean;
  /** It takes an instruction. */
  readonly instruction: boolean;
}

/** The deep model of an index, and how it is used. */
export interface DeepOptions {
  /** Another model than the index's own: its `id` is another. */
  embedder: PhotoEmbedder | PhotoModel;
  /**
   * Which pictures the background pass takes first: the newest, or those that the first pass put among the best of recent
   * searches, and then the newest.
   * @default 'newest'
   */
  order?: 'newest' | 'matching';
  /** How many of the first pass's best a search sees to it that the deep model knows, 1 to 10,000. @default 200 */
  shortlist?: number;
  /** Of a search, for embedding those that it does not know yet; 0: none is embedded for a search. @default 10 */
  seconds?: number;
}

/** How far the deep pass is. Counts are of pictures. */
export interface DeepState {
  /** As {@link PhotoEmbedder.id}. */
  modelId: string;
  /** As {@link PhotoEmbedder.name}; null where it had none. */
  modelName: string | null;
  /**
   * `paused`: there is something left, and `startDeep` goes on; `waiting`: it was begun, and the first pass goes before;
   * `idle`: nothing is left that could be done now.
   */
  phase: 'idle' | 'waiting' | 'running' | 'paused';
  /** That have a vector of the deep model. */
  done: number;
  /** That can be searched at all. */
  total: number;
  /** That it failed with: see `problems`. They stay ranked by the first pass. */
  failed: number;
  /** Of those left, whose files cannot be read now, or are others than were indexed. */
  unreadable: number;
  /** Pictures per second of late; null until it can be told. */
  rate: number | null;
  /** At that rate; null until it can be told. */
  secondsLeft: number | null;
  /** Why it paused by itself. */
  error: Error | null;
}

/** How far a search is with the pictures that the deep model does not know yet. */
export interface DeepProgress {
  /** Embedded for this search so far. */
  done: number;
  /** That are wanted. */
  total: number;
}

/** What a search had the deep model do. */
export interface DeepReport {
  /** Pictures of the shortlist that the deep model did not know. */
  wanted: number;
  /** Of them, embedded within the time; kept for ever. */
  embedded: number;
  /** Not embedded: time was up, or their files cannot be read now. They are ranked by the first pass. */
  left: number;
}

/** Of `PhotoIndex.search`. */
export interface SearchOptions {
  /** Ends the search with the signal's reason. What was embedded for it is kept. */
  signal?: AbortSignal;
  /** `first`: by the first pass alone, though there is a deep model. @default 'deep' where there is one */
  pass?: Pass;
  /** Of a typed query: called with what was found by words, dates and places, before any model is asked. */
  onWords?: (result: SearchResult) => void;
  /** Called with what the first pass found, before the deep model begins. */
  onFirst?: (result: SearchResult) => void;
  /** Called while pictures are embedded for this search. */
  onProgress?: (progress: DeepProgress) => void;
}
