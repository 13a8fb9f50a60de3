/**
 * @file The sources that `load` accepts, turned into plain data that can be sent to the worker. Separate from
 * `open.ts`, so that a page does not load the converter merely to name a model.
 */

import { builtInFiles } from './built-in-files';
import { MANIFEST_PATH } from '../bundle/manifest';
import { parseRepository } from '../checkpoint/repository-name';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { isNode } from '../runtime/index';

/** A source as plain data that can be sent to a worker. */
export type SourceSpec =
  /** `files`: addresses, by path, of files that are not beside the manifest. */
  | { kind: 'url'; url: string; files?: Record<string, string> }
  | { kind: 'stored'; name: string }
  | { kind: 'files'; files: { path: string; blob: Blob }[]; label: string }
  | { kind: 'directory'; handle: FileSystemDirectoryHandle }
  | { kind: 'hub'; repo: string; revision?: string }
  | { kind: 'folder'; path: string };

/** A bundle stored in this browser, as listed by the store. */
export interface StoredBundle {
  /** Its name, as returned by `models.list()`. */
  name: string;
}

/**
 * Where a model comes from.
 * - `'nano'`: the built-in model;
 * - URL of a bundle (its folder or its `bundle.json`); relative ones begin with `./`, `../` or `/`;
 * - `owner/name` or `owner/name@revision`: Hub repository of an official checkpoint (base model or adapter);
 * - files or a directory: a bundle, or a checkpoint;
 * - a bundle stored in this browser;
 * - in Node also the path of a folder with either.
 */
export type ModelSource = string | URL | StoredBundle | readonly File[] | FileSystemDirectoryHandle;

/**
 * Turns a source into the form that can be sent to a worker.
 * @param modelsUrl folder of the built-in models
 */
export async function specify(source: ModelSource, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (typeof source === 'string' || source instanceof URL) return specifyText(String(source), modelsUrl);
  if (typeof source !== 'object' || source === null) {
    throw new InvalidInputError(
      `The source is ${source === null ? 'null' : typeof source}; give a name, URL, files or directory.`,
    );
  }
  if (Array.isArray(source)) {
    const files = (source as readonly File[]).map((file) => ({
      path: file.webkitRelativePath || file.name,
      blob: file,
    }));
    if (files.length === 0) throw new InvalidInputError('The source is an empty list of files.');
    // Of a folder that was picked, its name stands in front of each path.
    const [folder, ...inside] = files[0]!.path.split('/');
    return { kind: 'files', files, label: inside.length > 0 ? folder! : 'files' };
  }
  if ('kind' in source && source.kind === 'directory') return { kind: 'directory', handle: source };
  if ('name' in source && typeof source.name === 'string' && !(source instanceof Blob))
    return { kind: 'stored', name: source.name };
  throw new InvalidInputError(
    'The source is not a name, a URL, a stored bundle, a list of files or a directory handle.',
  );
}

async function specifyText(text: string, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (text === 'nano') return builtIn(text, modelsUrl);
  if (/^(https?|blob):/.test(text)) return { kind: 'url', url: text };
  if (isNode) {
    const { stat } = await import('node:fs/promises');
    const { fileURLToPath } = await import('node:url');
    const path = text.startsWith('file:') ? fileURLToPath(text) : text;
    const status = await stat(path).catch(() => null);
    if (status?.isDirectory()) return { kind: 'folder', path };
    if (status || /^(file:|~?[\\/]|\.{1,2}([\\/]|$)|[a-z]:[\\/])/i.test(text)) {
      const { resolve } = await import('node:path');
      throw new SourceNotFoundError(
        status
          ? `${resolve(path)} is a file; give the folder that contains it.`
          : `There is no folder ${resolve(path)}; a model is a folder with a bundle or a checkpoint.`,
        { source: text },
      );
    }
  } else if (/^\.{0,2}\//.test(text)) {
    return { kind: 'url', url: new URL(text, baseUrl()).href };
  }
  const repository = parseRepository(text);
  if (repository) return { kind: 'hub', ...repository };
  throw new SourceNotFoundError(
    isNode
      ? `'${text}' is not a built-in model, URL, folder or Hub repository (owner/name).`
      : `'${text}' is not a built-in model, URL or Hub repository. Relative URLs begin with './'.`,
    { source: text },
  );
}

/** Built-in models are in the package, or beside the page if a browser runs the source code. */
async function builtIn(name: string, modelsUrl: string | URL | undefined): Promise<SourceSpec> {
  if (modelsUrl !== undefined) {
    const folder = new URL(String(modelsUrl).replace(/\/?$/, '/'), isNode ? undefined : baseUrl());
    const url = new URL(`${name}/`, folder);
    return url.protocol === 'file:' ? specifyText(url.href, undefined) : { kind: 'url', url: url.href };
  }
  if (!isNode) {
    const files = builtInFiles(name);
    if (files) return { kind: 'url', url: files[MANIFEST_PATH]!, files };
    return { kind: 'url', url: new URL(`models/${name}/`, baseUrl()).href };
  }
  const { builtInFolder } = await import('./built-in.node.js');
  return { kind: 'folder', path: builtInFolder(name) };
}

function baseUrl(): string {
  return typeof document === 'undefined' ? location.href : document.baseURI;
}
