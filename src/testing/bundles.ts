/** @file Fixture checkpoints converted to bundles, for tests (Node only). */

import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import { folderTree } from '../checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { computeProbe } from '../runtime';
import { folderWriter } from '../store/folder.node.js';
import type { Recipe } from '../recipes';
import { fixturePath, modelParts, type ModelName } from './fixtures';

export interface FixtureBundleOptions {
  dtype: WeightDtype;
  /** Smaller than the models are, for more than one stage per tower. */
  maxStageBytes?: number;
  mlpSlices?: number;
  recipe?: Recipe;
}

/** A checkpoint and perhaps an adapter of the fixtures, by folder. */
export interface FixtureParts {
  checkpoint: string;
  adapter?: string | null;
}

/** Converts a fixture model into the folder `out`, probe and all. */
export async function convertFixture(
  name: ModelName | FixtureParts,
  out: string,
  options: FixtureBundleOptions,
): Promise<BundleManifest> {
  const { checkpoint, adapter = null } = typeof name === 'string' ? modelParts(name) : name;
  const opened = await openCheckpoint({
    checkpoint: await folderTree(fixturePath(`checkpoints/${checkpoint}`)),
    adapter: adapter === null ? undefined : await folderTree(fixturePath(`adapters/${adapter}`)),
  });
  return convertCheckpoint({ checkpoint: opened, writer: await folderWriter(out), computeProbe, ...options });
}
