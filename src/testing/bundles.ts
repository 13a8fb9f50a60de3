/** @file Fixture checkpoints converted to bundles, for tests (Node only). */

import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import { openCheckpoint } from '../checkpoint';
import { folderTree } from '../checkpoint/folder.node.js';
import { convertCheckpoint } from '../convert';
import { computeProbe } from '../runtime';
import { folderWriter } from '../store/folder.node.js';
import { adapterPath, checkpointPath, modelParts, type ModelName } from './fixtures';

export interface FixtureBundleOptions {
  dtype: WeightDtype;
  /** Smaller than the models are, for more than one stage per tower. */
  maxStageBytes?: number;
}

/** Converts a fixture model into the folder `out`, probe and all. */
export async function convertFixture(
  name: ModelName,
  out: string,
  options: FixtureBundleOptions,
): Promise<BundleManifest> {
  const { checkpoint, adapter } = modelParts(name);
  const opened = await openCheckpoint({
    checkpoint: await folderTree(checkpointPath(checkpoint)),
    adapter: adapter === null ? undefined : await folderTree(adapterPath(adapter)),
  });
  return convertCheckpoint({ checkpoint: opened, writer: await folderWriter(out), computeProbe, ...options });
}
