/** @file The options and the result of opening a source. */

import type { BundleManifest, Effort, WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import type { Recipe } from '../recipes';
import type { OnProgress, OrtOptions, WeightsChoice } from '../runtime/index';
import type { SourceSpec } from './spec';

/** How the weights of a converted checkpoint are stored if the caller does not specify it. Why: docs/models.md. */
export const DEFAULT_DTYPE: WeightDtype = 'q4';

export interface OpenOptions {
  /** How the weights of a converted checkpoint are stored. */
  dtype?: WeightDtype;
  /** Effort of a conversion to q4. @default that of an interrupted conversion that is continued, otherwise 'fast' */
  effort?: Effort;
  /** Recipe for a converted checkpoint, instead of its own. */
  recipe?: Recipe;
  /** The base model of an adapter checkpoint, or an adapter for a base model. */
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
  accessToken?: string;
  store?: boolean;
  /** Whether weights are to stay in memory: a bundle on a server that is read again and again is kept. */
  weights?: WeightsChoice;
  refresh?: boolean;
  /** For the probe of a conversion. */
  ort?: OrtOptions;
  /** Smaller than usual, for tests. */
  wholeBytes?: number;
  blockBytes?: number;
  noteBytes?: number;
  retryDelay?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export interface OpenedBundle {
  reader: BundleReader;
  manifest: BundleManifest;
  /** Its name in the model store, where it is in there. */
  stored: string | null;
}
