/**
 * @file The second moments of a conversion's matrices, on disk beside the unfinished bundle: computed once, and
 * available when a conversion is continued. They take half a gigabyte for a model of two billion weights and are
 * removed when the bundle is published.
 */

import { sha256Hex } from '../bundle/digest';
import { groupSizes, momentBytes, sketchSize, triangle, type InputMoments } from '../bundle/moments';
import type { BundleReader, BundleWriter } from '../bundle/storage';
import { IntegrityError } from '../errors';
import { factorsOf, type GroupFactors } from './feedback/factors';

export const MOMENTS_PATH = 'moments.bin';

/** How many inputs' factors are kept: `down`, `gate` and `up` are neighbours, and two of them have the same input. */
const KEPT = 2;

/** Where the moments of one input are stored. */
export interface PlacedMoments {
  weights: readonly string[];
  columns: number;
  start: number;
  sha256: string;
}

/** Writes them as they come. @returns where each is stored */
export async function storeMoments(
  writer: BundleWriter,
  taken: AsyncIterable<readonly InputMoments[]>,
  signal?: AbortSignal,
): Promise<PlacedMoments[]> {
  const file = await writer.create(MOMENTS_PATH);
  const placed: PlacedMoments[] = [];
  let start = 0;
  try {
    for await (const inputs of taken) {
      signal?.throwIfAborted();
      for (const { weights, columns, groups, sketch } of inputs) {
        const bytes = new Uint8Array(momentBytes(columns));
        let at = 0;
        for (const { buffer, byteOffset, byteLength } of [...groups, ...(sketch ? [sketch] : [])]) {
          bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
          at += byteLength;
        }
        placed.push({ weights, columns, start, sha256: await sha256Hex(bytes) });
        await file.write(bytes);
        start += bytes.length;
      }
    }
  } finally {
    await file.close();
  }
  return placed;
}

/** Returns the factors of one matrix after another. */
export class MomentsFile {
  readonly #reader: BundleReader;
  readonly #placed = new Map<string, PlacedMoments>();
  /** In order of use, oldest first. */
  readonly #kept = new Map<PlacedMoments, (GroupFactors | null)[]>();

  constructor(reader: BundleReader, placed: readonly PlacedMoments[]) {
    this.#reader = reader;
    for (const each of placed) for (const weight of each.weights) this.#placed.set(weight, each);
  }

  has(weight: string): boolean {
    return this.#placed.has(weight);
  }

  /** By group of columns; null if there are no moments for that weight. */
  async factors(weight: string, signal?: AbortSignal): Promise<readonly (GroupFactors | null)[] | null> {
    const placed = this.#placed.get(weight);
    if (!placed) return null;
    const factors = this.#kept.get(placed) ?? (await this.#read(placed, signal));
    this.#kept.delete(placed);
    this.#kept.set(placed, factors);
    for (const oldest of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(oldest);
    return factors;
  }

  async #read({ columns, start, sha256 }: PlacedMoments, signal?: AbortSignal): Promise<(GroupFactors | null)[]> {
    const file = await this.#reader.open(MOMENTS_PATH, signal);
    const bytes = await file.read(start, start + momentBytes(columns), signal).catch((cause: unknown) => fail(cause));
    if ((await sha256Hex(bytes)) !== sha256) fail();
    const numbers = new Float32Array(bytes.slice().buffer);
    let at = 0;
    const groups = groupSizes(columns).map((size) => numbers.subarray(at, (at += triangle(size))));
    return factorsOf({ columns, groups, sketch: sketchSize(columns) > 0 ? numbers.subarray(at) : null });
  }
}

/** The journal refers to this file: without it, the journal is useless. */
function fail(cause?: unknown): never {
  throw new IntegrityError(
    'The measurements for this conversion were lost by the disk; the measuring pass starts over.',
    { path: MOMENTS_PATH, restart: true },
    { cause },
  );
}
