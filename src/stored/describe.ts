/** @file Describes a stored model from its manifest, its record and its journal. */

import {
  BUNDLE_VERSION,
  MANIFEST_PATH,
  type BundleManifest,
  type BundleSource,
  type WeightDtype,
} from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { parseManifest } from '../bundle/validate';
import { SourceNotFoundError, VLM2VecError } from '../errors';
import { openModelStore } from '../sources/model-store';
import { withRate } from '../runtime/rate';
import type { OnProgress } from '../runtime/index';
import { JOURNAL_PATH, parseJournal } from '../store/journal';
import type { ModelStore, ModelStoreEntry } from '../store/model-store';
import { readRecord, STORE_VERSION, type Origin, type StoreRecord } from '../store/record';
import { readManifest, verifyBundle } from '../store/verify';

/** A model stored on this machine. It can be passed to `VLM2Vec.load` directly. Plain data. */
export interface StoredModel {
  /** Its name in the model store, as taken by `models.inspect`, `verify` and `delete`. */
  name: string;
  /** Its size on disk. */
  bytes: number;
  /**
   * `ready`: it can be loaded; `unfinished`: paused or interrupted; `older` or `newer`: it has a different version of
   * the format; `damaged`: its manifest cannot be read.
   */
  state: 'ready' | 'unfinished' | 'older' | 'newer' | 'damaged';
  /** A message to display that says what to do about any state other than `ready`. */
  advice: string | null;
  /** If unfinished, the fraction that is done: 0 to 1. */
  done: number | null;
  /** Where it came from; null if that was not recorded. */
  origin: Origin | null;
  /** How its weights are stored. */
  dtype: WeightDtype | null;
  /** `qwen2_vl`; null until it is finished. */
  architecture: string | null;
  /** Length of an embedding; null until it is finished. */
  dims: number | null;
  /** Base model and adapter, with their commits. */
  source: BundleSource | null;
  /** When it was begun, ISO 8601. */
  created: string | null;
}

export async function listModels(): Promise<StoredModel[]> {
  const store = await openModelStore();
  const entries = await store.list();
  const models = await Promise.all(entries.map((entry) => describe(store, entry)));
  return models.filter((model) => model !== null).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export async function inspectModel(name: string): Promise<StoredModel> {
  const store = await openModelStore();
  const entries = (await store.list()).filter((entry) => entry.name === name);
  const entry = entries.find(({ finished }) => finished) ?? entries[0];
  const model = entry && (await describe(store, entry));
  if (!model) throw new SourceNotFoundError(`No model named ${name} is stored here.`, { name });
  return model;
}

export async function verifyModel(
  name: string,
  options: { signal?: AbortSignal; onProgress?: OnProgress },
): Promise<void> {
  const reader = (await openModelStore()).bundle(name);
  const manifest = await readManifest(reader, options);
  await verifyBundle(reader, manifest, { signal: options.signal, onProgress: withRate(options.onProgress) });
}

/** Null if it was deleted meanwhile. */
async function describe(store: ModelStore, entry: ModelStoreEntry): Promise<StoredModel | null> {
  const { name, bytes, finished } = entry;
  const reader = finished ? store.bundle(name) : await store.unfinished(name);
  if (!reader) return null;
  const record = await readRecord(reader);
  const facts = {
    name,
    bytes,
    done: null,
    origin: record?.origin ?? null,
    dtype: record?.dtype ?? null,
    architecture: null,
    dims: null,
    source: null,
    created: record?.created ?? null,
  };
  if (!finished) return describeUnfinished(reader, record, facts);
  try {
    const file = await reader.open(MANIFEST_PATH);
    return describeFinished(await file.read(0, file.size), facts);
  } catch (error) {
    if (error instanceof SourceNotFoundError) return null;
    throw error;
  }
}

type Facts = Omit<StoredModel, 'state' | 'advice'>;

async function describeUnfinished(
  reader: BundleReader,
  record: StoreRecord | null,
  facts: Facts,
): Promise<StoredModel> {
  const notes = await reader
    .open(JOURNAL_PATH)
    .then(async (file) => parseJournal(await file.read(0, file.size)).notes)
    .catch(() => []);
  const marks = notes.map((note) => (note as { at?: unknown }).at).filter((at) => typeof at === 'number');
  const { origin } = facts;
  const advice =
    record && record.store > STORE_VERSION
      ? 'A newer version of vlm2vec-web started this. Update, or delete it.'
      : origin?.kind === 'local'
        ? `Give the files of ${origin.label} again to continue, or delete it.`
        : 'Load or add it again to continue where it stopped, or delete it.';
  return { ...facts, state: 'unfinished', advice, done: marks.at(-1) ?? 0 };
}

function describeFinished(bytes: Uint8Array, facts: Facts): StoredModel {
  let manifest: BundleManifest;
  try {
    manifest = parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof VLM2VecError)) throw error;
    const version = versionIn(bytes);
    const versions = `It has format version ${version}; this version of the package reads ${BUNDLE_VERSION}.`;
    if (version !== null && version > BUNDLE_VERSION) {
      return { ...facts, state: 'newer', advice: `${versions} Update vlm2vec-web, or delete it.` };
    }
    if (version !== null && version < BUNDLE_VERSION) {
      const advice = `${versions} Load its source again, which replaces it, or delete it.`;
      return { ...facts, state: 'older', advice };
    }
    return { ...facts, state: 'damaged', advice: `Delete it and get it again. (${error.message})` };
  }
  const { dtype, architecture, dims, source } = manifest;
  return { ...facts, state: 'ready', advice: null, dtype, architecture, dims, source };
}

function versionIn(bytes: Uint8Array): number | null {
  try {
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { version?: unknown };
    return typeof version === 'number' ? version : null;
  } catch {
    return null;
  }
}
