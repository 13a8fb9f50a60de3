/** @file One stage of either tower as an ONNX model; inputs and outputs as `models/types.ts` lists them. */

import { GraphBuilder } from '../onnx';
import type { Network, Positions } from './architecture';
import { precisionOf } from './blocks/activations';
import { stepsOf } from './stages';
import type { GraphOptions, GraphStage } from './types';

/**
 * The rotary input of the text tower's graphs for a recipe's positions: one table for all sequences, or a row for each
 * token.
 */
export const textTables = (positions: Positions): 'rows' | 'sequence' => (positions === 'mrope' ? 'rows' : 'sequence');

/**
 * @returns The model's bytes. Weights are external, at `stage.weights.path`.
 * @throws BundleFormatError if the stored tensors do not make up the stage.
 */
export function buildStageGraph(network: Network, stage: GraphStage, options: GraphOptions): Uint8Array {
  return stageGraph(network, stage, options).build();
}

/** The same, as a builder to which more may be added. */
export function stageGraph({ name, towers }: Network, stage: GraphStage, options: GraphOptions): GraphBuilder {
  const { kind, weights, tensors } = stage;
  const tower = towers[kind];
  const steps = stepsOf(tower, stage);
  const graph = new GraphBuilder({
    name: `${name}.${kind}.${steps.first}-${steps.last - 1}`,
    weightsPath: weights.path,
    tensors,
  });
  const { positions = 'sequence', product = 'float' } = options;
  tower.build({ graph, precision: precisionOf(options, tower.f16Scale), positions, product }, steps);
  return graph;
}
