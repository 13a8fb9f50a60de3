/** @file The state of an index folder: its manifest, its rows, and the changes since, combined. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonField } from '../../bundle/json-field';
import { IntegrityError, SourceNotFoundError } from '../../errors';
import { MANIFEST_NAME, readFolderManifest, REMEDY, type FolderManifest } from '../library/folder-manifest';
import { readAlbumChanges, readFileRow, readFolderRow, readRows, type Extent } from '../library/import-rows';
import { checkedFields, readIndexJson, readLayerKey } from '../library/index-json';
import type { AlbumRow, AttemptRow, FileRow, FolderRow, LayerRow, MetaRow } from '../library/rows';
import type { Changes } from '../library/storage';
import { diskFolder, isDiskFolder } from './disk-folder.node.js';
import { journalPath, placesPath } from './folder-files.node.js';
import { readJournal } from './journal.node.js';

/** Rows by their keys. Changed in place. */
export interface FolderState {
  meta: MetaRow | null;
  folders: Map<number, FolderRow>;
  files: Map<number, FileRow>;
  attempts: Map<string, AttemptRow>;
  albums: Map<number, AlbumRow>;
  /** The value of `--model` when it was last written; null if unknown. */
  model: string | null;
}

/** As in a journal, where handles are paths. */
export type Entry =
  | { kind: 'changes'; changes: Omit<Changes, 'folders'> & { folders?: WrittenFolders } }
  | { kind: 'attempts'; rows: readonly AttemptRow[] }
  | { kind: 'no-attempts' }
  | { kind: 'model'; model: string };

interface WrittenFolders {
  put?: readonly WrittenFolder[];
  remove?: readonly number[];
}

export type WrittenFolder = Omit<FolderRow, 'handle'> & { path: string | null };

const MOST_SLOTS = 2 ** 31;
/** How often reading starts again if a writer replaces the files meanwhile. */
const TRIES = 5;
const PAUSE = 50;

export interface FoundState {
  manifest: FolderManifest;
  state: FolderState;
  /** How many bytes of the journal count. */
  journal: number;
}

/**
 * Null if there is no index.
 * @throws IndexFormatError, IntegrityError, UnsupportedError for a damaged one or one of a later version
 */
