/**
 * @file From patches to visual tokens: neighbours are joined, and an MLP of two layers runs on each group. B pictures
 * of P patches, D = width, G patches to a token; patches come group by group.
 */

import { castFrom, gelu, reshape, type Value } from '../../onnx';
import type { Context } from './activations';
import { applyLinear, applyNorm, linear, norm, type Linear, type Norm } from './layers';
import { sumOf, type Stream } from './residual';

/** Its parts; a type, so that `weightsOf` takes it. */
export type Merger = { readonly norm: Norm; readonly fc1: Linear; readonly fc2: Linear };

export interface MergerOptions {
  /** The prefix of its weights: `vision.merger`. */
  readonly name: string;
  /** Its path in the checkpoint, and the names of its parts there. */
  readonly source: string;
  readonly parts: Readonly<Record<keyof Merger, string>>;
  readonly width: number;
  /** Patches per visual token: 4. */
  readonly group: number;
  readonly hiddenSize: number;
  readonly epsilon: number;
  /** Whether the norm is over a whole group instead of each of its patches. @default false */
  readonly normsGroups?: boolean;
}

export function patchMerger(options: MergerOptions): Merger {
  const { name, source, parts, width, group, hiddenSize, epsilon, normsGroups = false } = options;
  const merged = width * group;
  const biased = (part: string, outFeatures: number) =>
    linear({ name: `${name}.${part}`, sources: [`${source}.${part}`], inFeatures: merged, outFeatures, bias: true });
  return {
    norm: norm({
      name: `${name}.${parts.norm}`,
      source: `${source}.${parts.norm}`,
      length: normsGroups ? merged : width,
      epsilon,
      bias: true,
    }),
    fc1: biased(parts.fc1, merged),
    fc2: biased(parts.fc2, hiddenSize),
  };
}

/** In the activations' type; named `output` if given, else after the last layer. // [B*P, D] → [B*P/G, hidden] */
export function merge(context: Context, { norm: own, fc1, fc2 }: Merger, stream: Stream, output?: string): Value {
  const { graph } = context;
  const grouped = (name: string, x: Value) => reshape(graph, name, x, [-1, fc1.inFeatures]); // [B*P/G, G*D]
  const name = `${own.name}.grouped`;
  const groups =
    own.length === fc1.inFeatures
      ? applyNorm(context, own, { hidden: grouped(name, sumOf(context, `${name}.sum`, stream)), branch: null }).normed
      : grouped(name, applyNorm(context, own, stream).normed);
  const active = gelu(graph, `${fc1.name}.gelu`, applyLinear(context, fc1, groups));
  return applyLinear(context, fc2, active, { output });
}

/**
 * For a later step, beside the patches: a group's numbers, divided among its patches. // [B*P/G, hidden] → f32 [B*P,
 * hidden/G]
 */
export function besidePatches({ graph, precision }: Context, name: string, tokens: Value, columns: number): Value {
  const single = castFrom(graph, `${name}.f32`, tokens, precision.type, 'f32');
  return reshape(graph, `${name}.beside`, single, [-1, columns]);
}

/** Undoes this. // f32 [B*P, hidden/G] → [B*P/G, hidden] in the activations' type */
export function fromBeside({ graph, precision }: Context, name: string, beside: Value, hiddenSize: number): Value {
  const tokens = reshape(graph, `${name}.tokens`, beside, [-1, hiddenSize]);
  return castFrom(graph, `${name}.${precision.type}`, tokens, 'f32', precision.type);
}
