/** @file A checkpoint into the model store: pinned to the commits it began with, one writer at a time, carried on with. */

import type { BundleManifest, BundleSource } from '../bundle/manifest';
import type { BundleReader, BundleWriter } from '../bundle/storage';
import type { Checkpoint, FileTree } from '../checkpoint/index';
import { convertCheckpoint, openCheckpoint, plannedBefore } from '../convert/index';
import { CheckpointFormatError, CheckpointMismatchError, IntegrityError } from '../errors';
import { recipeToJson } from '../recipes';
import { computeProbe, takeMoments } from '../runtime/index';
import { writeRecord } from '../store/index';
import { isRoundedAs, writeTo, type Place } from './keep';
import type { LocatedCheckpoint } from './locate';
import { originOf } from './origin';
import { checkpointParts } from './trees';
import { DEFAULT_DTYPE, type OpenedBundle, type OpenOptions } from './types';

/** A checkpoint and what the model store has of it. */
export interface Conversion extends LocatedCheckpoint, Place {
  stored: OpenedBundle | null;
}

/** Converts, unless another tab did so while this one waited for it, or the stored one is still current. */
export async function convertInto(job: Conversion, options: OpenOptions): Promise<OpenedBundle> {
  const { modelStore, name } = job;
  const convert = async (writer: BundleWriter) => {
    const manifest = await convertWith(writer, job, options);
    return manifest ? { reader: modelStore.bundle(name), manifest, stored: name } : job.stored!;
  };
  try {
    return await writeTo(job, options, convert);
  } catch (error) {
    // What was read to plan the conversion was wrong, and is known to be: once more, from the beginning.
    if (!(error instanceof IntegrityError && error.details.restart === true)) throw error;
    return writeTo(job, options, convert);
  }
}

/** The manifest; null where the stored bundle is of the same commits. */
async function convertWith(
  writer: BundleWriter,
  job: Conversion,
  options: OpenOptions,
): Promise<BundleManifest | null> {
  const { spec, stored } = job;
  const { dtype = DEFAULT_DTYPE, base, adapter, hubUrl, noteBytes, signal, onProgress, ort, refresh = false } = options;
  let checkpoint: Checkpoint;
  const before = plannedBefore(writer.journal?.notes ?? []);
  const effort = options.effort ?? (before?.feedback ? 'best' : 'fast');
  try {
    const pinned = refresh ? null : (before?.source ?? null);
    await writeRecord(writer, { origin: originOf(spec, { base, adapter, hubUrl }), dtype });
    checkpoint = await openSteadily(job, options, pinned);
    if (stored && isCurrent(stored.manifest, checkpoint, options)) {
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
    recipe: options.recipe,
    noteBytes,
    ...(effort === 'best' && {
      takeMoments: (reader: BundleReader, manifest: BundleManifest) =>
        takeMoments(reader, manifest, { ...ort, signal, onProgress }),
    }),
    computeProbe: (reader, manifest) => computeProbe(reader, manifest, ort),
    signal,
    onProgress,
  });
}

/** Whether a stored bundle is of the same commits, asked as the caller says, and rounded no worse. */
function isCurrent(stored: BundleManifest, { source }: Checkpoint, { recipe, effort }: OpenOptions): boolean {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return (
    isRoundedAs(stored, { effort }) &&
    same(stored.source, source) &&
    (recipe === undefined || same(stored.recipe, recipeToJson(recipe)))
  );
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
  const commitOf = (repo: string) =>
    [pinned?.adapter, pinned?.base].find((part) => part?.id === repo)?.revision ?? null;
  return openCheckpoint(await checkpointParts(spec, options, { tree, commitOf }));
}
