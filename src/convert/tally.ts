/** @file What each kind of weight came to: `layers.*.self_attn.v` of all layers together. */

import type { Piece } from './pieces';
import type { ConversionPlan } from './plan';
import { weightFiles } from './plan';
import { columnsOf } from './rows';
import type { Measured } from './weights';

/** Weights of one kind that are stored alike. */
export interface WeightKind {
  /** Their names, with a star for the number of the block. */
  kind: string;
  /** `8`, `4 zp` (with zero points), `f16`, `f32`; of the token table the bundle's dtype. */
  stored: string;
  /** Rather than a norm's gain or a bias. */
  isMatrix: boolean;
  /** How many tensors there are, and numbers in them. */
  tensors: number;
  weights: number;
  /** In the bundle. */
  bytes: number;
  /** Root of squared error over squared norm, of what this run encoded; null where an earlier one did all of it. */
  error: number | null;
  /** Encoding, in this run. */
  milliseconds: number;
}

/** Adds up pieces, kind by kind, in the order of the bundle. */
export function weightTally(plan: ConversionPlan): {
  add: (piece: Piece, measured: Measured) => void;
  kinds: () => WeightKind[];
} {
  const kinds = new Map<string, WeightKind & { squares: number; norm: number }>();
  const of = new Map<string, string>();
  for (const { weight, layout, tensors } of weightFiles(plan).flatMap(({ weights }) => weights)) {
    const kind = weight.name.replace(/\.\d+\./, '.*.').replace(/\.weight$/, '');
    const stored =
      typeof layout === 'object'
        ? `${layout.bits}${layout.zeroPoints ? ' zp' : ''}`
        : layout === 'table'
          ? plan.dtype
          : layout;
    const key = `${kind} ${stored}`;
    of.set(weight.name, key);
    const sum = kinds.get(key) ?? {
      ...{
        kind,
        stored,
        isMatrix: weight.shape.length > 1,
        tensors: 0,
        weights: 0,
        bytes: 0,
        error: null,
        milliseconds: 0,
        squares: 0,
        norm: 0,
      },
    };
    kinds.set(key, sum);
    sum.tensors++;
    sum.weights += weight.shape[0]! * columnsOf(weight);
    sum.bytes += tensors.reduce((total, { bytes }) => total + bytes, 0);
  }
  return {
    add: ({ placed }, { error, norm, milliseconds }) => {
      const sum = kinds.get(of.get(placed.weight.name)!)!;
      sum.squares += error;
      sum.norm += norm;
      sum.milliseconds += milliseconds;
    },
    kinds: () =>
      [...kinds.values()].map(({ squares, norm, ...sum }) => ({
        ...sum,
        error: norm > 0 ? Math.sqrt(squares / norm) : null,
      })),
  };
}
