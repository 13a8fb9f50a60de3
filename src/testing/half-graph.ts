/**
 * @file A float32 graph in which everything is rounded to float16 that a graph with float16 activations keeps in float16.
 * ONNX Runtime's CPU provider has no float16 kernels: it computes such graphs in float32 and rounds hardly anything, so
 * that it neither overflows nor loses digits as a GPU does.
 */

import type * as activations from '../models/blocks/activations';
import type * as stageGraph from '../models/stage-graph';
import { DATA_TYPE, onnx } from '../onnx/proto';

/**
 * Whether graphs are rounded that are built now, and with which scale: the tower's own where it is null. A test has it so
 * by `vi.mock` of the two modules below.
 */
export const half = { on: false, scale: null as number | null };

/** Stands in for `models/blocks/activations`. */
export function activationsWithHalf(real: typeof activations): typeof activations {
  return {
    ...real,
    precisionOf: (options, own) =>
      half.on
        ? { ...real.precisionOf({ activations: 'f16' }, half.scale ?? own), type: 'f32' }
        : real.precisionOf(options, own),
  };
}

/** Stands in for `models/stage-graph`. */
export function stageGraphWithHalf(real: typeof stageGraph): typeof stageGraph {
  return {
    ...real,
    buildStageGraph: (...args) => {
      const model = real.buildStageGraph(...args);
      return half.on ? withHalfBranches(model) : model;
    },
  };
}

/** What the branches are made of; the stream and its sums stay float32. */
const HALF = new Set([
  'Gemm',
  'MatMulNBits',
  'QuickGelu',
  'Gelu',
  'FastGelu',
  'Mul',
  'RotaryEmbedding',
  'GroupQueryAttention',
  'MultiHeadAttention',
]);
const NORMS = /LayerNormalization$/;
/** Float32 in both kinds of graph: patches, the norm before CLIP's blocks, the final norm and what follows it, and products of constants. */
const KEPT = /^(vision\.patch_embed|vision\.pre_norm|norm|head)$|\.scaled$|\.unscaled$/;

/** @param model as `buildStageGraph` gives it for float32 */
function withHalfBranches(model: Uint8Array): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const graph = decoded.graph!;
  type Node = NonNullable<typeof graph.node>[number];
  graph.node = graph.node!.flatMap((node): Node[] => {
    const name = node.name!;
    const isHalf = HALF.has(node.opType!) || NORMS.test(node.opType!);
    if (!isHalf || KEPT.test(name)) return [node];
    const [output, ...others] = node.output!;
    const exact = `${output}.exact`;
    const half = `${output}.half`;
    const cast = (from: string, to: string, type: number) => ({
      opType: 'Cast',
      name: to === output ? `${to}.single` : to,
      domain: '',
      input: [from],
      output: [to],
      attribute: [{ name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: type }],
    });
    return [
      { ...node, output: [exact, ...others] },
      cast(exact, half, DATA_TYPE.f16),
      cast(half, output!, DATA_TYPE.f32),
    ];
  });
  return onnx.ModelProto.encode(decoded).finish();
}
