/**
 * @file How activations are kept within the range of float16, at no cost at run time.
 *
 * Large models have massive activations: single channels of the residual stream reach 1e3 – 1e5 (Sun et al., arXiv:2402.17762, find 15,000),
 * and what `down_proj` adds to it may overflow float16 (65504). So, for float16 activations:
 *  - the residual stream and the norms stay float32; only the branches (attention, MLP) run in float16;
 *  - what a branch adds is computed `residual` times smaller, and the whole stream is that much smaller. RMSNorm and
 *    LayerNorm ignore scale, with epsilon · residual². The factor enters by the norm's gain (and the biases), and
 *    passes through: attention is linear in v, and the scale of q·k is corrected in the softmax's own factor;
 *    QuickGelu_α(s·z, α/s) = s · QuickGelu_α(z).
 * Gains and biases are multiplied once, when the session is created. The factors are powers of two, hence exact. How
 * small they are depends on the tower: if a factor is too small, what is added to a stream of small numbers is lost in
 * float16's coarsest steps (6e-8).
 */

import type { FloatType, GraphBuilder, Product, Value } from '../../onnx/index';
import { castFrom, scale } from '../../onnx/index';
import type { GraphOptions } from '../types';

export interface Precision {
  /** Type of the activations inside the branches. */
  type: FloatType;
  /** The residual stream holds the hidden state multiplied by this. */
  residual: number;
  /** The input of gate and up is multiplied by this; their product gets its square, which must equal `residual`. */
  gated: number;
}

/** @param f16Scale the tower's {@link Tower.f16Scale} */
export function precisionOf(options: GraphOptions, f16Scale: number): Precision {
  return options.activations === 'f16'
    ? { type: 'f16', residual: f16Scale, gated: Math.sqrt(f16Scale) }
    : { type: 'f32', residual: 1, gated: 1 };
}

/** What every block function needs. */
export interface Context {
  graph: GraphBuilder;
  precision: Precision;
  /** See {@link GraphOptions.positions}. */
  positions: 'sequence' | 'rows';
  /** See {@link GraphOptions.product}. */
  product: Product;
}

/** A stored vector times a factor, in the given type; computed when the session is created. // [length] */
export function vector(
  { graph }: Context,
  name: string,
  options: { length: number; factor: number; type: FloatType },
): Value {
  const stored = graph.stored(name, 'f32', [options.length]);
  const scaled = scale(graph, `${name}.scaled`, stored, options.factor);
  return castFrom(graph, `${name}.${options.type}`, scaled, 'f32', options.type);
}
