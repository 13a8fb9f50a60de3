/** @file All inputs of a call: prepared, packed into runs, and put back in their order. */

import { VLM2VecError } from '../errors';
import type { Embedding } from '../multi-vector';
import { packImages, packTexts, type BatchLimits } from './batching';
import type { Prepared, Preparer } from './prepare';
import type { EmbedOptions, InputParts, OnProgress } from './types';
import type { UsageMeter } from './usage';

export interface EmbedJob {
  preparer: Preparer;
  /** How messages name the inputs. */
  names: readonly string[];
  limits: BatchLimits;
  /** Sequences whose lengths have different keys never share a run. */
  keyOf(length: number): string;
  /** What the caller gets of the vectors of an input. */
  shape(vectors: Float32Array[], where: string): Embedding;
  signal?: AbortSignal;
  meter: UsageMeter;
  run(batch: Prepared[]): Promise<Float32Array[][]>;
}

interface Item {
  index: number;
  prepared: Prepared;
}

/**
 * Texts first, by length; then pictures, a window at a time. A window holds two runs' worth of patches: enough that
 * pictures of one size meet, few enough that the first run starts at once.
 * @returns null for inputs that were skipped
 */
export async function embedAll(
  parts: readonly InputParts[],
  options: EmbedOptions,
  job: EmbedJob,
): Promise<(Embedding | null)[]> {
  const { preparer, names, limits, meter, signal } = job;
  const embeddings = new Array<Embedding | null>(parts.length).fill(null);
  const inner: EmbedOptions = { ...options, signal };
  const progress = progressOf(parts.length, options.onProgress);

  /** Null for an input that is skipped. */
  const prepare = async (index: number): Promise<Item | null> => {
    signal?.throwIfAborted();
    try {
      const prepared = await meter.time('prepare', preparer.prepare(parts[index]!, inner, names[index]!));
      meter.count(prepared);
      progress.prepared();
      return { index, prepared };
    } catch (error) {
      signal?.throwIfAborted();
      if (options.onError !== 'skip' || !(error instanceof VLM2VecError)) throw error;
      progress.prepared();
      progress.embedded(1);
      options.onSkip?.({ index, error });
      return null;
    }
  };

  const run = async (batch: readonly Item[]) => {
    signal?.throwIfAborted();
    const found = await job.run(batch.map(({ prepared }) => prepared));
    batch.forEach(({ index }, i) => (embeddings[index] = job.shape(found[i]!, names[index]!)));
    progress.embedded(batch.length);
  };

  const isText = (index: number) => preparer.pictureCount(parts[index]!) === 0;
  const indices = parts.map((_, index) => index);
  const texts: Item[] = [];
  for (const index of indices.filter(isText)) {
    const item = await prepare(index);
    if (item) texts.push(item);
  }
  const lengths = texts.map(({ prepared }) => prepared.sequence.ids.length);
  for (const batch of packTexts(lengths, limits, job.keyOf)) await run(batch.indices.map((i) => texts[i]!));

  let window: Item[] = [];
  const flush = async () => {
    const packed = packImages(
      window.map(({ prepared }) => packingOf(prepared, job.keyOf)),
      limits,
    );
    for (const batch of packed) await run(batch.map((i) => window[i]!));
    window = [];
  };
  let patches = 0;
  for (const index of indices.filter((each) => !isText(each))) {
    const item = await prepare(index);
    if (!item) continue;
    window.push(item);
    patches += packingOf(item.prepared, job.keyOf).patches;
    if (patches < 2 * limits.patches) continue;
    await flush();
    patches = 0;
  }
  await flush();
  return embeddings;
}

function packingOf({ pictures, sequence }: Prepared, keyOf: EmbedJob['keyOf']): { key: string; patches: number } {
  return {
    key: [keyOf(sequence.ids.length), ...pictures.map(({ plan }) => plan.key)].join('+'),
    patches: pictures.reduce((sum, { plan }) => sum + plan.sequences * plan.patches, 0),
  };
}

/** Tells of inputs that are prepared and of those that are embedded, each of the whole. */
function progressOf(total: number, onProgress: OnProgress | undefined) {
  const counter = (phase: 'prepare' | 'embed') => {
    let loaded = 0;
    return (count: number) => {
      loaded += count;
      onProgress?.({ status: 'progress_total', phase, loaded, total, progress: (100 * loaded) / total });
    };
  };
  const prepare = counter('prepare');
  return { prepared: () => prepare(1), embedded: counter('embed') };
}
