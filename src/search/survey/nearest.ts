/**
 * @file The nearest neighbours in a sample, found by comparing all: exact, and fast if the first numbers contain most
 * of the information.
 */

import { Best } from '../vectors/best';

/** Points end to end. // values [points, components] */
export interface Points {
  values: Float32Array;
  components: number;
}

/** Nearest first. */
export interface Near {
  indices: number[];
  distances: number[];
}

/** Numbers that are looked at before the rest. Of principal components they hold most of a distance. */
const FIRST = 8;

/** The nearest of the first `among` points, itself among them. */
export function nearest(
  { values, components }: Points,
  point: number,
  { among, count }: { among: number; count: number },
): Near {
  const best = new Best(count);
  const own = values.subarray(point * components, (point + 1) * components);
  const first = Math.min(FIRST, components);
  let most = Infinity;
  for (let i = 0, at = 0; i < among; i++, at += components) {
    let sum = 0;
    for (let c = 0; c < first; c++) sum += (own[c]! - values[at + c]!) ** 2;
    if (sum > most) continue;
    for (let c = first; c < components; c++) sum += (own[c]! - values[at + c]!) ** 2;
    if (sum > most) continue;
    best.offer(i, -sum);
    most = -best.floor;
  }
  const { rows, scores } = best.take();
  return { indices: [...rows], distances: Array.from(scores, (score) => Math.sqrt(-score)) };
}
