/** @file How each source that `load` takes becomes a bundle that can be read; checkpoints are converted first. */

import { MANIFEST_PATH, type BundleManifest, type WeightDtype } from './bundle/manifest';
import type { BundleReader, BundleWriter } from './bundle/storage';
import { blobTree, hubTree, openCheckpoint, type FileTree } from './checkpoint';
import { convertCheckpoint } from './convert';
import { UnsupportedError } from './errors';
import { computeProbe, isNode, type OnProgress } from './runtime';
import { blobBundle, httpBundle, memoryBundle, opfsBundle, opfsWriter, readManifest } from './store';
import type { SourceSpec } from './source-spec';

export interface OpenOptions {
  /** Weights of a checkpoint that gets converted. @default 'q8' */
  dtype?: WeightDtype;
  /** The base model of an adapter checkpoint, or an adapter for a base model. */
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
  accessToken?: string;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** The bundle behind a source. A checkpoint is converted into the browser's storage (Node: the user's cache) first. */
export async function openSource(
  spec: SourceSpec,
  options: OpenOptions,
): Promise<{ reader: BundleReader; manifest: BundleManifest }> {
  const reader = await readyBundle(spec);
  if (!reader) return convertSource(await checkpointTree(spec, options), options);
  const manifest = await readManifest(reader, { signal: options.signal });
  if (options.dtype !== undefined && options.dtype !== manifest.dtype) {
    throw new UnsupportedError(
      `dtype: '${options.dtype}' was asked for, but ${reader.label} is a bundle of ${manifest.dtype} weights; ` +
        'only checkpoints are converted.',
      { option: 'dtype', dtype: manifest.dtype },
    );
  }
  for (const option of ['base', 'adapter'] as const) {
    if (options[option]) {
      throw new UnsupportedError(`${option} was given, but ${reader.label} is a bundle: it is merged already.`, { option });
    }
  }
  return { reader, manifest };
}

/** The source as a bundle, or null where it is a checkpoint. */
async function readyBundle(spec: SourceSpec): Promise<BundleReader | null> {
  switch (spec.kind) {
    case 'url':
      return httpBundle(spec.url);
    case 'stored':
      return opfsBundle(spec.name);
    case 'hub':
      return null;
    case 'files':
      return spec.files.some(({ path }) => isManifest(path)) ? blobBundle(spec.files, spec.label) : null;
    case 'directory': {
      const files = await filesBelow(spec.handle);
      return files.some(({ path }) => isManifest(path)) ? blobBundle(files, spec.handle.name) : null;
    }
    case 'folder': {
      const { folderBundle } = await import('./store/folder.node.js');
      const bundle = folderBundle(spec.path);
      return (await bundle.open(MANIFEST_PATH).catch(() => null)) ? bundle : null;
    }
  }
}

function isManifest(path: string): boolean {
  return path === MANIFEST_PATH || path.endsWith(`/${MANIFEST_PATH}`);
}

async function checkpointTree(spec: SourceSpec, { hubUrl, accessToken, signal }: OpenOptions): Promise<FileTree> {
  switch (spec.kind) {
    case 'hub':
      return hubTree({ repo: spec.repo, revision: spec.revision, hubUrl, accessToken, signal });
    case 'files':
      return blobTree(spec.files, spec.label);
    case 'directory':
      return blobTree(await filesBelow(spec.handle), spec.handle.name);
    case 'folder': {
      const { folderTree } = await import('./checkpoint/folder.node.js');
      return folderTree(spec.path);
    }
    case 'url':
    case 'stored':
      throw new UnsupportedError(`A ${spec.kind === 'url' ? 'URL' : 'stored bundle'} cannot be read as a checkpoint.`);
  }
}

async function filesBelow(folder: FileSystemDirectoryHandle, prefix = ''): Promise<{ path: string; blob: Blob }[]> {
  const found: { path: string; blob: Blob }[] = [];
  for await (const entry of folder.values()) {
    const path = prefix + entry.name;
    if (entry.kind === 'file') found.push({ path, blob: await (entry as FileSystemFileHandle).getFile() });
    else found.push(...(await filesBelow(entry as FileSystemDirectoryHandle, `${path}/`)));
  }
  return found;
}

async function convertSource(
  tree: FileTree,
  options: OpenOptions,
): Promise<{ reader: BundleReader; manifest: BundleManifest }> {
  const { dtype = 'q8', base, adapter, hubUrl, accessToken, signal, onProgress } = options;
  const checkpoint = await openCheckpoint({
    checkpoint: tree,
    base: base && (await checkpointTree(base, options)),
    adapter: adapter && (await checkpointTree(adapter, options)),
    resolve: (repo, revision) => hubTree({ repo, revision: revision ?? undefined, hubUrl, accessToken, signal }),
    signal,
  });
  const name = await bundleName(checkpoint.source, await fingerprint(tree, signal), dtype);
  const place = await convertedPlace(name);
  const before = await place.existing();
  if (before) return { reader: before, manifest: await readManifest(before, { signal }) };
  const writer = await place.writer();
  const manifest = await convertCheckpoint({ checkpoint, writer, dtype, computeProbe, signal, onProgress });
  return { reader: place.reader, manifest };
}

/** Names and sizes of a checkpoint's files, and its commit: a changed checkpoint is converted again. */
async function fingerprint(tree: FileTree, signal?: AbortSignal): Promise<string> {
  const files = await Promise.all((await tree.list()).map(async (path) => [path, (await tree.open(path, signal)).size]));
  return JSON.stringify([tree.label, tree.revision, files]);
}

async function bundleName(source: BundleManifest['source'], print: string, dtype: WeightDtype): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([source, print]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const id = (source.adapter ?? source.base).id;
  const word = (id.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9._-]/g, '').replace(/^\W+/, '').slice(0, 40);
  return `${word || 'model'}-${dtype}-${hash}`;
}

interface Place {
  existing(): Promise<BundleReader | null>;
  writer(): Promise<BundleWriter>;
  reader: BundleReader;
}

/** Where a converted bundle is kept: the user's cache folder, the origin-private file system, else memory. */
async function convertedPlace(name: string): Promise<Place> {
  if (isNode) {
    const { folderBundle, folderWriter } = await import('./store/folder.node.js');
    const { homedir } = await import('node:os');
    const { join } = await import('node:path');
    const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vlm2vec-web', name);
    const reader = folderBundle(folder);
    return { existing: () => ifThere(reader), writer: () => folderWriter(folder), reader };
  }
  if (typeof navigator.storage?.getDirectory === 'function') {
    const reader = opfsBundle(name);
    return { existing: () => ifThere(reader), writer: () => opfsWriter(name), reader };
  }
  const memory = memoryBundle(name);
  return { existing: async () => null, writer: async () => memory.writer, reader: memory.reader };
}

async function ifThere(reader: BundleReader): Promise<BundleReader | null> {
  return (await reader.open(MANIFEST_PATH).catch(() => null)) ? reader : null;
}
