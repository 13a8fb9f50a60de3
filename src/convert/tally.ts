/** @file Totals for each kind of weight: `layers.*.self_attn.v` of all layers together. */

import type { WeightKind } from '../bundle/manifest';
import { weightFiles } from './plan';
import type { Work } from './report';
import { columnsOf } from './rows';

/** A kind of weight, and its totals. */
export interface WeightReport extends WeightKind {
  /** True for a matrix, false for a norm's gain or a bias. */
  isMatrix: boolean;
  /** Milliseconds of encoding in this run. */
  milliseconds: number;
}

/**
 * Adds up what was written, kind by kind, in the order of the bundle; sums follow the order of pieces, so that a
 * conversion that was interrupted gives the same numbers.
 * @param times milliseconds of encoding, by weight
 */
export function weightReports({ plan, groups, state }: Work, times: ReadonlyMap<string, number>): WeightReport[] {
  const kinds = new Map<string, WeightReport & { squares: number; norm: number; plain: number; kept: number }>();
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
    const none = {
      tensors: 0,
      weights: 0,
      bytes: 0,
      error: 0,
      milliseconds: 0,
      squares: 0,
      norm: 0,
      plain: 0,
      kept: 0,
    };
    const sum = kinds.get(key) ?? { kind, stored, isMatrix: weight.shape.length > 1, ...none };
    kinds.set(key, sum);
    sum.tensors++;
    sum.weights += weight.shape[0]! * columnsOf(weight);
    sum.bytes += tensors.reduce((total, { bytes }) => total + bytes, 0);
    sum.milliseconds += times.get(weight.name) ?? 0;
  }
  for (const { index, placed } of groups.flatMap(({ pieces }) => pieces)) {
    const sum = kinds.get(of.get(placed.weight.name)!)!;
    const [, error, norm, outputs] = state.done.get(index)!;
    sum.squares += error;
    sum.norm += norm;
    sum.plain += outputs?.plain ?? 0;
    sum.kept += outputs?.kept ?? 0;
  }
  return [...kinds.values()].map(({ squares, norm, plain, kept, ...sum }) => ({
    ...sum,
    error: rootOf(squares, norm),
    ...(plain > 0 ? { outputs: rootOf(kept, plain) } : {}),
  }));
}

/** The root of a ratio of squares, to four digits; 0 if there is none. */
function rootOf(part: number, whole: number): number {
  return whole > 0 ? Number(Math.sqrt(part / whole).toPrecision(4)) : 0;
}

/** The part of it that the bundle keeps. */
export function weightKinds(reports: readonly WeightReport[]): WeightKind[] {
  return reports.map(({ kind, stored, tensors, weights, bytes, error, outputs }) => ({
    ...{ kind, stored, tensors, weights, bytes, error },
    ...(outputs === undefined ? {} : { outputs }),
  }));
}
