/** @file Builds a tower from steps, and what a stage takes and returns if it begins or ends between two of them. */

import type { Tower } from '../architecture';
import type { PlannedWeight } from '../types';
import type { Context } from './activations';
import { closeStream, openStream, type Stream } from './residual';

/** A part of a tower: a function of the residual stream. */
export interface Step<Run> {
  readonly weights: readonly PlannedWeight[];
  /** What the rows of the stream are after it, in the graphs' terms: `tokens`. */
  readonly rows: string;
  /** Whether it ends between two slices of an MLP. @default false */
  readonly inside?: boolean;
  /** Columns of each value that is carried past the steps after it. @default none */
  readonly carried?: readonly number[];
  /** @param run inputs that change from run to run, declared by whichever step asks first */
  apply(context: Context, stream: Stream, run: () => Run): Stream;
}

export interface TowerParts<Run> {
  readonly blocks: readonly (readonly Step<Run>[])[];
  /** Width of the residual stream. */
  readonly width: number;
  readonly mostSlices?: number;
  readonly f16Scale: number;
  /** What the first step takes. */
  start(context: Context): Stream;
  run(context: Context): Run;
}

/** The last step declares the tower's output itself. */
export function towerOf<Run>({ blocks, width, mostSlices, f16Scale, start, run }: TowerParts<Run>): Tower {
  const steps = blocks.flat();
  return {
    blocks: blocks.map((block) => block.map(({ weights }) => weights)),
    mostSlices,
    f16Scale,
    build(context, { first, last }) {
      const before = steps[first - 1];
      let stream = before ? openStream(context, { ...before, width }) : start(context);
      let inputs: Run | undefined;
      const once = () => (inputs ??= run(context));
      for (const step of steps.slice(first, last)) {
        const { carried } = stream;
        stream = { carried, ...step.apply(context, stream, once) };
      }
      if (last < steps.length) closeStream(context, stream, { ...steps[last - 1]!, width });
    },
  };
}
