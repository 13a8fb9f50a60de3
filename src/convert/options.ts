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
   * Where the bundle goes. Published when whole. With a journal, whatever stops the conversion leaves it to be carried
   * on with, unless the checkpoint is at fault; without one, nothing is left.
   */
  writer: BundleWriter;
  dtype: WeightDtype;
  /** How the checkpoint is asked. @default by its repository, else by what its files say */
  recipe?: Recipe;
  /** Told which recipe it is, before a weight is read or a byte written. */
  onRecipe?: (chosen: ChosenRecipe) => void;
  /**
   * Takes the second moments of what 4-bit matrices are multiplied with, by running the written, not yet published
   * bundle. With them those matrices are rounded a second time, so that what they give errs least; the checkpoint is read
   * once more for that. Without it they are rounded to the nearest.
   */
  takeMoments?: (reader: BundleReader, manifest: BundleManifest) => AsyncIterable<readonly InputMoments[]>;
  /** Embeds the probe inputs with the written, not yet published bundle. Without it the bundle has no probe. */
  computeProbe?: (reader: BundleReader, manifest: BundleManifest) => Promise<ProbeCase[]>;
  /** Told once all weights are written: how each kind is stored, with what error. */
  onWeights?: (reports: WeightReport[]) => void;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Bytes of the largest weight file. @default 256 MiB, which is also the most that is allowed */
  maxStageBytes?: number;
  /** Slices of each MLP of the text tower. @default as few as let everything fit a weight file */
  mlpSlices?: number;
  /** The journal is written whenever about so many bytes of the bundle were. @default 8 MiB */
  noteBytes?: number;
}
