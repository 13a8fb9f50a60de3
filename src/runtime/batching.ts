/** @file Which inputs share a forward pass, and the index arrays of that pass. Pure. */

/** How much one forward pass may hold. */
export interface BatchLimits {
  /** Padded tokens (batch × length) of one text run. */
  tokens: number;
  /** Patches of one vision run; one image alone may exceed it. */
  patches: number;
  /**
   * Round lengths up to few values, so that GPU buffers are reused. Off where there are none to reuse: padding
   * costs time.
   */
  buckets: boolean;
}

/** The next of 8, 12, 16, 24, 32, 48, 64, 96, …: at most half more than `length`, a third on average less. */
export function bucket(length: number): number {
  for (let power = 8; ; power *= 2) {
    if (length <= power) return power;
    if (length <= power * 1.5) return power * 1.5;
  }
}

/** Rows of a packed run, rounded up: what a run computes for nothing stays below 64 rows. */
export function packedBucket(tokens: number): number {
  return tokens <= 64 ? bucket(tokens) : Math.ceil(tokens / 64) * 64;
}

/** Positions of `lengths` that run together, and the padded length of the run. */
export interface TextBatch {
  indices: number[];
  length: number;
}

/** Packs sequences into runs: shortest first, so that little is padding. Every index appears once. */
export function packTexts(lengths: readonly number[], limits: BatchLimits): TextBatch[] {
  const padded = (length: number) => (limits.buckets ? bucket(length) : length);
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const batches: TextBatch[] = [];
  let open: TextBatch | undefined;
  for (const i of order) {
    const length = padded(lengths[i]!);
    if (open && (open.indices.length + 1) * length <= limits.tokens) {
      open.indices.push(i);
      open.length = length;
    } else {
      open = { indices: [i], length };
      batches.push(open);
    }
  }
  return batches;
}

/** Groups images of one grid, within the patch budget, in order. // grids: rows and columns of patches */
export function packImages(grids: readonly { height: number; width: number }[], limits: BatchLimits): number[][] {
  const open = new Map<string, number[]>();
  const batches: number[][] = [];
  for (const [i, { height, width }] of grids.entries()) {
    const key = `${height}x${width}`;
    let batch = open.get(key);
    if (!batch || (batch.length + 1) * height * width > limits.patches) {
      batch = [];
      batches.push(batch);
      open.set(key, batch);
    }
    batch.push(i);
  }
  return batches;
}

/** Token ids of one sequence and, where it has an image, which of them stand for image features. */
export interface Sequence {
  ids: readonly number[];
  /** The first image token and how many follow it, or null. Features of the batch's images follow each other. */
  image: { start: number; tokens: number } | null;
}

/** The index inputs of a text run; see `models/types.ts`. B sequences, S padded length, N rows. */
export interface TextPlan {
  batch: number;
  length: number;
  /** Distinct ids whose table rows are needed, in the order of `token_rows`. // [T] */
  tokens: number[];
  rows: Int32Array; // [N]
  padded: Int32Array; // [B*S]
  packed: Int32Array; // [N]
  seqlensK: Int32Array; // [B]
  last: Int32Array; // [B]
}

/**
 * Lays sequences out, one after another; for attention right-padded to `length`. Padding shows row 0: causal
 * attention never looks at it. Image token j of the batch's k-th image picks feature row k*tokens + j.
 * @param round Rounds the number of rows up; the rows added repeat row 0.
 */
export function planText(
  sequences: readonly Sequence[],
  length: number,
  round: (tokens: number) => number = (tokens) => tokens,
): TextPlan {
  const slot = new Map<number, number>();
  const slotOf = (id: number) => {
    let at = slot.get(id);
    if (at === undefined) slot.set(id, (at = slot.size));
    return at;
  };
  for (const { ids, image } of sequences) {
    ids.forEach((id, i) => {
      if (!image || i < image.start || i >= image.start + image.tokens) slotOf(id);
    });
  }
  // An image alone: the graph still wants one token row.
  if (slot.size === 0) slotOf(sequences[0]!.ids[0]!);

  const batch = sequences.length;
  const total = round(sequences.reduce((sum, { ids }) => sum + ids.length, 0));
  const rows = new Int32Array(total);
  const padded = new Int32Array(batch * length);
  const packed = new Int32Array(total);
  const seqlensK = new Int32Array(batch);
  const last = new Int32Array(batch);
  let features = slot.size;
  let row = 0;
  sequences.forEach(({ ids, image }, b) => {
    seqlensK[b] = ids.length - 1;
    ids.forEach((id, i) => {
      const isImage = image && i >= image.start && i < image.start + image.tokens;
      rows[row] = isImage ? features++ : slot.get(id)!;
      padded[b * length + i] = row;
      packed[row] = b * length + i;
      row++;
    });
    last[b] = row - 1;
  });
  return { batch, length, tokens: [...slot.keys()], rows, padded, packed, seqlensK, last };
}
