/**
 * @file The gated MLP of a decoder layer, as one or in slices. A slice has some of the neurons, that is rows of gate
 * and up and columns of down; the results of the slices are added up in the residual stream. n rows, H = hiddenSize.
 */

import { quickGelu, splitLast, type Value } from '../../onnx';
import type { Range } from '../types';
import type { Context } from './activations';
import { applyLinear, applyNorm, linear, type Linear, type Norm } from './layers';
import { addBranch, summed, type Stream } from './residual';

/** Slices begin at multiples of this, so that blocks of quantized weights are not split. */
const SLICE_UNIT = 32;

export interface MlpShape {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
}

export interface MlpOptions {
  /** The prefix of its weights: `layers.0.mlp`. */
  readonly name: string;
  /** Its path in the checkpoint. */
  readonly source: string;
  /** Whether gate and up are one matrix in the checkpoint. */
  readonly fused: boolean;
  readonly slices: number;
}

/** Some neurons of an MLP; a type, so that `weightsOf` takes it. */
export type MlpSlice = { gateUp: Linear; down: Linear } | { gate: Linear; up: Linear; down: Linear };

/** The most slices that an MLP can have. */
export function mostSlices({ intermediateSize }: MlpShape): number {
  return Math.ceil(intermediateSize / SLICE_UNIT);
}

/** An MLP as slices of about equal size. */
export function gatedMlp(shape: MlpShape, { name, slices, ...options }: MlpOptions): MlpSlice[] {
  const { intermediateSize } = shape;
  const at = (slice: number) =>
    Math.min(intermediateSize, Math.floor((slice * mostSlices(shape)) / slices) * SLICE_UNIT);
  return Array.from({ length: slices }, (_, slice) =>
    sliceLayers(shape, {
      ...options,
      name: slices === 1 ? name : `${name}.${slice}`,
      neurons: { first: at(slice), last: at(slice + 1) },
    }),
  );
}

function sliceLayers(
  { hiddenSize, intermediateSize }: MlpShape,
  { name, source, fused, neurons }: Omit<MlpOptions, 'slices'> & { neurons: Range },
): MlpSlice {
  const count = neurons.last - neurons.first;
  const isWhole = count === intermediateSize;
  /** For each of `starts`, the same number of rows from there on. */
  const rows = (kind: string, starts: readonly number[]) => {
    const slice = {
      of: [intermediateSize * starts.length, hiddenSize] as const,
      rows: starts.map((start) => ({ first: start + neurons.first, last: start + neurons.last })),
    };
    return linear({
      name: `${name}.${kind}`,
      sources: isWhole ? [`${source}.${kind}`] : starts.map(() => `${source}.${kind}`),
      inFeatures: hiddenSize,
      outFeatures: count * starts.length,
      bias: false,
      ...(isWhole ? {} : { slice }),
    });
  };
  const down = linear({
    name: `${name}.down_proj`,
    sources: [`${source}.down_proj`],
    inFeatures: count,
    outFeatures: hiddenSize,
    bias: false,
    role: 'down',
    ...(isWhole ? {} : { slice: { of: [hiddenSize, intermediateSize], columns: neurons } }),
  });
  return fused
    ? { gateUp: rows('gate_up_proj', [0, intermediateSize]), down }
    : { gate: rows('gate_proj', [0]), up: rows('up_proj', [0]), down };
}

/**
 * x += mlp(norm(x)), or one slice's share of it: each adds to the stream, in float32, so that together they are exact
 * up to the order of summation. // [n, H]
 */
export function addMlpSlice(
  context: Context,
  { norm, slices }: { norm: Norm; slices: readonly MlpSlice[] },
  stream: Stream,
  index: number,
): Stream {
  const slice = slices[index]!;
  const { normed, stream: before } =
    stream.normed === undefined
      ? applyNorm(context, norm, stream, context.precision.gated)
      : { normed: stream.normed, stream: summed(context, `${slice.down.name}.before`, stream) };
  const after = addBranch(context, before, applySlice(context, slice, normed));
  return index === slices.length - 1 ? after : { ...after, normed };
}

/** down(silu(gate(x)) · up(x)) // [n, H] → [n, H] */
function applySlice(context: Context, slice: MlpSlice, x: Value): Value {
  const { graph, precision } = context;
  const { down } = slice;
  const { name, gate, up } = gateAndUp(context, slice, x);
  const active = quickGelu(graph, `${name}.silu`, gate, 1 / precision.gated);
  const gated = graph.node('Mul', `${down.name}.gated`, [active, up]);
  return applyLinear(context, down, gated);
}

/** // [n, H] → two of [n, neurons] */
function gateAndUp(context: Context, slice: MlpSlice, x: Value): { name: string; gate: Value; up: Value } {
  if (!('gateUp' in slice)) {
    const { gate, up } = slice;
    return { name: gate.name, gate: applyLinear(context, gate, x), up: applyLinear(context, up, x) };
  }
  const { name, outFeatures } = slice.gateUp;
  const both = applyLinear(context, slice.gateUp, x);
  const [gate, up] = splitLast(context.graph, `${name}.split`, both, [outFeatures / 2, outFeatures / 2]);
  return { name, gate: gate!, up: up! };
}
