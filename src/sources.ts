/** @file What `load` may be given, and how each becomes a bundle that can be read; checkpoints are converted first. */

import { MANIFEST_PATH, type BundleManifest, type WeightDtype } from './bundle/manifest';
import type { BundleReader, BundleWriter } from './bundle/storage';
import { blobTree, hubTree, openCheckpoint, type FileTree } from './checkpoint';
import { convertCheckpoint } from './convert';
import { InvalidInputError, SourceNotFoundError, UnsupportedError } from './errors';
import { computeProbe, isNode, type OnProgress } from './runtime';
import { blobBundle, httpBundle, memoryBundle, opfsBundle, opfsWriter, readManifest } from './store';

/** A source as plain data that can be sent to a worker. */
export type SourceSpec =
  | { kind: 'url'; url: string }
  | { kind: 'stored'; name: string }
  | { kind: 'files'; files: { path: string; blob: Blob }[]; label: string }
  | { kind: 'directory'; handle: FileSystemDirectoryHandle }
  | { kind: 'hub'; repo: string; revision?: string }
  | { kind: 'folder'; path: string };

/** A bundle kept in this browser, as the store lists it. */
export interface StoredBundle {
  name: string;
}

/**
 * Where a model comes from.
 * - `'nano'`: the built-in model;
 * - URL of a bundle (its folder or its `bundle.json`); relative ones begin with `./`, `../` or `/`;
 * - `owner/name` or `owner/name@revision`: Hub repository of an official checkpoint (base model or adapter);
 * - files or a directory: a bundle, or a checkpoint;
 * - a bundle that the browser keeps;
 * - in Node also the path of a folder with either.
 */
export type ModelSource =
  | string
  | URL
  | StoredBundle
  | readonly File[]
  | FileSystemDirectoryHandle;

const HUB_REPO = /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/;

/**
 * Brings a source into the form that travels.
 * @param modelsUrl folder of the built-in models
 */
export async function specify(source: ModelSource, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (typeof source === 'string' || source instanceof URL) return specifyText(String(source), modelsUrl);
  if (typeof source !== 'object' || source === null) {
    throw new InvalidInputError(`The source is ${source === null ? 'null' : typeof source}; give a name, URL, files or directory.`);
  }
  if (Array.isArray(source)) {
    const files = (source as readonly File[]).map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
    if (files.length === 0) throw new InvalidInputError('The source is an empty list of files.');
    return { kind: 'files', files, label: 'files' };
  }
  if ('kind' in source && source.kind === 'directory') return { kind: 'directory', handle: source };
  if ('name' in source && typeof source.name === 'string' && !(source instanceof Blob)) return { kind: 'stored', name: source.name };
  throw new InvalidInputError('The source is no name, URL, stored bundle, list of files or directory handle.');
}

async function specifyText(text: string, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (text === 'nano') return builtIn(text, modelsUrl);
  if (/^(https?|blob):/.test(text)) return { kind: 'url', url: text };
  if (isNode) {
    const { stat } = await import('node:fs/promises');
    const { fileURLToPath } = await import('node:url');
    const path = text.startsWith('file:') ? fileURLToPath(text) : text;
    if ((await stat(path).catch(() => null))?.isDirectory()) return { kind: 'folder', path };
  } else if (/^\.{0,2}\//.test(text)) {
    return { kind: 'url', url: new URL(text, baseUrl()).href };
  }
  if (HUB_REPO.test(text)) {
    const [repo, revision] = text.split('@') as [string, string | undefined];
    return { kind: 'hub', repo, revision };
  }
  throw new SourceNotFoundError(
    `'${text}' is no built-in model, URL${isNode ? ', folder' : ''} or Hub repository. Relative URLs begin with './'.`,
    { source: text },
  );
}

/** Built-in models lie beside the page (browser) or in the package (Node). */
async function builtIn(name: string, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (modelsUrl !== undefined) {
    const folder = new URL(String(modelsUrl).replace(/\/?$/, '/'), isNode ? undefined : baseUrl());
    const url = new URL(`${name}/`, folder);
    return url.protocol === 'file:' ? specifyText(url.href, undefined) : { kind: 'url', url: url.href };
  }
  if (!isNode) return { kind: 'url', url: new URL(`models/${name}/`, baseUrl()).href };
  const { existsSync } = await import('node:fs');
  const { fileURLToPath } = await import('node:url');
  // Below the package's `dist/lib`, and below `src` in the repository.
  const places = ['../models/', '../public/models/'].map((place) => fileURLToPath(new URL(place + name, import.meta.url)));
  const path = places.find((place) => existsSync(`${place}/${MANIFEST_PATH}`));
  if (path === undefined) {
    throw new SourceNotFoundError(`The built-in model '${name}' is not there (looked in ${places.join(', ')}).`, { places });
  }
  return { kind: 'folder', path };
}

function baseUrl(): string {
  return typeof document === 'undefined' ? location.href : document.baseURI;
}

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
