/** @file What will be written, and where each byte goes: decided before anything is written. */

import { MAX_STAGE_BYTES, type StoredTensor, type WeightDtype } from '../bundle/manifest';
import type { OnProgress } from '../bundle/progress';
import { rowBytes } from '../bundle/rows';
import type { Checkpoint } from '../checkpoint';
import { planStages, storedWeights, type Network, type PlannedWeight, type StagePlan, type TowerKind } from '../models';
import { checkWeights } from './check';
import { chooseLayouts } from './choose';
import { align, storedBytes, tensorsOf, type WeightLayout } from './layout';

export const EMBEDDINGS_PATH = 'embeddings.bin';

/** A weight with the places of its tensors in its file. */
export interface PlacedWeight {
  weight: PlannedWeight;
  /** `table`: rows of the embedding table, by the bundle's dtype. */
  layout: WeightLayout | 'table';
  file: string;
  tensors: StoredTensor[];
}

export interface PlacedFile {
  path: string;
  bytes: number;
  weights: PlacedWeight[];
}

export interface ConversionPlan {
  network: Network;
  dtype: WeightDtype;
  stages: { plan: StagePlan; file: PlacedFile }[];
  table: PlacedFile & { rowBytes: number };
  /** By the names under which weights are stored. */
  layouts: Map<string, WeightLayout>;
}

export interface PlanOptions {
  checkpoint: Checkpoint;
  dtype: WeightDtype;
  maxStageBytes?: number;
  /** As an earlier, interrupted conversion chose them. */
  layouts?: Map<string, WeightLayout>;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** @throws {CheckpointMismatchError} for weights that are missing, misshapen, or unused */
export async function planConversion(options: PlanOptions, network: Network): Promise<ConversionPlan> {
  const { checkpoint, dtype, signal, onProgress } = options;
  const embedding = embeddingWeight(network);
  const weights = planStages(network, () => 0).flatMap((stage) => stage.weights);
  checkWeights(checkpoint.tensors, [...weights, embedding]);
  const parts = [...weights, embedding].flatMap((weight) => weight.parts);
  checkpoint.expectConsumed(new Set([...parts, ...Object.values(network.logit ?? {})]));
  const layouts =
    options.layouts ??
    (await chooseLayouts(checkpoint.tensors, network, {
      dtype,
      signal,
      onMeasured: (done, total) =>
        onProgress?.({
          status: 'progress',
          phase: 'measure',
          tensors: { done, total },
          progress: (100 * done) / total,
        }),
    }));
  return placeWeights(network, dtype, layouts, options.maxStageBytes);
}

/** The plan that follows from the layouts alone. */
export function placeWeights(
  network: Network,
  dtype: WeightDtype,
  layouts: Map<string, WeightLayout>,
  maxStageBytes = MAX_STAGE_BYTES,
): ConversionPlan {
  const stored = (kind: TowerKind) => ({
    blocks: network.towers[kind].blocks.map((steps) =>
      steps.map((weights) => weights.flatMap((weight) => storedWeights(weight, (name) => layouts.has(name)))),
    ),
  });
  const towers = { vision: stored('vision'), text: stored('text') };
  const stages = planStages({ towers }, (weight) => storedBytes(weight, layouts.get(weight.name)!), maxStageBytes);
  return {
    network,
    dtype,
    stages: stages.map((plan) => ({ plan, file: placeStage(plan, layouts) })),
    table: placeTable(network, dtype),
    layouts,
  };
}

/** Every file of weights. */
export function weightFiles({ stages, table }: ConversionPlan): PlacedFile[] {
  return [...stages.map(({ file }) => file), table];
}

function embeddingWeight(network: Network): PlannedWeight {
  return {
    name: 'embeddings',
    shape: [network.vocabSize, network.hiddenSize],
    parts: [network.embeddingTensor],
    rowTransform: 'none',
    quantize: true,
  };
}

function placeStage({ name, weights }: StagePlan, layouts: ReadonlyMap<string, WeightLayout>): PlacedFile {
  const path = `${name}.bin`;
  let end = 0;
  const placed = weights.map((weight): PlacedWeight => {
    const layout = layouts.get(weight.name)!;
    const tensors = tensorsOf(weight, layout).map((tensor) => {
      const offset = align(end);
      end = offset + tensor.bytes;
      return { ...tensor, offset };
    });
    return { weight, layout, file: path, tensors };
  });
  return { path, bytes: end, weights: placed };
}

function placeTable(network: Network, dtype: WeightDtype): ConversionPlan['table'] {
  const weight = embeddingWeight(network);
  const stored = rowBytes(dtype, network.hiddenSize);
  const bytes = network.vocabSize * stored;
  const tensor: StoredTensor = { name: weight.name, dtype: 'u8', shape: [network.vocabSize, stored], offset: 0, bytes };
  const placed: PlacedWeight = { weight, layout: 'table', file: EMBEDDINGS_PATH, tensors: [tensor] };
  return { path: EMBEDDINGS_PATH, bytes, weights: [placed], rowBytes: stored };
}
