/** @file A bundle on a server: read where it is, or downloaded into the model store if it is large. */

import { sha256Hex } from '../bundle/digest';
import { MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import { bundleFiles, expectProbe } from '../bundle/validate';
import { downloadBundle, fetchManifest, httpBundle, readManifest, writeRecord, type ModelStore } from '../store/index';
import { ifStored, writeTo } from './keep';
import type { LocatedSource } from './locate';
import { openModelStore } from './model-store';
import { originOf } from './origin';
import { streamsHere } from '../runtime/index';
import type { OpenedBundle, OpenOptions } from './types';

/** Smaller bundles are read where they are, unless the caller says otherwise. */
const STORED_BYTES = 64e6;

type ServerSource = LocatedSource & { kind: 'server' };

export async function openOnServer({ spec, name }: ServerSource, options: OpenOptions): Promise<OpenedBundle> {
  const { url, files } = spec;
  const { store, refresh = false, retryDelay, signal, onProgress } = options;
  const modelStore = store === false ? null : await openModelStore();
  const stored = modelStore && (await ifStored({ modelStore, name }, signal));
  if (stored && !refresh) return stored;
  const remote = httpBundle(url, { files, retryDelay });
  const manifest = await readManifest(remote, { signal });
  expectProbe(manifest); // loading would refuse it, after all the bytes
  if (!modelStore || !isWanted(manifest, options, modelStore)) return { reader: remote, manifest, stored: null };
  if (stored && (await isCurrent(spec, stored, signal))) return stored;
  return writeTo({ modelStore, name }, options, async (writer) => {
    try {
      await writeRecord(writer, { origin: originOf(spec), dtype: null });
    } catch (error) {
      await writer.pause();
      throw error;
    }
    const downloaded = await downloadBundle({ url, files, writer, retryDelay, signal, onProgress });
    return { reader: modelStore.bundle(name), manifest: downloaded, stored: name };
  });
}

/** Whether a bundle on a server is kept here. */
export function isWanted(
  manifest: BundleManifest,
  { store, weights }: Pick<OpenOptions, 'store' | 'weights'>,
  modelStore: ModelStore,
): boolean {
  const bytes = bundleFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
  return (
    store ??
    (bytes >= STORED_BYTES &&
      (modelStore.kind === 'opfs' || (modelStore.kind !== 'memory' && streamsHere(manifest, weights))))
  );
}

async function isCurrent(
  { url, files }: ServerSource['spec'],
  { reader }: OpenedBundle,
  signal?: AbortSignal,
): Promise<boolean> {
  const file = await reader.open(MANIFEST_PATH, signal);
  const { bytes } = await fetchManifest(url, { files, signal });
  return (await sha256Hex(await file.read(0, file.size, signal))) === (await sha256Hex(bytes));
}