export async function readState(folder: string): Promise<FoundState | null> {
  for (let tries = 1; ; tries++) {
    const manifest = await readManifestOf(folder);
    if (!manifest) return null;
    try {
      return await readAll(folder, manifest);
    } catch (error) {
      // Another process has rewritten it meanwhile, and removed what the manifest named.
      const now = tries < TRIES ? await readManifestOf(folder) : null;
      if (now === null || now.snapshot === manifest.snapshot) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Null if there is none. */
export async function readManifestOf(folder: string): Promise<FolderManifest | null> {
  const path = join(folder, MANIFEST_NAME);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  return text === null ? null : readFolderManifest(text, path);
}

async function readAll(folder: string, manifest: FolderManifest): Promise<FoundState> {
  const { rows, vectors, snapshot } = manifest;
  const path = join(folder, rows.path);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new SourceNotFoundError(`${path} is missing: the index is damaged. ${REMEDY}`, { path }, { cause });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== rows.sha256) {
    throw new IntegrityError(`${path} does not match its hash: the index is damaged. ${REMEDY}`, { path });
  }
  const read = readRows(readIndexJson(bytes, of(path)), extentOf(vectors.slice(1)));
  const places = await readPlaces(folder, snapshot);
  const [own, ...others] = vectors;
  const layers = others.map(({ key, model, modelName, dims }) => ({ key, modelId: model, modelName, dims }));
  const { name, generation, revision, contentRevision, unfinished } = manifest;
  const lastUsed = Date.parse(manifest.updated) || 0;
  const state: FolderState = {
    meta: {
      ...{ name, modelId: own.model, modelName: own.modelName, dims: own.dims, layers },
      ...{ lastUsed, generation, revision, contentRevision, unfinished },
    },
    folders: new Map(read.folders.map((row) => [row.id, { ...row, handle: handleOf(places.paths.get(row.id)) }])),
    files: new Map(read.files.map((row) => [row.id, row])),
    attempts: new Map(),
    albums: new Map(read.albums.map((row) => [row.id, row])),
    model: places.model,
  };
  const journal = await readJournal(journalPath(folder, snapshot));
  const where = journalPath(folder, snapshot);
  for (const entry of journal.entries) apply(state, readEntry(checkedFields(entry, of(where)), state.meta));
  return { manifest, state, journal: journal.bytes };
}

/** An index from another machine has none. */
async function readPlaces(
  folder: string,
  snapshot: number,
): Promise<{ model: string | null; paths: Map<number, string> }> {
  const path = placesPath(folder, snapshot);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
  if (text === null) return { model: null, paths: new Map() };
  const root = readIndexJson(text, of(path));
  const paths = root.get('folders').items((field) => {
    const place = field.get('path').string(32_768);
    return [field.get('id').integer(1), place] as const;
  });
  return { model: root.get('model').nullable((model) => model.string(32_768)), paths: new Map(paths) };
}

export function emptyState(): FolderState {
  return { meta: null, folders: new Map(), files: new Map(), attempts: new Map(), albums: new Map(), model: null };
}

/** All bytes of an entry. */
export function apply(state: FolderState, entry: Entry): void {
  switch (entry.kind) {
    case 'changes':
      return applyChanges(state, entry.changes);
    case 'attempts':
      for (const row of entry.rows) state.attempts.set(row.key, row);
      return;
    case 'no-attempts':
      return state.attempts.clear();
    case 'model':
      state.model = entry.model;
      return;
  }
}

function applyChanges(state: FolderState, changes: Extract<Entry, { kind: 'changes' }>['changes']): void {
  const { put = [], remove = [], ended = [], folders = {}, albums = {}, meta, clear = false } = changes;
  if (clear) for (const map of [state.folders, state.files, state.attempts, state.albums]) map.clear();
  for (const id of remove) state.files.delete(id);
  for (const row of put) state.files.set(row.id, row);
  for (const key of ended) state.attempts.delete(key);
  for (const id of folders.remove ?? []) state.folders.delete(id);
  for (const { path, ...row } of folders.put ?? []) {
    state.folders.set(row.id, { ...row, handle: handleOf(path ?? undefined) });
  }
  for (const id of albums.remove ?? []) state.albums.delete(id);
  for (const row of albums.put ?? []) state.albums.set(row.id, row);
  if (meta) state.meta = meta;
}

export function written({ handle, ...row }: FolderRow): WrittenFolder {
  return { ...row, path: isDiskFolder(handle) ? handle.path : null };
}

function handleOf(path: string | undefined): FolderRow['handle'] {
  return path === undefined ? null : diskFolder(path);
}

/** Checked like an export's rows: the folder may come from anyone. */
function readEntry(field: JsonField, before: MetaRow | null): Entry {
  const kind = field.get('kind').oneOf(['changes', 'attempts', 'no-attempts', 'model']);
  switch (kind) {
    case 'changes':
      return { kind, changes: readChanges(field.get('changes'), before) };
    case 'attempts':
      return { kind, rows: field.get('rows').items(readAttempt) };
    case 'no-attempts':
      return { kind };
    case 'model':
      return { kind, model: field.get('model').string(32_768) };
  }
}

function readChanges(field: JsonField, before: MetaRow | null): Extract<Entry, { kind: 'changes' }>['changes'] {
  const many = { max: 5_000_000 };
  const ids = (list: JsonField) => list.items((id) => id.integer(1), many);
  const meta = field.get('meta').optional(readMeta);
  const extent = extentOf([...(before?.layers ?? []), ...(meta?.layers ?? [])]);
  return {
    put: field.get('put').optional((rows) => rows.items((row) => readFileRow(row, extent), many)),
    remove: field.get('remove').optional(ids),
    ended: field.get('ended').optional((keys) => keys.items((key) => key.string(), many)),
    folders: field.get('folders').optional((folders) => ({
      put: folders.get('put').optional((rows) => rows.items(readWrittenFolder)),
      remove: folders.get('remove').optional(ids),
    })),
    albums: field.get('albums').optional(readAlbumChanges),
    meta,
    clear: field.get('clear').optional((clear) => clear.boolean()),
  };
}

function readWrittenFolder(field: JsonField): WrittenFolder {
  const { handle: _handle, ...row } = readFolderRow(field);
  return { ...row, path: field.get('path').nullable((path) => path.string(32_768)) };
}

function readAttempt(field: JsonField): AttemptRow {
  return {
    key: field.get('key').string(),
    deaths: field.get('deaths').integer(0),
    alone: field.get('alone').integer(0),
    session: field.get('session').nullable((session) => session.string(100)),
  };
}

function readMeta(field: JsonField): MetaRow {
  return {
    name: field.get('name').string(64),
    modelId: field.get('modelId').string(1000),
    modelName: field.get('modelName').nullable((name) => name.string(1000)),
    lastUsed: field.get('lastUsed').number(0, 8.64e15),
    dims: field.get('dims').integer(1, 8192),
    generation: field.get('generation').integer(1),
    revision: field.get('revision').integer(0),
    contentRevision: field.get('contentRevision').optional((revision) => revision.integer(0)),
    unfinished: field.get('unfinished').boolean(),
    layers: field.get('layers').optional((layers) => layers.items(readLayer)),
  };
}

function readLayer(field: JsonField): LayerRow {
  return {
    key: readLayerKey(field.get('key')),
    modelId: field.get('modelId').string(1000),
    modelName: field.get('modelName').nullable((name) => name.string(1000)),
    dims: field.get('dims').integer(1, 8192),
  };
}

/** The positions in rows are checked where they are used, against the files of bytes. */
function extentOf(layers: readonly Pick<LayerRow, 'key'>[]): Extent {
  const slots = new Map(layers.map(({ key }) => [key, MOST_SLOTS]));
  return { slots: MOST_SLOTS, thumbnails: Number.MAX_SAFE_INTEGER, layers: slots };
}

/** How errors describe a file. */
const of = (path: string) => ({ where: path, remedy: `The index is damaged. ${REMEDY}`, details: { path } });
