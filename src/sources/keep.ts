/** @file Bundles in the model store: opened where they are there, written by one writer at a time where not. */

import { MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import type { BundleReader, BundleWriter } from '../bundle/storage';
import { BundleFormatError, SourceNotFoundError } from '../errors';
import { readManifest, type ModelStore } from '../store/index';
import type { OpenedBundle, OpenOptions } from './types';

/** A name in a model store. */
export interface Place {
  modelStore: ModelStore;
  name: string;
}

/** The finished bundle of that name, if this version reads it; one of another format is converted or fetched anew. */
export async function ifStored({ modelStore, name }: Place, signal?: AbortSignal): Promise<OpenedBundle | null> {
  const reader = modelStore.bundle(name);
  if (!(await isThere(reader))) return null;
  try {
    return { reader, manifest: await readManifest(reader, { signal }), stored: name };
  } catch (error) {
    if (error instanceof BundleFormatError) return null;
    throw error;
  }
}

/** Whether a bundle has what the caller wants of {@link OpenOptions.effort}. */
export function isRoundedAs({ dtype, rounding }: BundleManifest, { effort }: Pick<OpenOptions, 'effort'>): boolean {
  return effort !== 'best' || dtype !== 'q4' || rounding === 'feedback';
}

export function isThere(reader: BundleReader): Promise<boolean> {
  return reader.open(MANIFEST_PATH).then(
    () => true,
    (error: unknown) => {
      if (error instanceof SourceNotFoundError) return false;
      throw error;
    },
  );
}

/**
 * Writes a bundle as soon as no other tab does. What that one finished meanwhile is taken instead.
 * @param write has to publish, pause or abort the writer, however it ends
 */
export async function writeTo(
  place: Place,
  { refresh, signal, onProgress }: OpenOptions,
  write: (writer: BundleWriter) => Promise<OpenedBundle>,
): Promise<OpenedBundle> {
  let waited = false;
  const writer = await place.modelStore.writer(place.name, {
    wait: true,
    signal,
    onWait: () => {
      waited = true;
      onProgress?.({ status: 'initiate', phase: 'wait' });
    },
  });
  const meanwhile = waited || !refresh ? await ifStored(place, signal) : null;
  if (!meanwhile) return write(writer);
  await writer.abort();
  return meanwhile;
}
