/**
 * @file Groups of similar rows by complete linkage: any two of a group are at least so similar. Chains of small
 * steps, along which single linkage strings up half a library, do not make a group.
 */

import { InvalidInputError } from '../../errors';
import type { SimilarPairs } from './similar-pairs';

/**
 * Groups of two and more, the largest first, rows ascending. Those that belong together most are joined first.
 * @param threshold least score of any two of a group; not below that of `pairs`
 * @throws InvalidInputError below it
 */
export function similarGroups(pairs: SimilarPairs, threshold = pairs.threshold): number[][] {
  if (!(threshold >= pairs.threshold)) {
    throw new InvalidInputError(`The pairs were computed from ${pairs.threshold} on, not from ${threshold}.`);
  }
  const groups = new Map<number, Group>();
  const groupOf = (row: number): Group => {
    let group = groups.get(row);
    if (!group) groups.set(row, (group = { rows: [row], links: new Map() }));
    return group;
  };
  // Best first: when the last of the pairs between two groups comes, it is the worst of them, and better than the
  // worst pair between any other two groups that are still apart.
  for (let at = 0; at < pairs.scores.length && pairs.scores[at]! >= threshold; at++) {
    const a = groupOf(pairs.first[at]!);
    const b = groupOf(pairs.second[at]!);
    const links = (a.links.get(b) ?? 0) + 1;
    a.links.set(b, links);
    b.links.set(a, links);
    if (links === a.rows.length * b.rows.length) join(a, b, groups);
  }
  for (const [row, same] of pairs.same) groupOf(same).rows.push(row);
  return [...new Set(groups.values())]
    .map(({ rows }) => rows.sort((a, b) => a - b))
    .filter((rows) => rows.length > 1)
    .sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}

interface Group {
  rows: number[];
  /** Pairs seen so far with other groups. */
  links: Map<Group, number>;
}

function join(a: Group, b: Group, groups: Map<number, Group>): void {
  const [into, from] = a.links.size + a.rows.length >= b.links.size + b.rows.length ? [a, b] : [b, a];
  into.links.delete(from);
  for (const [other, links] of from.links) {
    other.links.delete(from);
    if (other === into) continue;
    const all = links + (into.links.get(other) ?? 0);
    into.links.set(other, all);
    other.links.set(into, all);
  }
  for (const row of from.rows) {
    into.rows.push(row);
    groups.set(row, into);
  }
}

/** Rows with one key (a file's hash), two and more, the largest group first; null and undefined are no key. */
export function equalGroups(keys: ArrayLike<string | null | undefined>): number[][] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row];
    if (key == null) continue;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].filter(({ length }) => length > 1).sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}
