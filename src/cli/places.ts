/** @file What a word on the command line names: a folder, a Hub repository, the built-in model. */

import { existsSync, statSync } from 'node:fs';
import type { BundleReader } from '../bundle/storage';
import { hubTree, type FileTree } from '../checkpoint';
import { folderTree } from '../checkpoint/folder.node.js';
import { SourceNotFoundError } from '../errors';
import { parseRepository, type RepositoryName } from '../checkpoint/repository-name';
import { specify } from '../sources/spec';
import { folderBundle } from '../store/folder.node.js';

export const BUILT_IN_NAME = 'nano';

/** `owner/name`, with `@revision` or without. */

/** A folder where there is one of that name; else a repository of the Hub. */
export async function checkpointAt(place: string, signal?: AbortSignal): Promise<FileTree> {
  if (existsSync(place)) return folderTree(place);
  return hubTree({ ...repositoryAt(place), signal });
}

/** The same for data sets, which may have `maxFiles` files in a folder. */
export async function datasetAt(place: string, maxFiles: number, signal?: AbortSignal): Promise<FileTree> {
  if (existsSync(place)) return folderTree(place, { maxFiles });
  return hubTree({ ...repositoryAt(place), type: 'dataset', signal });
}

function repositoryAt(place: string): RepositoryName {
  const repository = place.startsWith('.') ? null : parseRepository(place);
  if (!repository) {
    throw new SourceNotFoundError(`${place} is neither a folder nor a Hub repository (owner/name).`, { place });
  }
  return repository;
}

/** The bundle that `--model` names. */
export async function bundleAt(place: string): Promise<BundleReader> {
  if (place === BUILT_IN_NAME) {
    const spec = await specify(place, undefined);
    if (spec.kind !== 'folder') throw new Error(`The built-in model is a ${spec.kind} here.`);
    return { ...folderBundle(spec.path), label: place };
  }
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SourceNotFoundError(`There is no bundle at ${place}: not a folder. Make one with vlm2vec convert.`, {
      place,
    });
  }
  return folderBundle(place);
}
