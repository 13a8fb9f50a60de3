/**
 * @file Matrices whose rows do different things, section by section, and may be stored separately so that some get more
 * bits: `qkv` as one, or `q` and `kv`, or `qk` and `v`, or all three. The names of a bundle's tensors show which of
 * these it has.
 */

import type { PlannedWeight, Section } from './types';

/**
 * The name of some neighbouring sections together. `name` is that of the whole: `….qkv.weight`, or without the suffix.
 */
export function runName(name: string, run: readonly Section[]): string {
  return name.replace(/[^.]+(?=(\.weight)?$)/, run.map(({ label }) => label).join(''));
}

/**
 * Divides sections into the runs that are stored, each as long as possible; a section of which nothing is stored is a
 * run by itself.
 */
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

/** A weight as a bundle stores it: as one, or divided. */
export function storedWeights(weight: PlannedWeight, isStored: (name: string) => boolean): PlannedWeight[] {
  const { sections, role: _, slice, ...rest } = weight;
  if (!sections || isStored(weight.name)) return [weight];
  const isOnePart = weight.parts.length === 1; // so all sections are rows of it
  const of = slice?.of ?? (weight.shape as [number, number]);
  const begin = slice?.rows?.[0]?.first ?? 0; // where the first section begins in that part
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
