/** @file Progress of anything long: downloading, verifying, converting, loading. Named as transformers.js names it. */

export interface Progress {
  /**
   * `initiate`: a file or phase begins; `progress`: more of it is done; `done`: it is complete; `ready`: everything is.
   */
  status: 'initiate' | 'progress' | 'done' | 'ready';
  /** What is being done. `wait`: another tab is writing the same bundle. */
  phase: 'wait' | 'measure' | 'convert' | 'calibrate' | 'refine' | 'probe' | 'publish' | 'download' | 'verify' | 'load';
  /** The file within the bundle, if there is one. */
  file?: string;
  /** Bytes of the phase that are done. */
  loaded?: number;
  /** Bytes of the phase in all. */
  total?: number;
  /** Percentage of the phase, 0 to 100. */
  progress?: number;
  /** Weights (tensors) done and in all, during conversion. */
  tensors?: { done: number; total: number };
  /** Rows of weights done and in all, during conversion. */
  rows?: { done: number; total: number };
  /** Recent bytes per second, if known. */
  rate?: number;
  /** How long the rest takes at that rate. */
  secondsLeft?: number;
}

export type OnProgress = (event: Progress) => void;
