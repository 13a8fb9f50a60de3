/**
 * @file Processes all inputs of a call: prepares them, packs them into runs, and returns the results in the original
 * order.
 */

import { nextTask } from '../environment';
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
  /** Turns the vectors of an input into what the caller gets. */
  shape(vectors: Float32Array[], where: string): Embedding;
  signal?: AbortSignal;
  meter: UsageMeter;
  /**
   * Batches that are given to {@link run} together: as many as take this many bytes while they run, or one. 0: each
   * alone.
   */
  groupBytes: number;
  /** What an input takes while its group runs. */
  bytesOf(prepared: Prepared): number;
  /** @param onPassed called with the stages that the group has passed through, if weights are streamed */
  run(batches: Prepared[][], onStage: (stages: { done: number; total: number }) => void): Promise<Float32Array[][][]>;
}

interface Item {
  index: number;
  prepared: Prepared;
}

/**
 * Texts first, by length; then pictures, a window at a time. A window holds two runs' worth of patches: enough for
 * pictures of the same size to meet, few enough for the first run to start at once. While one window is embedded the
 * next is prepared: a GPU, or Node's threads, compute meanwhile. What runs together never depends on groups, so vectors
 * are the same to the bit, however many batches a group has.
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

  let group: Item[][] = [];
  let held = 0;
  const runGroup = async () => {
    signal?.throwIfAborted();
    const batches = group;
    group = [];
    held = 0;
    const count = batches.reduce((sum, batch) => sum + batch.length, 0);
    if (count === 0) return;
    const found = await job.run(
      batches.map((batch) => batch.map(({ prepared }) => prepared)),
      (stages) => progress.stage(stages, count),
    );
    for (const [b, batch] of batches.entries()) {
      for (const [i, { index }] of batch.entries()) {
        try {
          embeddings[index] = job.shape(found[b]![i]!, names[index]!);
        } catch (error) {
          if (options.onError !== 'skip' || !(error instanceof VLM2VecError)) throw error;
          options.onSkip?.({ index, error });
        }
      }
    }
    progress.embedded(count);
  };
  const run = async (batch: Item[]) => {
    const bytes = batch.reduce((sum, { prepared }) => sum + job.bytesOf(prepared), 0);
    if (held + bytes > job.groupBytes) await runGroup();
    group.push(batch);
    held += bytes;
    if (held >= job.groupBytes) await runGroup();
  };

  const isText = (index: number) => preparer.pictureCount(parts[index]!) === 0;
  const indices = parts.map((_, index) => index);
  const texts: Item[] = [];
  for (const index of indices.filter(isText)) {
    const item = await prepare(index);
    if (item) texts.push(item);
  }
  const lengths = texts.map(({ prepared }) => prepared.sequence.ids.length);
  const textRuns = packTexts(lengths, limits, job.keyOf).map(({ indices: some }) => some.map((i) => texts[i]!));
  const pictureRuns = (window: readonly Item[]) => {
    const packed = packImages(
      window.map(({ prepared }) => packingOf(prepared, job.keyOf)),
      limits,
    );
    return packed.map((some) => some.map((i) => window[i]!));
  };

  /** What runs while the next pictures are prepared. */
  let running: Promise<void> = Promise.resolve();
  const start = (batches: readonly Item[][]) => {
    running = running.then(async () => {
      for (const batch of batches) await run(batch);
    });
    running.catch(() => undefined); // awaited below
  };
  try {
    start(textRuns);
    let window: Item[] = [];
    let patches = 0;
    for (const index of indices.filter((each) => !isText(each))) {
      const item = await prepare(index);
      await nextTask(); // it may be the end of a run, for which the next one waits
      if (!item) continue;
      window.push(item);
      patches += packingOf(item.prepared, job.keyOf).patches;
      if (patches < 2 * limits.patches) continue;
      await running; // two windows at most are in memory
      start(pictureRuns(window));
      window = [];
      patches = 0;
    }
    await running;
    start(pictureRuns(window));
    await running;
    await runGroup();
  } finally {
    await running.catch(() => undefined); // nothing of a call continues after it
  }
  return embeddings;
}

function packingOf({ pictures, sequence }: Prepared, keyOf: EmbedJob['keyOf']): { key: string; patches: number } {
  return {
    key: [keyOf(sequence.ids.length), ...pictures.map(({ plan }) => plan.key)].join('+'),
    patches: pictures.reduce((sum, { plan }) => sum + plan.sequences * plan.patches, 0),
  };
}

/** Reports how many inputs of the total are prepared, how many are embedded, and the stages in between. */
function progressOf(total: number, onProgress: OnProgress | undefined) {
  const counts = { prepare: 0, embed: 0 };
  const count = (phase: 'prepare' | 'embed', more: number) => {
    const loaded = (counts[phase] += more);
    onProgress?.({ status: 'progress_total', phase, loaded, total, progress: (100 * loaded) / total });
  };
  return {
    prepared: () => count('prepare', 1),
    embedded: (more: number) => count('embed', more),
    /** @param inputs of the group */
    stage: (stages: { done: number; total: number }, inputs: number) => {
      const loaded = counts.embed;
      const progress = (100 * (loaded + (inputs * stages.done) / stages.total)) / total;
      onProgress?.({ status: 'progress', phase: 'embed', loaded, total, progress, stages });
    },
  };
}
