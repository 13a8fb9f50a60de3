/**
 * @file How much a graph multiplies: shapes are followed from what it is fed to every matrix product and attention. Knows
 * the operators that our graphs are made of.
 */

import { UnsupportedError } from '../errors';
import { onnx } from './proto';

/** What a graph is fed: a shape, and the numbers where they are themselves a shape. */
export interface Fed {
  dims: readonly number[];
  data?: unknown;
}

type Shape = readonly number[];
type Node = InstanceType<typeof onnx.NodeProto>;

/** What is known while the graph is followed. */
interface Known {
  shapes: Map<string, Shape>;
  /** int64 vectors, by name: targets of Reshape, bounds of Slice. */
  vectors: Map<string, readonly number[]>;
}

/** Shapes of a node's outputs, and the floating-point operations (two for each multiplication and addition). */
interface Step {
  outputs: Shape[];
  flops: number;
}

/**
 * Floating-point operations of all matrix products and attentions of one run; what is done element by element is not
 * counted. Causal attention counts as far as it looks.
 * @throws UnsupportedError for an operator that is not known here
 */
export function countFlops(model: Uint8Array, feeds: Readonly<Record<string, Fed>>): number {
  const { graph } = onnx.ModelProto.decode(model);
  const known: Known = { shapes: new Map(), vectors: new Map() };
  for (const [name, { dims, data }] of Object.entries(feeds)) {
    known.shapes.set(name, dims);
    if (data instanceof BigInt64Array) known.vectors.set(name, Array.from(data, Number));
  }
  for (const { name, dims, rawData, dataType } of graph!.initializer!) {
    known.shapes.set(name!, dims!.map(Number));
    if (dataType === INT64 && rawData?.length) known.vectors.set(name!, int64s(rawData));
  }
  let flops = 0;
  for (const node of graph!.node! as Node[]) {
    const step = follow(node, known);
    flops += step.flops;
    step.outputs.forEach((shape, i) => {
      const name = node.output![i];
      if (name) known.shapes.set(name, shape);
    });
  }
  return flops;
}

const INT64 = onnx.TensorProto.DataType.INT64;

function int64s(raw: Uint8Array): number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.byteLength >> 3 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

const sizeOf = (shape: Shape) => shape.reduce((product, length) => product * length, 1);

function follow(node: Node, known: Known): Step {
  const inputs = node.input!.map((name) => known.shapes.get(name) ?? []);
  const x = inputs[0]!;
  const same: Step = { outputs: [x], flops: 0 };
  switch (node.opType) {
    case 'Cast':
    case 'FastGelu':
    case 'Gelu':
    case 'LayerNormalization':
    case 'LpNormalization':
    case 'QuickGelu':
    case 'RotaryEmbedding':
    case 'SimplifiedLayerNormalization':
      return same;
    case 'SkipLayerNormalization':
    case 'SkipSimplifiedLayerNormalization':
      return { outputs: [x, [], [], x], flops: 0 };
    case 'Add':
    case 'Mul':
    case 'Sub':
      return { outputs: [broadcast(x, inputs[1]!)], flops: 0 };
    case 'MatMulNBits':
      return product(x, integer(node, 'K'), integer(node, 'N'));
    case 'Gemm': {
      const [columns, inner] = inputs[1] as [number, number]; // transB
      return product(x, inner, columns);
    }
    case 'MultiHeadAttention': {
      const [batch, rows, width] = x as [number, number, number];
      const keys = inputs[1]![1]!;
      return { outputs: [x], flops: 4 * batch * rows * keys * width };
    }
    case 'GroupQueryAttention': {
      const [batch, rows, packed] = x as [number, number, number];
      const heads = integer(node, 'num_heads');
      const width = (packed / (heads + 2 * integer(node, 'kv_num_heads'))) * heads;
      return { outputs: [[batch, rows, width]], flops: 2 * batch * rows * (rows + 1) * width };
    }
    case 'Reshape':
      return { outputs: [reshaped(x, vector(node, 1, known))], flops: 0 };
    case 'Transpose':
      return { outputs: [integers(node, 'perm').map((axis) => x[axis]!)], flops: 0 };
    case 'Gather':
      return { outputs: [[...inputs[1]!, ...x.slice(1)]], flops: 0 }; // axis 0
    case 'ConstantOfShape':
      return { outputs: [vector(node, 0, known)], flops: 0 };
    case 'Expand':
      return { outputs: [broadcast(x, vector(node, 1, known))], flops: 0 };
    case 'Split':
      return { outputs: vector(node, 1, known).map((length) => [...x.slice(0, -1), length]), flops: 0 };
    case 'Concat': {
      const axis = integer(node, 'axis');
      const at = axis < 0 ? x.length + axis : axis;
      const length = inputs.reduce((sum, shape) => sum + shape[at]!, 0);
      return { outputs: [x.with(at, length)], flops: 0 };
    }
    case 'Slice': {
      const [[first], [end], [axis]] = [1, 2, 3].map((i) => vector(node, i, known)) as [number[], number[], number[]];
      return { outputs: [x.with(axis!, Math.min(end!, x[axis!]!) - first!)], flops: 0 };
    }
    default:
      throw new UnsupportedError(`The operations of ${node.opType} are not counted here; please report this.`);
  }
}

function product(x: Shape, inner: number, columns: number): Step {
  return { outputs: [[sizeOf(x) / inner, columns]], flops: 2 * sizeOf(x) * columns };
}

/** With NumPy's rules. */
function broadcast(a: Shape, b: Shape): Shape {
  const length = Math.max(a.length, b.length);
  const at = (shape: Shape, i: number) => shape[i - length + shape.length] ?? 1;
  return Array.from({ length }, (_, i) => Math.max(at(a, i), at(b, i)));
}

/** 0 keeps a length, -1 takes what is left. */
function reshaped(x: Shape, target: readonly number[]): Shape {
  const wanted = target.map((length, i) => (length === 0 ? x[i]! : length));
  const rest = sizeOf(x) / sizeOf(wanted.filter((length) => length !== -1));
  return wanted.map((length) => (length === -1 ? rest : length));
}

function attribute(node: Node, name: string) {
  const found = node.attribute!.find((each) => each.name === name);
  if (!found) throw new UnsupportedError(`${node.opType} has no ${name}; please report this.`);
  return found;
}

const integer = (node: Node, name: string) => Number(attribute(node, name).i);
const integers = (node: Node, name: string) => attribute(node, name).ints!.map(Number);

function vector(node: Node, input: number, { vectors }: Known): readonly number[] {
  const found = vectors.get(node.input![input]!);
  if (!found) throw new UnsupportedError(`${node.opType} takes an unknown shape; please report this.`);
  return found;
}
