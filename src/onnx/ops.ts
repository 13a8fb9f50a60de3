/**
 * @file The operators that the graphs are made of, with their attributes and the shapes they map. All of them have
 * kernels in ONNX Runtime's WebGPU, WASM and CPU providers.
 */

import type { GraphBuilder, Value } from './graph-builder';
import { DATA_TYPE } from './proto';

const CONTRIB = 'com.microsoft' as const;

/** Types that activations may have. */
export type FloatType = 'f32' | 'f16';

export function cast(graph: GraphBuilder, name: string, x: Value, to: FloatType): Value {
  return graph.node('Cast', name, [x], { attributes: { to: { int: DATA_TYPE[to] } } });
}

/** x as `to`; no node where it is already. */
export function castFrom(graph: GraphBuilder, name: string, x: Value, from: FloatType, to: FloatType): Value {
  return from === to ? x : cast(graph, name, x, to);
}

/** x · factor; no node for a factor of 1. */
export function scale(graph: GraphBuilder, name: string, x: Value, factor: number, type: FloatType = 'f32'): Value {
  if (factor === 1) return x;
  const scalar = `scalar.${factor}`;
  const single = graph.scalar(scalar, factor);
  const typed = `${scalar}.${type}`;
  if (type === 'f32') return graph.node('Mul', name, [x, single]);
  return graph.node('Mul', name, [x, graph.has(typed) ? typed : cast(graph, typed, single, type)]);
}

/** The same elements under another shape; one length may be -1. */
export function reshape(graph: GraphBuilder, name: string, x: Value, shape: readonly number[]): Value {
  return graph.node('Reshape', name, [x, graph.int64(`shape.${shape.join('x')}`, shape)]);
}

/** The same elements under a shape that is a graph input. */
export function reshapeTo(graph: GraphBuilder, name: string, x: Value, shape: Value): Value {
  return graph.node('Reshape', name, [x, shape]);
}

/** The two axes in the middle change places. // [a, b, c, d] → [a, c, b, d] */
export function swapMiddle(graph: GraphBuilder, name: string, x: Value): Value {
  return graph.node('Transpose', name, [x], { attributes: { perm: { ints: [0, 2, 1, 3] } } });
}

/** Rows of x: x[rows[i]]. // [n, d], [m] → [m, d] */
export function gatherRows(graph: GraphBuilder, name: string, x: Value, rows: Value): Value {
  return graph.node('Gather', name, [x, rows], { attributes: { axis: { int: 0 } } });
}

/** Cuts the last axis into equal parts. */
export function splitLast(graph: GraphBuilder, name: string, x: Value, sizes: readonly number[]): Value[] {
  const parts = sizes.map((_, i) => `${name}.${i}`);
  graph.nodeOutputs('Split', name, [x, graph.int64(`split.${sizes.join('-')}`, sizes)], parts, {
    attributes: { axis: { int: -1 } },
  });
  return parts;
}

/** Values one below the other along the first axis. */
export function concatFirst(graph: GraphBuilder, name: string, values: readonly Value[]): Value {
  return graph.node('Concat', name, values, { attributes: { axis: { int: 0 } } });
}

/** float32 zeros, computed when the session is made. */
export function zeros(graph: GraphBuilder, shape: readonly number[]): Value {
  const name = `zeros.${shape.join('x')}`;
  if (graph.has(name)) return name;
  return graph.node('ConstantOfShape', name, [graph.int64(`shape.${shape.join('x')}`, shape)]);
}

/** Values side by side along the last axis. */
export function concatLast(graph: GraphBuilder, name: string, values: readonly Value[]): Value {
  return graph.node('Concat', name, values, { attributes: { axis: { int: -1 } } });
}

/** Some rows of every sequence; without `end`, to the last. // [B, n, d] → [B, end - first, d] */
export function rowsOf(
  graph: GraphBuilder,
  name: string,
  x: Value,
  { first, end = 2 ** 31 - 1 }: { first: number; end?: number },
): Value {
  const [from, to, axis] = [first, end, 1].map((value) => graph.int64(`int.${value}`, [value])) as [
    Value,
    Value,
    Value,
  ];
  return graph.node('Slice', name, [x, from, to, axis]);
}

/**
 * The same rows for each of as many sequences as x has. Computed from numbers of x, as rows + (a - a), because arithmetic
 * on shapes leaves the GPU.
 * // rows [m, d] with m <= n, x [B, n, d] → [B, m, d]
 */
export function repeatFor(
  graph: GraphBuilder,
  name: string,
  rows: Value,
  { x, count }: { x: Value; count: number },
): Value {
  const some = rowsOf(graph, `${name}.some`, x, { first: 0, end: count });
  return graph.node('Add', name, [graph.node('Sub', `${name}.zeros`, [some, some]), rows]);
}

/** Rows of each sequence one below the other. // [B, m, d], [B, n, d] → [B, m + n, d] */
export function concatRows(graph: GraphBuilder, name: string, values: readonly Value[]): Value {
  return graph.node('Concat', name, values, { attributes: { axis: { int: 1 } } });
}

