/** @file The options of a conversion. */

import type { BundleManifest, ProbeCase, WeightDtype } from '../bundle/manifest';
import type { InputMoments } from '../bundle/moments';
import type { OnProgress } from '../bundle/progress';
import type { BundleReader, BundleWriter } from '../bundle/storage';
import type { Checkpoint } from '../checkpoint';
import type { Recipe } from '../recipes';
import type { ChosenRecipe } from './recipe';
import type { WeightReport } from './tally';

export interface ConvertOptions {
  checkpoint: Checkpoint;
  /**
   * Where the bundle goes. Published when complete. With a journal, a conversion that stops can be continued,
   * unless the checkpoint is at fault; without one, nothing is left behind.
   */
  writer: BundleWriter;
  dtype: WeightDtype;
  /** How the checkpoint is prompted. @default according to its repository, else according to its files */
  recipe?: Recipe;
  /** Called with the recipe, before a weight is read or a byte written. */
  onRecipe?: (chosen: ChosenRecipe) => void;
  /**
   * Computes the second moments of the inputs of 4-bit matrices, by running the written but not yet published bundle.
   * With them, those matrices are rounded a second time so that the error of their outputs is smallest; the checkpoint
   * is read once more for that. Without them, they are rounded to the nearest value.
   */
  takeMoments?: (reader: BundleReader, manifest: BundleManifest) => AsyncIterable<readonly InputMoments[]>;
  /** Embeds the probe inputs with the written but not yet published bundle. Without it the bundle has no probe. */
  computeProbe?: (reader: BundleReader, manifest: BundleManifest) => Promise<ProbeCase[]>;
  /** Called once all weights are written, with how each kind is stored and the error this causes. */
  onWeights?: (reports: WeightReport[]) => void;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** The largest size of a weight file, in bytes. @default 256 MiB, which is also the maximum */
  maxStageBytes?: number;
  /** Slices of each MLP of the text tower. @default as few as possible so that everything fits into a weight file */
  mlpSlices?: number;
  /** The journal is written whenever about this many bytes of the bundle have been written. @default 8 MiB */
  noteBytes?: number;
}
