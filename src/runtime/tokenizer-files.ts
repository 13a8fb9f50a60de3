/** @file The tokenizer of a bundle. */

import type { BundleManifest } from '../bundle/manifest';
import { loadTokenizer, type Tokenizer } from '../text';
import type { BundleFiles } from './files';

export async function tokenizerOf({ tokenizer }: BundleManifest, files: BundleFiles): Promise<Tokenizer> {
  const contents = new Map<string, Uint8Array>();
  for (const file of tokenizer.files) {
    contents.set(file.path.slice(file.path.lastIndexOf('/') + 1), await files.bytes(file));
  }
  return loadTokenizer(contents);
}
