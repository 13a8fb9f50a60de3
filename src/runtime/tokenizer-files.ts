/** @file The tokenizer of a bundle. */

import type { BundleManifest } from '../bundle/manifest';
import { loadTokenizer, type Tokenizer } from '../text';
import type { BundleFiles } from './files';

export async function tokenizerOf({ tokenizer }: BundleManifest, files: BundleFiles): Promise<Tokenizer> {
  // These files are small, and each separate request would cost a round trip to the server.
  const contents = await Promise.all(
    tokenizer.files.map(
      async (file) => [file.path.slice(file.path.lastIndexOf('/') + 1), await files.bytes(file)] as const,
    ),
  );
  return loadTokenizer(new Map(contents));
}
