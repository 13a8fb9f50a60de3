/** @file Which inputs share a forward pass, and the index arrays of that pass. Pure functions. */

import type { PicturePlan } from '../models';

/** How much one forward pass may hold. */
export interface BatchLimits {
  /** The padded tokens (batch × length) of one text run. */
  tokens: number;
  /** The patches of one vision run; one image alone may exceed them. */
  patches: number;
  /**
   * Rounds lengths up to a few values, so that GPU buffers are reused. Off if there are none to reuse, since padding
   * costs time.
   */
  buckets: boolean;
}

/**
 * The next of 8, 12, 16, 24, 32, 48, 64, 96, …: at most 50 % more than `length`, and a third less than that on average.
 */
export function bucket(length: number): number {
  for (let power = 8; ; power *= 2) {
    if (length <= power) return power;
    if (length <= power * 1.5) return power * 1.5;
  }
}

/** Rows of a packed run, rounded up: a run computes fewer than 64 rows for nothing. */
export function packedBucket(tokens: number): number {
  return tokens <= 64 ? bucket(tokens) : Math.ceil(tokens / 64) * 64;
}

/** Positions of `lengths` that run together, and the padded length of the run. */
export interface TextBatch {
  indices: number[];
  length: number;
}

/**
 * Packs sequences into runs: shortest first, so that little is padding. Every index appears once.
 * @param keyOf sequences whose lengths have different keys never share a run
 */
export function packTexts(
  lengths: readonly number[],
  limits: BatchLimits,
  keyOf: (length: number) => string = () => '',
): TextBatch[] {
  const padded = (length: number) => (limits.buckets ? bucket(length) : length);
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const batches: TextBatch[] = [];
  let open: TextBatch | undefined;
  let openKey = '';
  for (const i of order) {
    const length = padded(lengths[i]!);
    const key = keyOf(lengths[i]!);
    if (open && openKey === key && (open.indices.length + 1) * length <= limits.tokens) {
      open.indices.push(i);
      open.length = length;
    } else {
      open = { indices: [i], length };
      openKey = key;
      batches.push(open);
    }
  }
  return batches;
}

/** Inputs with pictures whose plans are alike, within the patch budget, in order. */
export function packImages(inputs: readonly { key: string; patches: number }[], limits: BatchLimits): number[][] {
  const open = new Map<string, { indices: number[]; patches: number }>();
  const batches: number[][] = [];
  for (const [i, { key, patches }] of inputs.entries()) {
    let batch = open.get(key);
    if (!batch || batch.patches + patches > limits.patches) {
      batch = { indices: [], patches: 0 };
      batches.push(batch.indices);
      open.set(key, batch);
    }
    batch.indices.push(i);
    batch.patches += patches;
  }
  return batches;
}

/** Token ids of one sequence, and which of them are placeholders for features of its pictures. */
export interface Sequence {
  ids: readonly number[];
  /** By picture, its first image token and how many follow it. */
  images: readonly { start: number; tokens: number }[];
  /** By picture, its plan: how many rows of features it has, and their order. */
  plans: readonly Pick<PicturePlan, 'features' | 'featureRows'>[];
  /** The position of each token on three axes; null: its index. // [3, ids] */
  positions: Int32Array | null;
}

/** The index inputs of a text run; see `models/types.ts`. B sequences, S padded length, N rows, E pooled rows. */
export interface TextPlan {
  batch: number;
  length: number;
  /** Tokens of the longest sequence, before rounding. */
  longest: number;
  /** Distinct ids whose table rows are needed, in the order of `token_rows`. // [T] */
  tokens: number[];
  rows: Int32Array; // [N]
  padded: Int32Array; // [B*S]
  packed: Int32Array; // [N]
  seqlensK: Int32Array; // [B]
  last: Int32Array; // [E]
  /** How many of them each sequence has. // [B] */
  pooled: number[];
  positions: Int32Array; // [3, N]
}

export interface TextPlanOptions {
  /** Padded length of the run. @default the longest sequence's */
  length?: number;
  /** Rounds the number of rows up; the rows added repeat row 0. */
  round?: (tokens: number) => number;
  /** Whether every row is pooled instead of the last. */
  all?: boolean;
  /** Whether tokens with which several sequences begin share rows, which requires causal attention. @default true */
  shares?: boolean;
}

/**
 * Lays sequences out, one after another; for attention, right-padded to `length`. Padding refers to row 0, which causal
 * attention never looks at. For the same reason, tokens with which several sequences begin (an instruction or the frame
 * of a chat) have the same numbers in each: they share rows, which are computed once. The pictures' features are in the
 * order of the sequences.
 */
export function planText(
  sequences: readonly Sequence[],
  { length: given, round = (tokens) => tokens, all = false, shares = true }: TextPlanOptions = {},
): TextPlan {
  const slot = new Map<number, number>();
  const slotOf = (id: number) => {
    let at = slot.get(id);
    if (at === undefined) slot.set(id, (at = slot.size));
    return at;
  };
  /** Which picture the token belongs to, or -1. */
  const pictureAt = ({ images }: Sequence, i: number) =>
    images.findIndex(({ start, tokens }) => i >= start && i < start + tokens);
  for (const sequence of sequences) {
    sequence.ids.forEach((id, i) => {
      if (pictureAt(sequence, i) < 0) slotOf(id);
    });
  }
  // For an image alone, the graph still needs one token row.
  if (slot.size === 0) slotOf(sequences[0]!.ids[0]!);

  const batch = sequences.length;
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const length = given ?? longest;
  const rows: number[] = [];
  const packed: number[] = [];
  const positions: number[][] = [[], [], []];
  const padded = new Int32Array(batch * length);
  const seqlensK = new Int32Array(batch);
  const last: number[] = [];
  const pooled: number[] = [];
  /** By the preceding row and the token: a row with which other sequences begin too. */
  const known = new Map<string, number>();
  let features = slot.size;
  sequences.forEach((sequence, b) => {
    const { ids, images, plans } = sequence;
    seqlensK[b] = ids.length - 1;
    const first = plans.map(({ features: count }) => (features += count) - count);
    let row = -1;
    ids.forEach((id, i) => {
      const picture = pictureAt(sequence, i);
      const at = [0, 1, 2].map((axis) => sequence.positions?.[axis * ids.length + i] ?? i);
      const place = b * length + i;
      const key = picture < 0 ? [row, id, ...at].join() : '';
      const same = shares ? known.get(key) : undefined;
      if (same !== undefined) row = same;
      else {
        row = rows.length;
        if (picture < 0) {
          known.set(key, row);
          rows.push(slot.get(id)!);
        } else {
          const token = i - images[picture]!.start;
          rows.push(first[picture]! + (plans[picture]!.featureRows?.[token] ?? token));
        }
        packed.push(place);
        at.forEach((value, axis) => positions[axis]!.push(value));
      }
      padded[place] = row;
      if (all) last.push(row);
    });
    if (!all) last.push(row);
    pooled.push(all ? ids.length : 1);
  });
  const total = round(rows.length);
  const filled = (values: readonly number[]) => {
    const array = new Int32Array(total);
    array.set(values);
    return array;
  };
  return {
    ...{ batch, length, longest, tokens: [...slot.keys()], padded, seqlensK, pooled },
    rows: filled(rows),
    packed: filled(packed),
    positions: Int32Array.from(positions.flatMap((axis) => [...filled(axis)])),
    last: Int32Array.from(last),
  };
}
