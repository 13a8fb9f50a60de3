/**
 * @file A stage that also returns statistics of what its matrices are multiplied with: for each input of 4-bit
 * matrices, the second moments Xᵀ X of groups of columns, and a sketch of all of Xᵀ X, summed over the rows of the run.
 * Error feedback is computed from them.
 */

import { groupSizes, groupWidth, SKETCH_COLUMNS, sketchSigns, sketchSize } from '../bundle/moments';
import { reshape, type GraphBuilder, type Value } from '../onnx';
import type { Network } from './architecture';
import { stageGraph } from './stage-graph';
import type { GraphOptions, GraphStage } from './types';

/** What some matrices of a stage are multiplied with. */
interface MomentsInput {
  x: Value;
  columns: number;
  /** The 4-bit matrices that this input is multiplied with. */
  weights: string[];
}

/** An output of such a graph. */
export interface MomentsOutput extends Omit<MomentsInput, 'x'> {
  /** Its name. // f32 [groups, width, width]; everything beyond `columns` is zero */
  output: string;
  /** Name of the output with the sketch, if the columns are in several groups. // f32 [columns, 64] */
  sketch: string | null;
}

/** The stage's graph, in float32, with its moments as outputs after its own. */
export function buildMomentsGraph(
  network: Network,
  stage: GraphStage,
  options: Pick<GraphOptions, 'positions'>,
): { model: Uint8Array; moments: MomentsOutput[] } {
  const graph = stageGraph(network, stage, { ...options, activations: 'f32' });
  const moments = inputsOf(graph).map(({ x, columns, weights }) => ({
    ...addMoments(graph, x, columns),
    ...{ columns, weights },
  }));
  return { model: graph.build(), moments };
}

/** The columns of each input whose moments are taken, without building what takes them. */
export function momentColumns(network: Network, stage: GraphStage): number[] {
  return inputsOf(stageGraph(network, stage, { activations: 'f32' })).map(({ columns }) => columns);
}

function inputsOf(graph: GraphBuilder): MomentsInput[] {
  const inputs = new Map<Value, MomentsInput>();
  for (const { x, bits, columns, weight } of graph.quantizedInputs) {
    if (bits !== 4) continue;
    const found = inputs.get(x);
    if (found) found.weights.push(weight);
    else inputs.set(x, { x, columns, weights: [weight] });
  }
  return [...inputs.values()];
}

/** // [n, columns] → [groups, width, width], [columns, 64] */
function addMoments(graph: GraphBuilder, x: Value, columns: number): Pick<MomentsOutput, 'output' | 'sketch'> {
  const name = `${x}.moments`;
  const rows = reshape(graph, `${name}.rows`, x, [-1, columns]);
  const width = groupWidth(columns);
  const groups = groupSizes(columns).length;
  const missing = groups * width - columns;
  const padded =
    missing === 0
      ? rows
      : graph.node('Pad', `${name}.padded`, [rows, graph.int64(`pads.${missing}`, [0, 0, 0, missing])]);
  const grouped = reshape(graph, `${name}.grouped`, padded, [-1, groups, width]);
  const turn = (to: string, perm: number[]) =>
    graph.node('Transpose', `${name}.${to}`, [grouped], { attributes: { perm: { ints: perm } } });
  graph.node('MatMul', name, [turn('columns', [1, 2, 0]), turn('tokens', [1, 0, 2])]);
  graph.output(name, 'f32', [groups, width, width]);
  return { output: name, sketch: sketchSize(columns) > 0 ? addSketch(graph, rows, columns) : null };
}

/** // [rows, columns] → [columns, 64] */
function addSketch(graph: GraphBuilder, rows: Value, columns: number): Value {
  const name = `${rows}.sketch`;
  const signs = graph.float32(`sketch-signs.${columns}`, sketchSigns(columns), [columns, SKETCH_COLUMNS]);
  const projected = graph.node('MatMul', `${name}.projected`, [rows, signs]); // [rows, 64]
  graph.node('Gemm', name, [rows, projected], { attributes: { transA: { int: 1 } } });
  graph.output(name, 'f32', [columns, SKETCH_COLUMNS]);
  return name;
}
