/**
 * @file Float32 rows as two rows of int8 each, x = high + low, for kernels that round what they multiply to int8 in blocks
 * (MatMulNBits at accuracy level 4). `high` is what such a kernel makes of x, so that it rounds it no further; `low` is the
 * rest, at most 1/254 of the block's largest number, and is rounded as finely again: what is lost is 2e-5 of the product,
 * where rounding once loses 5e-3. Twice as many rows of a fast kernel cost less than unpacking 8-bit weights for every
 * run, as ONNX Runtime's CPU provider does at level 0, as long as the rows are few; see bench/RESULTS.md.
 */

import { BLOCK } from '../bundle/blocks';
import type { GraphBuilder, Value } from './graph-builder';

/** From so many rows on, unpacking the weights costs less than every row's second product. */
const FEW = 384;
/** Below every block that is not zero throughout: 0/0 is no number. */
const TINY = 1e-30;

/** Whether x has few rows. // [n, d] → bool [1] */
export function isFew(graph: GraphBuilder, x: Value): Value {
  const name = `${x}.few`;
  if (graph.has(name)) return name;
  const rows = graph.node('Shape', `${x}.rows`, [x], { attributes: { start: { int: 0 }, end: { int: 1 } } });
  return graph.node('Less', name, [rows, graph.int64(`int.${FEW}`, [FEW])]);
}

/** high above low. // [n, d] → [2n, d]; d is a multiple of the block */
export function asInt8Pair(graph: GraphBuilder, name: string, x: Value, columns: number): Value {
  const blocks = graph.node('Reshape', `${name}.blocks`, [x, graph.int64(`shape.-1x${BLOCK}`, [-1, BLOCK])]);
  const largest = graph.node('ReduceMax', `${name}.largest`, [graph.node('Abs', `${name}.sizes`, [blocks])], {
    attributes: { axes: { ints: [1] }, keepdims: { int: 1 } },
  }); // [n * d/block, 1]
  const step = graph.node('Max', `${name}.step`, [
    graph.node('Mul', `${name}.127th`, [largest, graph.scalar(`scalar.${1 / 127}`, 1 / 127)]),
    graph.scalar(`scalar.${TINY}`, TINY),
  ]);
  const steps = graph.node('Round', `${name}.steps`, [graph.node('Div', `${name}.ratio`, [blocks, step])]);
  const rounded = graph.node('Mul', `${name}.rounded`, [steps, step]);
  const high = graph.node('Reshape', `${name}.high`, [rounded, graph.int64(`shape.-1x${columns}`, [-1, columns])]);
  const low = graph.node('Sub', `${name}.low`, [x, high]);
  return graph.node('Concat', `${name}.high_low`, [high, low], { attributes: { axis: { int: 0 } } });
}

/** The upper half of the rows plus the lower. // [2n, d] → [n, d] */
export function sumOfHalves(graph: GraphBuilder, name: string, x: Value): Value {
  const halves = [`${name}.high`, `${name}.low`];
  graph.nodeOutputs('Split', name, [x], halves, { attributes: { axis: { int: 0 } } });
  return graph.node('Add', `${name}.sum`, halves);
}
