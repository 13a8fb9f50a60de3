/**
 * @file Matrices whose rows do different things, and may be stored apart so that some get more bits: `qkv` whole, or `q`
 * and `kv`, or `qk` and `v`, or all three. Which of these a bundle has shows in the names of its tensors.
 */

import type { PlannedWeight, RowSlice } from './types';

/** The name of some neighbouring slices together. `name` is the whole's: `….qkv.weight`, or without the suffix. */
export function runName(name: string, run: readonly RowSlice[]): string {
  return name.replace(/[^.]+(?=(\.weight)?$)/, run.map(({ label }) => label).join(''));
}

/** Cuts slices into the runs that are stored, each as long as can be; a slice of which nothing is stored stands alone. */
export function storedRuns(
  name: string,
  slices: readonly RowSlice[],
  isStored: (name: string) => boolean,
): RowSlice[][] {
  const runs: RowSlice[][] = [];
  for (let first = 0; first < slices.length;) {
    let last = slices.length;
    while (last > first + 1 && !isStored(runName(name, slices.slice(first, last)))) last--;
    runs.push(slices.slice(first, last));
    first = last;
  }
  return runs;
}

/** The weights that such a cut makes of one. */
export function cutWeight(weight: PlannedWeight, runs: readonly (readonly RowSlice[])[]): PlannedWeight[] {
  const { slices: _, role: __, ...rest } = weight;
  let firstRow = weight.firstRow ?? 0;
  return runs.map((run) => {
    const rows = run.reduce((sum, slice) => sum + slice.rows, 0);
    const cut: PlannedWeight = {
      ...rest,
      name: runName(weight.name, run),
      shape: [rows, ...weight.shape.slice(1)],
      firstRow,
      ...(run.length === 1 ? { role: run[0]!.role } : {}),
    };
    firstRow += rows;
    return cut;
  });
}

/** A weight as a bundle has it: whole, or cut. */
export function storedWeights(weight: PlannedWeight, isStored: (name: string) => boolean): PlannedWeight[] {
  if (!weight.slices || isStored(weight.name)) return [weight];
  return cutWeight(weight, storedRuns(weight.name, weight.slices, isStored));
}
