/** @file Splits the two towers into stages: as many blocks as fit into one weight file. */

import { MAX_STAGE_BYTES } from '../../bundle/manifest';
import { UnsupportedError } from '../../errors';
import type { PlannedWeight, Qwen2VLConfig, StagePlan } from '../types';
import { finalNormWeights, layerWeights, mergerWeights, patchEmbedWeights, visionBlockWeights } from './weights';

/** A weight is at most three stored tensors (values, scales, zero points), each aligned to 64 bytes. */
const ALIGNMENT_SLACK = 3 * 64;

/**
 * Stages in the order they run: `vision.0 …`, then `text.0 …`.
 * @param storedBytes Bytes that a weight takes in the chosen dtype, without alignment.
 * @throws UnsupportedError where one block alone is too large for a weight file.
 */
export function planStages(config: Qwen2VLConfig, storedBytes: (weight: PlannedWeight) => number): StagePlan[] {
  const { depth } = config.vision;
  const vision = blocks(depth, (block) => [
    ...(block === 0 ? patchEmbedWeights(config) : []),
    ...visionBlockWeights(config, block),
    ...(block === depth - 1 ? mergerWeights(config) : []),
  ]);
  const text = blocks(config.layers, (layer) => [
    ...layerWeights(config, layer),
    ...(layer === config.layers - 1 ? finalNormWeights(config) : []),
  ]);
  return [...split('vision', vision, storedBytes), ...split('text', text, storedBytes)];
}

function blocks(count: number, weights: (block: number) => PlannedWeight[]): PlannedWeight[][] {
  return Array.from({ length: count }, (_, block) => weights(block));
}

function split(
  kind: StagePlan['kind'],
  blockWeights: PlannedWeight[][],
  storedBytes: (weight: PlannedWeight) => number,
): StagePlan[] {
  const stages: StagePlan[] = [];
  let free = 0;
  blockWeights.forEach((weights, block) => {
    const bytes = weights.reduce((sum, weight) => sum + storedBytes(weight) + ALIGNMENT_SLACK, 0);
    if (bytes > MAX_STAGE_BYTES) {
      throw new UnsupportedError(
        `Block ${block} of the ${kind} tower takes ${Math.ceil(bytes / 2 ** 20)} MiB in this dtype; one weight file ` +
          `holds at most ${MAX_STAGE_BYTES / 2 ** 20} MiB. Convert to a smaller dtype.`,
        { kind, block, bytes },
      );
    }
    let stage = stages.at(-1);
    if (!stage || bytes > free) {
      stage = { name: `${kind}.${stages.length}`, kind, blocks: { first: block, last: block }, weights: [] };
      stages.push(stage);
      free = MAX_STAGE_BYTES;
    }
    stage.weights.push(...weights);
    stage.blocks.last = block + 1;
    free -= bytes;
  });
  return stages;
}
