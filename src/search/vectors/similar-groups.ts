/**
 * @file Groups of similar rows by complete linkage: any two rows in a group are at least as similar as the threshold.
 * Chains of small steps, along which single linkage would join half a library, do not form a group.
 */

import { expectArgument, isListLike, isRecord } from '../../arguments';
import { InvalidInputError } from '../../errors';
import type { SimilarPairs } from './similar-pairs';

/**
 * Returns groups of two or more rows, largest group first, rows ascending. The most similar ones are joined first.
 * @param threshold lowest score of any two rows in a group; not below that of `pairs`
 * @throws InvalidInputError if it is below that, or for anything but pairs
 */
export function similarGroups(pairs: SimilarPairs, threshold = pairs?.threshold): number[][] {
  const isPairs = isRecord(pairs) && isListLike(pairs.scores) && (pairs.same as unknown) instanceof Map;
  expectArgument('similarGroups', 'pairs', pairs, 'what similarPairs returns', isPairs);
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
  /** Number of pairs seen so far with other groups. */
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

/**
 * Groups of two or more rows that share a key (a file's hash), largest group first; null and undefined are not keys.
 */
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
