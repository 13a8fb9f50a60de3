/** @file A bundle from `File`s that a person picked: a folder input, a drop, a directory handle. */

import { MANIFEST_PATH } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { SourceNotFoundError } from '../errors';
import { blobFile } from './bytes-file';

/**
 * Reads a bundle from `files`. Paths may share a leading folder (`webkitRelativePath` does): the folder that holds
 * `bundle.json` is the bundle.
 * @throws SourceNotFoundError if none of them is a `bundle.json`.
 */
export function blobBundle(files: readonly { path: string; blob: Blob }[], label = 'files'): BundleReader {
  const manifests = files.filter(({ path }) => path === MANIFEST_PATH || path.endsWith(`/${MANIFEST_PATH}`));
  const manifest = manifests.sort((a, b) => a.path.length - b.path.length)[0];
  if (!manifest) throw new SourceNotFoundError(`There is no ${MANIFEST_PATH} among the files.`, { label });
  const folder = manifest.path.slice(0, -MANIFEST_PATH.length);
  const blobs = new Map(files.map(({ path, blob }) => [path, blob]));
  return {
    label,
    open: async (path) => {
      const blob = blobs.get(folder + path);
      if (!blob) throw new SourceNotFoundError(`${label} has no file ${path}.`, { path });
      return blobFile(path, blob);
    },
  };
}
