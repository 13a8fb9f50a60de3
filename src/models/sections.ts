/**
 * @file Matrices whose rows do different things, section by section, and may be stored apart so that some get more bits:
 * `qkv` whole, or `q` and `kv`, or `qk` and `v`, or all three. Which of these a bundle has shows in its tensors' names.
 */

import type { PlannedWeight, Section } from './types';

/** The name of some neighbours together. `name` is the whole's: `….qkv.weight`, or without the suffix. */
export function runName(name: string, run: readonly Section[]): string {
  return name.replace(/[^.]+(?=(\.weight)?$)/, run.map(({ label }) => label).join(''));
}

/** Cuts sections into the runs that are stored, each as long as can be; one of which nothing is stored stands alone. */
export function storedRuns(
  name: string,
  sections: readonly Section[],
  isStored: (name: string) => boolean,
): Section[][] {
  const runs: Section[][] = [];
  for (let first = 0; first < sections.length;) {
    let last = sections.length;
    while (last > first + 1 && !isStored(runName(name, sections.slice(first, last)))) last--;
    runs.push(sections.slice(first, last));
    first = last;
  }
  return runs;
}

/** A weight as a bundle has it: whole, or cut. */
export function storedWeights(weight: PlannedWeight, isStored: (name: string) => boolean): PlannedWeight[] {
  const { sections, role: _, slice, ...rest } = weight;
  if (!sections || isStored(weight.name)) return [weight];
  const isOnePart = weight.parts.length === 1; // and all sections are rows of it
  const of = slice?.of ?? (weight.shape as [number, number]);
  const begin = slice?.rows?.[0]?.first ?? 0; // of the first section in that part
  let at = 0;
  let row = 0;
  return storedRuns(weight.name, sections, isStored).map((run) => {
    const [first, last] = [row, run.reduce((sum, { rows }) => sum + rows, row)];
    const own = isOnePart ? [{ first: begin + first, last: begin + last }] : slice?.rows?.slice(at, at + run.length);
    const cut: PlannedWeight = {
      ...rest,
      name: runName(weight.name, run),
      shape: [last - first, weight.shape[1]!],
      parts: isOnePart ? weight.parts : weight.parts.slice(at, at + run.length),
      ...(isOnePart || slice ? { slice: { ...slice, of, ...(own && { rows: own }) } } : {}),
      ...(run.length === 1 ? { role: run[0]!.role } : {}),
    };
    at += run.length;
    row = last;
    return cut;
  });
}
