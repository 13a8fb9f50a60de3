/** @file Progress of anything long: downloading, verifying, converting, loading. Named as transformers.js names it. */

export interface Progress {
  /** `initiate`: a file or phase begins; `progress`: more of it is done; `done`: it is whole; `ready`: all is. */
  status: 'initiate' | 'progress' | 'done' | 'ready';
  /** What is being done. `wait`: another tab is writing the same bundle. */
  phase: 'wait' | 'measure' | 'convert' | 'calibrate' | 'refine' | 'probe' | 'publish' | 'download' | 'verify' | 'load';
  /** The file within the bundle, where there is one. */
  file?: string;
  /** Bytes done, of the phase. */
  loaded?: number;
  /** Bytes in all, of the phase. */
  total?: number;
  /** Per cent of the phase, 0 to 100. */
  progress?: number;
  /** Weights (tensors) done and in all, at conversion. */
  tensors?: { done: number; total: number };
  /** Rows of weights done and in all, at conversion. */
  rows?: { done: number; total: number };
  /** Bytes per second of late, where it can be told. */
  rate?: number;
  /** At that rate. */
  secondsLeft?: number;
}

export type OnProgress = (event: Progress) => void;
