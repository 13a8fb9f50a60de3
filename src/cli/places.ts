/** @file What an argument on the command line names: a folder, a Hub repository, the built-in model. */

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MANIFEST_PATH } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { hubTree, type FileTree } from '../checkpoint';
import { folderTree } from '../checkpoint/folder.node.js';
import { SourceNotFoundError } from '../errors';
import { parseRepository, type RepositoryName } from '../checkpoint/repository-name';
import { specify } from '../sources/spec';
import { folderBundle } from '../store/folder.node.js';

export const BUILT_IN_NAME = 'nano';
/** A folder with one of these files is a checkpoint. */
const CHECKPOINT_FILES = ['config.json', 'adapter_config.json'];

/** A folder if there is one of that name; else a repository on the Hub. */
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

/** What `rank --model` names: as `load` takes it, except for checkpoints in folders. */
export async function modelAt(place: string): Promise<string | URL> {
  const isElsewhere = /^https?:/.test(place) || (parseRepository(place) !== null && !place.startsWith('.'));
  if (place === BUILT_IN_NAME || (isElsewhere && !existsSync(place))) return place;
  await bundleAt(place);
  return pathToFileURL(path.resolve(place));
}

/** The bundle that `--model` names. */
export async function bundleAt(place: string): Promise<BundleReader> {
  if (place === BUILT_IN_NAME) {
    const spec = await specify(place, undefined);
    if (spec.kind !== 'folder') throw new Error(`The built-in model is a ${spec.kind} here.`);
    return { ...folderBundle(spec.path), label: place };
  }
  const status = statSync(place, { throwIfNoEntry: false });
  if (!status?.isDirectory()) {
    throw new SourceNotFoundError(`There is no bundle at ${place}: ${noFolder(place, status !== undefined)}`, {
      place,
    });
  }
  const bundle = folderBundle(place);
  const holds = (file: string) => existsSync(path.join(place, file));
  if (!holds(MANIFEST_PATH) && CHECKPOINT_FILES.some(holds)) {
    throw new SourceNotFoundError(
      `There is no bundle at ${place}: it is a checkpoint. Convert it with: vlm2vec convert ${place} --out <folder> --dtype q8`,
      { place },
    );
  }
  return bundle;
}

/** What is there instead, and what to do about it. */
function noFolder(place: string, isFile: boolean): string {
  if (isFile) return 'it is a file, but a bundle is a folder.';
  if (/^https?:/.test(place)) return 'only rank takes an address; give a folder here.';
  if (!place.startsWith('.') && parseRepository(place)) {
    return `not a folder. A Hub repository has to be converted first: vlm2vec convert ${place} --out <folder> --dtype q8`;
  }
  return 'not a folder. Create one with vlm2vec convert.';
}
