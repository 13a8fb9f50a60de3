/** @file Splits the two towers into stages: as many blocks as fit into one weight file, or into less memory. */

import { MAX_STAGE_BYTES, type StoredTensor } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import type { Network, Tower } from './architecture';
import { storedWeights } from './slices';
import type { GraphStage, PlannedWeight, StagePlan, TowerKind } from './types';

/** A weight is at most three stored tensors (values, scales, zero points), each aligned to 64 bytes. */
const ALIGNMENT_SLACK = 3 * 64;
/** What a quantized weight's stored tensors are called besides its name. */
const STORED_SUFFIX = /\.(q|scale|zp)$/;

/**
 * Stages in the order they run: `vision.0 …`, then `text.0 …`.
 * @param storedBytes Bytes that a weight takes in the chosen dtype, without alignment.
 * @throws UnsupportedError where one block alone is too large for a weight file.
 */
export function planStages(
  { towers }: { towers: Readonly<Record<TowerKind, Pick<Tower, 'blocks'>>> },
  storedBytes: (weight: PlannedWeight) => number,
): StagePlan[] {
  return (['vision', 'text'] as const).flatMap((kind) => split(kind, towers[kind].blocks, storedBytes));
}

/**
 * Cuts a stage between its blocks, into parts of at most `maxBytes` of weights where its blocks are that small. Run one
 * after another they do what the stage does; each refers to the same weight file.
 */
export function cutStage<S extends GraphStage>({ towers }: Pick<Network, 'towers'>, stage: S, maxBytes: number): S[] {
  const stored = new Map<string, StoredTensor[]>();
  for (const tensor of stage.tensors) {
    const weight = tensor.name.replace(STORED_SUFFIX, '');
    stored.set(weight, [...(stored.get(weight) ?? []), tensor]);
  }
  const weights = towers[stage.kind].blocks;
  const parts: S[] = [];
  let bytes = 0;
  for (let block = stage.blocks.first; block < stage.blocks.last; block++) {
    const tensors = (weights[block] ?? [])
      .flatMap((weight) => storedWeights(weight, (name) => stored.has(name)))
      .flatMap(({ name }) => stored.get(name) ?? []);
    const more = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    if (parts.length === 0 || bytes + more > maxBytes) {
      parts.push({ ...stage, blocks: { first: block, last: block }, tensors: [] });
      bytes = 0;
    }
    const part = parts.at(-1)!;
    part.blocks.last = block + 1;
    part.tensors.push(...tensors);
    bytes += more;
  }
  return parts;
}

function split(
  kind: StagePlan['kind'],
  blockWeights: readonly (readonly PlannedWeight[])[],
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