/** z · sigmoid(alpha · z): alpha 1.702 is CLIP's QuickGelu, alpha 1 is SiLU. */
export function quickGelu(graph: GraphBuilder, name: string, z: Value, alpha: number): Value {
  return graph.node('QuickGelu', name, [z], { domain: CONTRIB, attributes: { alpha: { float: alpha } } });
}

/** GELU by the hyperbolic tangent: the approximation that PyTorch calls `tanh`, to 3e-7. */
export function geluTanh(graph: GraphBuilder, name: string, z: Value): Value {
  return graph.node('FastGelu', name, [z], { domain: CONTRIB });
}

/** GELU by the error function. */
export function gelu(graph: GraphBuilder, name: string, z: Value): Value {
  return graph.node('Gelu', name, [z], { domain: CONTRIB });
}

/** Rows divided by their L2 norm. // [n, d] → [n, d] */
export function l2Normalize(graph: GraphBuilder, name: string, x: Value): Value {
  return graph.node('LpNormalization', name, [x], { attributes: { axis: { int: -1 }, p: { int: 2 } } });
}

export interface NormOptions {
  gamma: Value;
  /** With beta it is a LayerNorm, without an RMSNorm. */
  beta?: Value;
  epsilon: number;
}

/** LayerNorm or RMSNorm over the last axis. // [n, d] → [n, d] */
export function normalize(graph: GraphBuilder, name: string, x: Value, options: NormOptions): Value {
  const attributes = { axis: { int: -1 }, epsilon: { float: options.epsilon } };
  return options.beta === undefined
    ? graph.node('SimplifiedLayerNormalization', name, [x, options.gamma], { attributes })
    : graph.node('LayerNormalization', name, [x, options.gamma, options.beta], { attributes });
}

/** x + branch, and its norm. // [n, d], [n, d] → normed [n, d], sum [n, d] */
export function addAndNormalize(
  graph: GraphBuilder,
  name: string,
  x: Value,
  branch: Value,
  options: NormOptions,
): { normed: Value; sum: Value } {
  const normed = name;
  const sum = `${name}.sum`;
  const attributes = { epsilon: { float: options.epsilon } };
  if (options.beta === undefined) {
    const inputs = [branch, x, options.gamma];
    graph.nodeOutputs('SkipSimplifiedLayerNormalization', name, inputs, [normed, '', '', sum], {
      domain: CONTRIB,
      attributes,
    });
  } else {
    const inputs = [branch, x, options.gamma, options.beta];
    graph.nodeOutputs('SkipLayerNormalization', name, inputs, [normed, '', '', sum], { domain: CONTRIB, attributes });
  }
  return { normed, sum };
}

/**
 * Rotates pairs (j, j + headDim/2) of every head by the angles of the sequence's positions 0, 1, ….
 * // [B, S, heads·headDim] with cos, sin [S, headDim/2]
 */
export function rotaryEmbedding(
  graph: GraphBuilder,
  name: string,
  x: Value,
  tables: { cos: Value; sin: Value },
): Value {
  // Position ids of one element mean: count from there.
  return graph.node('RotaryEmbedding', name, [x, graph.int64('position.0', [0]), tables.cos, tables.sin], {
    domain: CONTRIB,
  });
}

/** Bidirectional attention within each sequence. // three of [B, S, heads·headDim] → [B, S, heads·headDim] */
export function multiHeadAttention(
  graph: GraphBuilder,
  name: string,
  qkv: { q: Value; k: Value; v: Value },
  options: { heads: number; scale: number },
): Value {
  return graph.node('MultiHeadAttention', name, [qkv.q, qkv.k, qkv.v], {
    domain: CONTRIB,
    attributes: { num_heads: { int: options.heads }, scale: { float: options.scale } },
  });
}

/**
 * Causal attention without a cache. With `rotary`, q and k are turned inside by the angles of the positions 0, 1, …; with
 * null they come turned. (`position_ids` beside `do_rotary` 1 are ignored on some providers, so they are not offered.)
 * Sequences are padded on the right; what is computed for padding is arbitrary and no other row sees it.
 * // qkv [B, S, (heads + 2·kvHeads)·headDim], cos, sin [S, headDim/2] → [B, S, heads·headDim]
 */
export function groupQueryAttention(
  graph: GraphBuilder,
  name: string,
  inputs: { qkv: Value; lastPositions: Value; length: Value; rotary: { cos: Value; sin: Value } | null },
  options: { heads: number; kvHeads: number; scale: number },
): Value {
  const { qkv, lastPositions, length, rotary } = inputs;
  const tables = rotary === null ? [] : [rotary.cos, rotary.sin];
  return graph.node('GroupQueryAttention', name, [qkv, null, null, null, null, lastPositions, length, ...tables], {
    domain: CONTRIB,
    attributes: {
      num_heads: { int: options.heads },
      kv_num_heads: { int: options.kvHeads },
      scale: { float: options.scale },
      do_rotary: { int: rotary === null ? 0 : 1 },
    },
  });
}
