/** @file A checkpoint into the model store: pinned to the commits it began with, one writer at a time, carried on with. */

import type { BundleManifest, BundleSource, WeightDtype } from '../bundle/manifest';
import type { BundleWriter } from '../bundle/storage';
import { openCheckpoint, type Checkpoint, type FileTree } from '../checkpoint/index';
import { convertCheckpoint, plannedBefore } from '../convert/index';
import { CheckpointFormatError, CheckpointMismatchError, IntegrityError } from '../errors';
import { computeProbe } from '../runtime/index';
import type { OpenedBundle, OpenOptions } from './open';
import { checkpointTree } from './trees';
import type { SourceSpec } from './spec';
import { writeRecord, type ModelStore, type Origin } from '../store/index';

export interface Conversion {
  modelStore: ModelStore;
  name: string;
  origin: Origin;
  dtype: WeightDtype;
  spec: SourceSpec;
  /** The tree of `spec`, where it is opened already. */
  tree?: FileTree;
  /** What the model store has now. */
  stored: OpenedBundle | null;
  ifStored: () => Promise<OpenedBundle | null>;
}

/** Converts, unless another tab did so while this one waited for it, or the stored one is still current. */
export async function convertInto(job: Conversion, options: OpenOptions): Promise<OpenedBundle> {
  const { modelStore, name } = job;
  for (let attempt = 1; ; attempt++) {
    let waited = false;
    const writer = await modelStore.writer(name, {
      wait: true,
      signal: options.signal,
      onWait: () => {
        waited = true;
        options.onProgress?.({ status: 'initiate', phase: 'wait' });
      },
    });
    const meanwhile = waited || !options.refresh ? await job.ifStored() : null;
    if (meanwhile) {
      await writer.abort();
      return meanwhile;
    }
    try {
      const manifest = await convertWith(writer, job, options);
      return manifest ? { reader: modelStore.bundle(name), manifest, stored: name } : job.stored!;
    } catch (error) {
      // What was read to plan the conversion was wrong, and is known to be: once more, from the beginning.
      const again = error instanceof IntegrityError && error.details.restart === true;
      if (!again || attempt > 1) throw error;
    }
  }
}

/** The manifest; null where the stored bundle is of the same commits. */
async function convertWith(
  writer: BundleWriter,
  job: Conversion,
  options: OpenOptions,
): Promise<BundleManifest | null> {
  const { dtype, origin, stored } = job;
  const { noteBytes, signal, onProgress, ort, refresh = false } = options;
  let checkpoint: Checkpoint;
  try {
    const pinned = refresh ? null : (plannedBefore(writer.journal?.notes ?? [])?.source ?? null);
    await writeRecord(writer, { origin, dtype });
    checkpoint = await openSteadily(job, options, pinned);
    if (stored && JSON.stringify(stored.manifest.source) === JSON.stringify(checkpoint.source)) {
      await writer.abort();
      return null;
    }
  } catch (error) {
    await (writer.journal?.notes.length ? writer.pause() : writer.abort());
    throw error;
  }
  return convertCheckpoint({
    checkpoint,
    writer,
    dtype,
    noteBytes,
    computeProbe: (reader, manifest) => computeProbe(reader, manifest, ort),
    signal,
    onProgress,
  });
}

/** What comes over a line may not make sense once, and be fine the next time. */
async function openSteadily(job: Conversion, options: OpenOptions, pinned: BundleSource | null): Promise<Checkpoint> {
  try {
    return await openTrees(job, options, pinned, job.tree);
  } catch (error) {
    const senseless = error instanceof CheckpointFormatError || error instanceof CheckpointMismatchError;
    if (!senseless || job.spec.kind !== 'hub') throw error;
    return openTrees(job, options, pinned);
  }
}

async function openTrees({ spec }: Conversion, options: OpenOptions, pinned: BundleSource | null, tree?: FileTree) {
  const { base, adapter, signal } = options;
  const commitOf = (repo: string) =>
    [pinned?.adapter, pinned?.base].find((part) => part?.id === repo)?.revision ?? null;
  const open = (each: SourceSpec) => checkpointTree(each, options, each.kind === 'hub' ? commitOf(each.repo) : null);
  return openCheckpoint({
    checkpoint: tree ?? (await open(spec)),
    base: base && (await open(base)),
    adapter: adapter && (await open(adapter)),
    resolve: (repo, revision) => {
      const part: SourceSpec = { kind: 'hub', repo, ...(revision ? { revision } : {}) };
      return open(part);
    },
    signal,
  });
}
