/** @file Opens a checkpoint so that its tensors have the names of its architecture. */

import type { Checkpoint, OpenCheckpointOptions } from '../checkpoint';
import { openCheckpoint as open } from '../checkpoint/checkpoint';
import { architectureOf } from '../models';

/**
 * Opens and checks a checkpoint, except for the numbers themselves. @throws UnsupportedError for an unknown
 * architecture
 */
export function openCheckpoint(options: OpenCheckpointOptions): Promise<Checkpoint> {
  return open(options, (config) => architectureOf(config).names);
}
