/**
 * @file How each source that `load` takes becomes a bundle that can be read. What is in the model store already is taken
 * from there without a request; checkpoints are converted into it, large bundles downloaded.
 */

import { sha256Hex } from '../bundle/digest';
import { MANIFEST_PATH, type BundleManifest, type WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { bundleFiles } from '../bundle/validate';
import { HUB_URL, type FileTree } from '../checkpoint/index';
import { BundleFormatError, SourceNotFoundError, UnsupportedError } from '../errors';
import { openModelStore } from './model-store';
import { storeName, originOf, specOf } from './origin';
import { isNode, type OnProgress, type OrtOptions } from '../runtime/index';
import { convertInto } from './convert-into';
import { checkpointTree, filesBelow, fingerprint } from './trees';
import type { SourceSpec } from './spec';
import {
  blobBundle,
  downloadBundle,
  fetchManifest,
  httpBundle,
  readManifest,
  readRecord,
  writeRecord,
  type ModelStore,
} from '../store/index';

/** Weights of a converted checkpoint, where the caller does not say. Why: docs/models.md. */
export const DEFAULT_DTYPE: WeightDtype = 'q4';
/** Smaller bundles on a server are read where they are, unless the caller says otherwise. */
const STORED_BYTES = 64e6;

export interface OpenOptions {
  /** Weights of a checkpoint that gets converted. */
  dtype?: WeightDtype;
  /** The base model of an adapter checkpoint, or an adapter for a base model. */
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
  accessToken?: string;
  store?: boolean;
  refresh?: boolean;
  /** For the probe of a conversion. */
  ort?: OrtOptions;
  /** Smaller than usual, for tests. */
  wholeBytes?: number;
  blockBytes?: number;
  noteBytes?: number;
  retryDelay?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export interface OpenedBundle {
  reader: BundleReader;
  manifest: BundleManifest;
  /** Its name in the model store, where it is in there. */
  stored: string | null;
}

/** The bundle behind a source. */
export async function openSource(spec: SourceSpec, options: OpenOptions): Promise<OpenedBundle> {
  switch (spec.kind) {
    case 'url':
      return checkOptions(await openUrl(spec, options), options);
    case 'stored':
      return openStored(spec.name, options);
    case 'hub':
      return openCheckpointSource(spec, await identify(spec, options), options);
    case 'files':
    case 'directory':
    case 'folder': {
      const bundle = await localBundle(spec);
      if (bundle) {
        const manifest = await readManifest(bundle, { signal: options.signal });
        return checkOptions({ reader: bundle, manifest, stored: null }, options);
      }
      const tree = await checkpointTree(spec, options);
      return openCheckpointSource(spec, await fingerprint(tree, options.signal), options, tree);
    }
  }
}

const HUB_KEY = 'hub';

/** A checkpoint: from the model store, else converted into it. */
async function openCheckpointSource(
  spec: SourceSpec,
  identity: unknown,
  options: OpenOptions,
  tree?: FileTree,
): Promise<OpenedBundle> {
  const { dtype = DEFAULT_DTYPE, base, adapter, hubUrl, refresh = false, signal } = options;
  const origin = originOf(spec, { base, adapter, hubUrl });
  const name = await checkpointName(spec, identity, options);
  const modelStore = await openModelStore();
  const stored = await ifStored(modelStore, name, signal);
  if (stored && !refresh) return stored;
  const job = { modelStore, name, origin, dtype, spec, tree, stored, ifStored: () => ifStored(modelStore, name, signal) };
  return convertInto(job, options);
}

async function checkpointName(spec: SourceSpec, identity: unknown, options: OpenOptions): Promise<string> {
  const { dtype = DEFAULT_DTYPE, base, adapter } = options;
  const parts = [base ? await identify(base, options) : null, adapter ? await identify(adapter, options) : null];
  return storeName(labelOf(spec), dtype, [identity, ...parts]);
}

/** Where a source is, or would be kept, and its manifest where there is one already. Nothing large is read. */
export async function findSource(
  spec: SourceSpec,
  options: OpenOptions,
): Promise<{ modelStore: ModelStore; name: string | null; manifest: BundleManifest | null }> {
  const { signal, store } = options;
  const modelStore = await openModelStore();
  const find = async (name: string) => {
    const stored = await ifStored(modelStore, name, signal);
    return { modelStore, name, manifest: stored?.manifest ?? null };
  };
  if (spec.kind === 'stored') return find(spec.name);
  if (spec.kind === 'url') {
    const found = await find(await urlName(spec.url));
    if (found.manifest && store !== false) return found;
    const manifest = await readManifest(httpBundle(spec.url, { files: spec.files }), { signal });
    return { modelStore, name: isWanted(manifest, store, modelStore) ? found.name : null, manifest };
  }
  const bundle = spec.kind === 'hub' ? null : await localBundle(spec);
  if (bundle) return { modelStore, name: null, manifest: await readManifest(bundle, { signal }) };
  return find(await checkpointName(spec, await identify(spec, options), options));
}

/** Whether a bundle on a server is kept here. */
function isWanted(manifest: BundleManifest, store: boolean | undefined, modelStore: ModelStore): boolean {
  const bytes = bundleFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
  return store ?? (bytes >= STORED_BYTES && modelStore.kind === 'opfs');
}

function urlName(url: string): Promise<string> {
  return storeName(new URL(url).pathname, null, url);
}

async function identify(spec: SourceSpec, options: OpenOptions): Promise<unknown> {
  if (spec.kind === 'hub') return [HUB_KEY, options.hubUrl ?? HUB_URL, spec.repo, spec.revision ?? null];
  return fingerprint(await checkpointTree(spec, options), options.signal);
}

/** A bundle on a server: from the model store, else downloaded into it if it is large, else read where it is. */
async function openUrl(spec: SourceSpec & { kind: 'url' }, options: OpenOptions): Promise<OpenedBundle> {
  const { url, files } = spec;
  const { store, refresh = false, retryDelay, signal, onProgress } = options;
  const modelStore = store === false ? null : await openModelStore();
  const name = await urlName(url);
  const stored = modelStore && (await ifStored(modelStore, name, signal));
  if (stored && !refresh) return stored;
  const remote = httpBundle(url, { files });
  const manifest = await readManifest(remote, { signal });
  if (!modelStore || !isWanted(manifest, store, modelStore)) return { reader: remote, manifest, stored: null };
  if (stored && (await isCurrent(spec, stored, signal))) return stored;
  let waited = false;
  const writer = await modelStore.writer(name, {
    wait: true,
    signal,
    onWait: () => {
      waited = true;
      onProgress?.({ status: 'initiate', phase: 'wait' });
    },
  });
  const meanwhile = waited || !refresh ? await ifStored(modelStore, name, signal) : null;
  if (meanwhile) {
    await writer.abort();
    return meanwhile;
  }
  try {
    await writeRecord(writer, { origin: originOf(spec), dtype: null });
  } catch (error) {
    await writer.pause();
    throw error;
  }
  const downloaded = await downloadBundle({ url, files, writer, retryDelay, signal, onProgress });
  return { reader: modelStore.bundle(name), manifest: downloaded, stored: name };
}

async function isCurrent(
  { url, files }: SourceSpec & { kind: 'url' },
  { reader }: OpenedBundle,
  signal?: AbortSignal,
): Promise<boolean> {
  const file = await reader.open(MANIFEST_PATH, signal);
  const { bytes } = await fetchManifest(url, { files, signal });
  return (await sha256Hex(await file.read(0, file.size, signal))) === (await sha256Hex(bytes));
}

/** By name: what is finished is opened, what is not is carried on with. */
async function openStored(name: string, options: OpenOptions): Promise<OpenedBundle> {
  const modelStore = await openModelStore();
  const reader = modelStore.bundle(name);
  if (await isThere(reader)) {
    return checkOptions({ reader, manifest: await readManifest(reader, options), stored: name }, options);
  }
  const unfinished = await modelStore.unfinished(name);
  const record = unfinished && (await readRecord(unfinished));
  if (!record) throw new SourceNotFoundError(`No bundle called ${name} is stored here.`, { name });
  const { origin } = record;
  const parts =
    origin.kind === 'hub'
      ? {
          hubUrl: origin.hubUrl,
          base: origin.base && specOf(origin.base),
          adapter: origin.adapter && specOf(origin.adapter),
        }
      : {};
  return openSource(specOf(origin), { ...options, ...parts, dtype: record.dtype ?? undefined, store: true });
}

/** The finished bundle of that name, if this version reads it; one of another format is converted or fetched anew. */
async function ifStored(modelStore: ModelStore, name: string, signal?: AbortSignal): Promise<OpenedBundle | null> {
  const reader = modelStore.bundle(name);
  if (!(await isThere(reader))) return null;
  try {
    return { reader, manifest: await readManifest(reader, { signal }), stored: name };
  } catch (error) {
    if (error instanceof BundleFormatError) return null;
    throw error;
  }
}

function isThere(reader: BundleReader): Promise<boolean> {
  return reader.open(MANIFEST_PATH).then(
    () => true,
    (error: unknown) => {
      if (error instanceof SourceNotFoundError) return false;
      throw error;
    },
  );
}

/** Files that are a bundle, or null. */
async function localBundle(
  spec: SourceSpec & { kind: 'files' | 'directory' | 'folder' },
): Promise<BundleReader | null> {
  if (spec.kind === 'folder') {
    const { folderBundle } = await import('../store/folder.node.js');
    const bundle = folderBundle(spec.path);
    return (await isThere(bundle)) ? bundle : null;
  }
  const files = spec.kind === 'files' ? spec.files : await filesBelow(spec.handle);
  const isBundle = files.some(({ path }) => path === MANIFEST_PATH || path.endsWith(`/${MANIFEST_PATH}`));
  return isBundle ? blobBundle(files, spec.kind === 'files' ? spec.label : spec.handle.name) : null;
}

/** A bundle has its dtype, and is merged. */
function checkOptions(opened: OpenedBundle, options: OpenOptions): OpenedBundle {
  const { manifest, reader } = opened;
  if (options.dtype !== undefined && options.dtype !== manifest.dtype) {
    throw new UnsupportedError(
      `dtype: '${options.dtype}' was asked for, but ${reader.label} is a bundle of ${manifest.dtype} weights; ` +
        'only checkpoints are converted.',
      { option: 'dtype', dtype: manifest.dtype },
    );
  }
  for (const option of ['base', 'adapter'] as const) {
    if (options[option]) {
      throw new UnsupportedError(`${option} was given, but ${reader.label} is a bundle: it is merged already.`, {
        option,
      });
    }
  }
  return opened;
}

function labelOf(spec: SourceSpec): string {
  const origin = originOf(spec);
  if (origin.kind === 'hub') return origin.repo;
  if (origin.kind === 'url') return origin.url;
  return isNode ? origin.label.replaceAll('\\', '/') : origin.label;
}
