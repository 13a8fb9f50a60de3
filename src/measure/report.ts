/** @file What a measurement says. Plain data, the same from a page and from the shell: reports can be compared. */

import type { BundleSource, WeightDtype } from '../bundle/manifest';
import type { Activations, AdapterFacts, Compute, DeviceName, MatmulRate, OrtBuild, RungReport } from '../runtime';

export const REPORT_FORMAT = 'vlm2vec-bench';
export const REPORT_VERSION = 1;

/** Where it was measured, as far as that tells about itself. */
export interface Environment {
  /** A browser's user agent, or Node and its version. */
  agent: string;
  /** As the system names it; null in browsers. */
  cpu: string | null;
  cores: number | null;
  /** Bytes of main memory; browsers round it, or say nothing. */
  memory: number | null;
  /** Whether WASM may use threads; null in Node. */
  isolated: boolean | null;
}

/** Time of one stage in one call. */
export interface StageFigure {
  name: string;
  milliseconds: number;
  /** Of the device's matmul rate; null where that is not known. */
  share: number | null;
}

/** What was asked for: a picture of so many visual tokens, or so many captions in one call. */
export interface Asked {
  kind: 'picture' | 'captions';
  /** Null: as large as the model makes it. */
  size: number | null;
}

export interface Measured extends Asked {
  skipped: null;
  /** Inputs of a call, and their tokens; `imageTokens` of them stand for the picture. */
  inputs: number;
  tokens: number;
  imageTokens: number;
  /** Per input: the whole call, median of the runs. */
  milliseconds: number;
  /** Of it: decoding, resizing and tokenizing; the two halves of the model. */
  prepare: number;
  vision: number;
  text: number;
  /** Calls that were timed, after one that was not; 1 where the first was too slow to be repeated. */
  runs: number;
  /** Floating-point operations of a call's matrix products and attentions; null where nobody counted. */
  flops: number | null;
  /** What the model's halves reach of the device's matmul rate. */
  share: number | null;
  /** In a call that waits for each. */
  stages: StageFigure[];
}

export interface Skipped extends Asked {
  /** Why there are no numbers. */
  skipped: string;
}

export type Figure = Measured | Skipped;

/** Most memory seen. */
export interface MemoryFigure {
  bytes: number;
  /** `page`: the page with its workers, as the browser counts; `process`: the Node process. */
  of: 'page' | 'process';
}

/** The model on one device with one kind of activations. */
export interface RungFigures {
  device: DeviceName;
  activations: Activations;
  compute: Compute;
  /** Null where it could not be loaded. */
  subgroups: boolean | null;
  build: OrtBuild | null;
  threads: number | null;
  adapter: AdapterFacts | null;
  /** What loading took in all, and of it the self-test. */
  load: { milliseconds: number; probe: number | null } | null;
  /** Each step of the ladder: the worst cosine with the bundle's probe. */
  probe: Pick<RungReport, 'device' | 'activations' | 'subgroups' | 'compute' | 'outcome' | 'cosine' | 'reason'>[];
  matmul: MatmulRate | null;
  figures: Figure[];
  memory: MemoryFigure | null;
  /** Why it stopped, where it did. */
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
