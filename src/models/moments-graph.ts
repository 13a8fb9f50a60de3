/**
 * @file A stage that also returns statistics of what its matrices are multiplied with: for each input of 4-bit
 * matrices, the second moments Xᵀ X of groups of columns, and a sketch of all of Xᵀ X, summed over the rows of the run. Error feedback is
 * computed from them.
 */

import { groupSizes, groupWidth, SKETCH_COLUMNS, sketchSigns, sketchSize } from '../bundle/moments';
import { reshape, type GraphBuilder, type QuantizedInput, type Value } from '../onnx';
import type { Network } from './architecture';
import { stageGraph } from './stage-graph';
import type { GraphOptions, GraphStage } from './types';

/** An output of such a graph. */
export interface MomentsOutput {
  /** Its name. // f32 [groups, width, width]; everything beyond `columns` is zero */
  output: string;
  /** Name of the output with the sketch, if the columns are in several groups. // f32 [columns, 64] */
  sketch: string | null;
  columns: number;
  /** The 4-bit matrices that this input is multiplied with. */
  weights: string[];
}

/** The stage's graph, in float32, with its moments as outputs after its own. */
export function buildMomentsGraph(
  network: Network,
  stage: GraphStage,
  options: Pick<GraphOptions, 'positions'>,
): { model: Uint8Array; moments: MomentsOutput[] } {
  const graph = stageGraph(network, stage, { ...options, activations: 'f32' });
  const moments = new Map<Value, MomentsOutput>();
  for (const input of graph.quantizedInputs) {
    if (input.bits !== 4) continue;
    let found = moments.get(input.x);
    if (!found) moments.set(input.x, (found = { ...addMoments(graph, input), columns: input.columns, weights: [] }));
    found.weights.push(input.weight);
  }
  return { model: graph.build(), moments: [...moments.values()] };
}

/** // [n, columns] → [groups, width, width], [columns, 64] */
function addMoments(graph: GraphBuilder, { x, columns }: QuantizedInput): Pick<MomentsOutput, 'output' | 'sketch'> {
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
