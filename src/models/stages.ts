/** @file Splits the two towers into stages: as many blocks as fit into one weight file, or into less memory. */

import { MAX_STAGE_BYTES, type StoredTensor } from '../bundle/manifest';
import { BundleFormatError, UnsupportedError } from '../errors';
import type { Network, Tower } from './architecture';
import { storedWeights } from './sections';
import type { GraphStage, PlannedWeight, Range, StagePlan, TowerKind } from './types';

/** A weight is at most three stored tensors (values, scales, zero points), each aligned to 64 bytes. */
const ALIGNMENT_SLACK = 3 * 64;
/** Suffixes of the tensors that a quantized weight is stored as. */
const STORED_SUFFIX = /\.(q|scale|zp)$/;

type StageRange = Pick<GraphStage, 'kind' | 'steps' | 'blocks'>;

/** Bytes that a weight takes in the chosen dtype, without alignment. */
export type BytesOf = (weight: PlannedWeight) => number;

/**
 * Stages in the order in which they run: `vision.0 …`, then `text.0 …`. Each has whole blocks, except that blocks
 * larger than a file are cut between their steps.
 * @param maxBytes the size limit of a weight file
 * @throws UnsupportedError if one step alone is too large for a weight file
 */
export function planStages(
  { towers }: { towers: Readonly<Record<TowerKind, Pick<Tower, 'blocks'>>> },
  storedBytes: BytesOf,
  maxBytes = MAX_STAGE_BYTES,
): StagePlan[] {
  return (['vision', 'text'] as const).flatMap((kind) => split(kind, towers[kind], { storedBytes, maxBytes }));
}

/**
 * The fewest slices of each MLP with which every step of the text tower fits a weight file. One if no number is enough:
 * {@link planStages} then says what is too large.
 */
export function slicesToFit(
  networkOf: (mlpSlices: number) => Pick<Network, 'towers'>,
  storedBytes: BytesOf,
  maxBytes = MAX_STAGE_BYTES,
): number {
  const whole = networkOf(1);
  const most = Math.min(MOST_SLICES, whole.towers.text.mostSlices ?? 1);
  for (let mlpSlices = 1; mlpSlices <= most; mlpSlices++) {
    const network = mlpSlices === 1 ? whole : networkOf(mlpSlices);
    const steps = network.towers.text.blocks.flat();
    if (steps.every((weights) => bytesIn(weights, storedBytes) <= maxBytes)) return mlpSlices;
  }
  return 1;
}

/** More are never needed: the largest published MLPs would be 12 GB in one file. */
const MOST_SLICES = 48;

/**
 * Cuts a stage between its steps, into parts of at most `maxBytes` of weights, if its steps are that small. Run one
 * after another they do what the stage does; each refers to the same weight file.
 */
export function cutStage<S extends GraphStage>({ towers }: Pick<Network, 'towers'>, stage: S, maxBytes: number): S[] {
  const stored = new Map<string, StoredTensor[]>();
  for (const tensor of stage.tensors) {
    const weight = tensor.name.replace(STORED_SUFFIX, '');
    stored.set(weight, [...(stored.get(weight) ?? []), tensor]);
  }
  const tower = towers[stage.kind];
  const weights = tower.blocks.flat();
  const { first, last } = stepsOf(tower, stage);
  const { blocks: _, ...rest } = stage;
  const parts: { steps: Range; tensors: StoredTensor[] }[] = [];
  let bytes = 0;
  for (let step = first; step < last; step++) {
    const tensors = (weights[step] ?? [])
      .flatMap((weight) => storedWeights(weight, (name) => stored.has(name)))
      .flatMap(({ name }) => stored.get(name) ?? []);
    const more = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    const part = parts.at(-1);
    if (part === undefined || bytes + more > maxBytes) {
      parts.push({ steps: { first: step, last: step + 1 }, tensors });
      bytes = more;
    } else {
      part.steps = { first: part.steps.first, last: step + 1 };
      part.tensors.push(...tensors);
      bytes += more;
    }
  }
  return parts.map((part) => ({ ...rest, ...part }) as S);
}

/**
 * The steps of the tower that a stage runs.
 * @throws BundleFormatError if the tower has no such steps or blocks
 */
export function stepsOf(tower: Pick<Tower, 'blocks'>, { kind, steps, blocks }: StageRange): Range {
  const ends = [0]; // where the blocks end, counted in steps
  for (const block of tower.blocks) ends.push(ends.at(-1)! + block.length);
  const [range, total, what] = steps
    ? ([steps, ends.at(-1)!, 'steps'] as const)
    : ([blocks ?? { first: 0, last: 0 }, tower.blocks.length, 'blocks'] as const);
  const { first, last } = range;
  if (!(first >= 0 && first < last && last <= total)) {
    throw new BundleFormatError(`A ${kind} stage runs the ${what} ${first} to ${last - 1}; the tower has ${total}.`, {
      kind,
      [what]: range,
    });
  }
  return steps ?? { first: ends[first]!, last: ends[last]! };
}

/** @throws BundleFormatError if the stages of a bundle stop before a tower's end */
export function expectWholeTowers({ towers }: Pick<Network, 'towers'>, stages: readonly StageRange[]): void {
  for (const kind of ['vision', 'text'] as const) {
    const total = towers[kind].blocks.flat().length;
    const last = stages.findLast((stage) => stage.kind === kind);
    const end = last ? stepsOf(towers[kind], last).last : 0;
    if (end === total) continue;
    throw new BundleFormatError(`bundle.json: the ${kind} stages run ${end} steps; the tower has ${total}.`, { kind });
  }
}

function bytesIn(weights: readonly PlannedWeight[], storedBytes: BytesOf): number {
  return weights.reduce((sum, weight) => sum + storedBytes(weight) + ALIGNMENT_SLACK, 0);
}

function split(
  kind: TowerKind,
  { blocks }: Pick<Tower, 'blocks'>,
  { storedBytes, maxBytes }: { storedBytes: BytesOf; maxBytes: number },
): StagePlan[] {
  const stages: StagePlan[] = [];
  let free = 0;
  let step = 0;
  const add = (steps: readonly (readonly PlannedWeight[])[], block: number) => {
    const weights = steps.flat();
    const bytes = bytesIn(weights, storedBytes);
    if (bytes > maxBytes && steps.length > 1) {
      for (const each of steps) add([each], block);
      return;
    }
    if (bytes > maxBytes) {
      throw new UnsupportedError(
        `${weights[0]!.name.replace(/\.\w+$/, '')} and what belongs to it, in block ${block} of the ${kind} tower, take ` +
          `${Math.ceil(bytes / 2 ** 20)} MiB in this dtype; a weight file can hold at most ${maxBytes / 2 ** 20} MiB. ` +
          'Convert to a smaller dtype.',
        { kind, block, bytes },
      );
    }
    let stage = stages.at(-1);
    if (!stage || bytes > free) {
      stage = { name: `${kind}.${stages.length}`, kind, steps: { first: step, last: step }, weights: [] };
      stages.push(stage);
      free = maxBytes;
    }
    step += steps.length;
    stage.weights.push(...weights);
    stage.steps = { first: stage.steps.first, last: step };
    free -= bytes;
  };
  blocks.forEach((steps, block) => add(steps, block));
  return stages;
}
