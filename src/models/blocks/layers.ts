/**
 * @file The parts that blocks are made of. A block describes its parts once, as data; both what the converter stores
 * and what the graph computes follow from that description.
 */

import { castFrom, concatLast, linear as linearNode, scale, splitLast, type Value } from '../../onnx';
import { runName, storedRuns } from '../sections';
import type { PlannedWeight, Slice } from '../types';
import { type Context, vector } from './activations';
import { normStream, normStreamF32, type Stream } from './residual';

/** x·Wᵀ + b. */
export interface Linear {
  readonly kind: 'linear';
  /** The name of its node and, with a suffix, of its weights. */
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Checkpoint modules whose rows are concatenated: `…q_proj`, `…k_proj`, `…v_proj`. */
  readonly sources: readonly string[];
  readonly bias: boolean;
  /** False: never below fp16. @default true */
  readonly quantize?: boolean;
  /** @default 'none' */
  readonly rowTransform?: PlannedWeight['rowTransform'];
  readonly patchArea?: number;
  /**
   * The part of the sources' matrices that is used; absent: all of it. A bias gets as many rows; columns cannot be
   * combined with a bias.
   */
  readonly slice?: Slice;
  readonly role?: PlannedWeight['role'];
  /** Its rows, if some may be stored separately. The last component of `name` is their labels joined. */
  readonly sections?: PlannedWeight['sections'];
}

/** RMSNorm, or LayerNorm if it has a bias. */
export interface Norm {
  readonly kind: 'norm';
  readonly name: string;
  readonly source: string;
  readonly length: number;
  readonly epsilon: number;
  readonly bias: boolean;
}

/** Numbers that are read unchanged: learned positions, or with one axis a single learned row. Never quantized. */
export interface Table {
  readonly kind: 'table';
  readonly name: string;
  /** The full name of the checkpoint's tensor. */
  readonly source: string;
  /** [rows, columns] or [columns] */
  readonly shape: readonly number[];
}

export type Layer = Linear | Norm | Table;

export const linear = (layer: Omit<Linear, 'kind'>): Linear => ({ kind: 'linear', ...layer });
export const norm = (layer: Omit<Norm, 'kind'>): Norm => ({ kind: 'norm', ...layer });
export const table = (layer: Omit<Table, 'kind'>): Table => ({ kind: 'table', ...layer });

/** What is stored for these parts, in order. */
export function weightsOf(layers: Readonly<Record<string, Layer>>): PlannedWeight[] {
  return Object.values(layers).flatMap((layer) => {
    if (layer.kind === 'linear') return linearWeights(layer);
    return layer.kind === 'norm' ? normWeights(layer) : [tableWeight(layer)];
  });
}

function linearWeights(layer: Linear): PlannedWeight[] {
  const { name, sources, inFeatures, outFeatures, bias, quantize = true, rowTransform = 'none' } = layer;
  const { patchArea, slice, role, sections } = layer;
  if (slice?.columns && bias) throw new Error(`internal: columns of ${name} are taken, and it has a bias`);
  const parts = (kind: string) => sources.map((source) => `${source}.${kind}`);
  const matrix: PlannedWeight = {
    name: `${name}.weight`,
    shape: [outFeatures, inFeatures],
    parts: parts('weight'),
    ...(slice === undefined ? {} : { slice }),
    rowTransform,
    ...(patchArea === undefined ? {} : { patchArea }),
    quantize,
    ...(role === undefined ? {} : { role }),
    ...(sections === undefined ? {} : { sections }),
  };
  if (!bias) return [matrix];
  const vector = storedVector(`${name}.bias`, parts('bias'), outFeatures);
  return [matrix, slice ? { ...vector, slice: { ...slice, of: [slice.of[0], 1] } } : vector];
}

function normWeights({ name, source, length, bias }: Norm): PlannedWeight[] {
  return (bias ? ['weight', 'bias'] : ['weight']).map((kind) =>
    storedVector(`${name}.${kind}`, [`${source}.${kind}`], length),
  );
}

function tableWeight({ name, source, shape }: Table): PlannedWeight {
  return { name, shape: [...shape], parts: [source], rowTransform: 'none', quantize: false };
}

function storedVector(name: string, parts: string[], length: number): PlannedWeight {
  return { name, shape: [length], parts, rowTransform: 'none', quantize: false };
}

export interface LinearRun {
  /** The factor by which x was multiplied before; the bias must be multiplied by it too. @default 1 */
  factor?: number;
  /** The name of its output, if that is an output of the graph. @default the layer's */
  output?: string;
  /** Computes in this type instead of the activations'. */
  type?: 'f32';
  /** Multiplies x·Wᵀ; only for weights that are never quantized. */
  alpha?: number;
}

/** // [n, in] → [n, out] */
export function applyLinear(context: Context, layer: Linear, x: Value, run: LinearRun = {}): Value {
  const { factor = 1, output = layer.name, type = context.precision.type, alpha } = run;
  const { graph, product } = context;
  const { name, inFeatures, outFeatures, sections = [] } = layer;
  const bias = layer.bias ? vector(context, `${name}.bias`, { length: outFeatures, factor, type }) : undefined;
  const isStored = (weight: string) => [`${weight}.q`, weight].some((each) => graph.storedInfo(each));
  const options = { inFeatures, type, alpha, product };
  const runs = storedRuns(`${name}.weight`, sections, isStored);
  if (runs.length < 2) {
    return linearNode(graph, output, x, { weight: `${name}.weight`, bias, outFeatures, ...options });
  }
  const sizes = runs.map((run) => run.reduce((sum, { rows }) => sum + rows, 0));
  const biases = bias === undefined ? [] : splitLast(graph, `${name}.bias.split`, bias, sizes);
  const pieces = runs.map((run, i) =>
    linearNode(graph, runName(name, run), x, {
      weight: `${runName(name, run)}.weight`,
      bias: biases[i],
      outFeatures: sizes[i]!,
      ...options,
    }),
  );
  return concatLast(graph, output, pieces);
}

/** The stream's norm times `factor`, which everything that reads it carries through. // [n, d] */
export function applyNorm(
  context: Context,
  layer: Norm,
  stream: Stream,
  factor = 1,
): { normed: Value; stream: Stream } {
  return normStream(context, layer.name, stream, normOptions(context, layer, factor));
}

/** Like {@link applyNorm}, but left in float32. */
export function applyNormF32(
  context: Context,
  layer: Norm,
  stream: Stream,
  factor = 1,
): { normed: Value; stream: Stream } {
  return normStreamF32(context, layer.name, stream, normOptions(context, layer, factor));
}

/** The numbers of a table times `factor`, in float32. // its shape */
export function applyTable(context: Context, { name, shape }: Table, factor = 1): Value {
  const { graph } = context;
  if (shape.length === 1) return vector(context, name, { length: shape[0]!, factor, type: 'f32' });
  const dtype = graph.storedInfo(name)?.dtype === 'f16' ? 'f16' : 'f32';
  const stored = castFrom(graph, `${name}.f32`, graph.stored(name, dtype, shape), dtype, 'f32');
  return scale(graph, `${name}.scaled`, stored, factor);
}

function normOptions(context: Context, { name, length, epsilon, bias }: Norm, factor: number) {
  const options = { length, factor, type: 'f32' } as const;
  return {
    gamma: vector(context, `${name}.weight`, options),
    ...(bias ? { beta: vector(context, `${name}.bias`, options) } : {}),
    epsilon,
  };
}
