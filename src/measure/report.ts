/**
 * @file The report of a measurement. It is plain data and has the same form in a page and in the shell, so that reports
 * can be compared.
 */

import type { BundleSource, WeightDtype } from '../bundle/manifest';
import type { Activations, AdapterFacts, Compute, DeviceName, MatmulRate, OrtBuild, RungReport } from '../runtime';

export const REPORT_FORMAT = 'vlm2vec-bench';
export const REPORT_VERSION = 1;

/** Where it was measured, as far as the environment reports this. */
export interface Environment {
  /** A browser's user agent, or Node and its version. */
  agent: string;
  /** Name of the processor as given by the system; null in browsers. */
  cpu: string | null;
  cores: number | null;
  /** Bytes of main memory; browsers round it or do not report it. */
  memory: number | null;
  /** Whether WASM may use threads; null in Node. */
  isolated: boolean | null;
}

/** Time of one stage in one call. */
export interface StageFigure {
  name: string;
  milliseconds: number;
  /** Share of the device's matmul rate; null if that is not known. */
  share: number | null;
}

/** What was requested: a picture with this many visual tokens, or this many captions in one call. */
export interface Asked {
  kind: 'picture' | 'captions';
  /** Null: the size that the model itself chooses. */
  size: number | null;
}

export interface Measured extends Asked {
  skipped: null;
  /** Number of inputs in a call, and of their tokens, of which `imageTokens` stand for the picture. */
  inputs: number;
  tokens: number;
  imageTokens: number;
  /** Time per input for the whole call: median of the runs. */
  milliseconds: number;
  /** Parts of it: decoding, resizing and tokenizing; the two parts of the model. */
  prepare: number;
  vision: number;
  text: number;
  /** Number of timed calls, after one that was not timed; 1 if the first was too slow to be repeated. */
  runs: number;
  /** Floating-point operations of a call's matrix products and attentions; null if they were not counted. */
  flops: number | null;
  /** Share of the device's matmul rate that the model reaches. */
  share: number | null;
  /** Times of the stages in a call that waits for each. */
  stages: StageFigure[];
}

export interface Skipped extends Asked {
  /** Why there are no numbers. */
  skipped: string;
}

export type Figure = Measured | Skipped;

/** Peak memory observed. */
export interface MemoryFigure {
  bytes: number;
  /** `page`: the page with its workers, as measured by the browser; `process`: the Node process. */
  of: 'page' | 'process';
}

/** The model on one device with one kind of activations. */
export interface RungFigures {
  device: DeviceName;
  activations: Activations;
  compute: Compute;
  /** Null if it could not be loaded. */
  subgroups: boolean | null;
  build: OrtBuild | null;
  threads: number | null;
  adapter: AdapterFacts | null;
  /** Time for loading, and the part of it for the self-test. */
  load: { milliseconds: number; probe: number | null } | null;
  /** For each rung of the ladder, the lowest cosine with the bundle's probe. */
  probe: Pick<RungReport, 'device' | 'activations' | 'subgroups' | 'compute' | 'outcome' | 'cosine' | 'reason'>[];
  matmul: MatmulRate | null;
  figures: Figure[];
  memory: MemoryFigure | null;
  /** Why it stopped early, if it did. */
  error: string | null;
}

/** Another library's model, on the same inputs. */
export interface OtherFigures {
  library: string;
  model: string;
  dtype: string;
  device: string;
  /** Bytes that were downloaded. */
  bytes: number;
  load: { milliseconds: number };
  figures: Figure[];
  error: string | null;
}

export interface MeasureReport {
  format: typeof REPORT_FORMAT;
  version: typeof REPORT_VERSION;
  date: string;
  environment: Environment;
  model: {
    id: string;
    label: string;
    architecture: string;
    dtype: WeightDtype;
    dims: number;
    bytes: number;
    source: BundleSource;
  } | null;
  rungs: RungFigures[];
  others: OtherFigures[];
}
