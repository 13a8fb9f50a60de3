/** @file An exported index that is searched in place: nothing is unpacked, and nothing can be changed. */

import { SourceNotFoundError, UnsupportedError } from '../../errors';
import { layersOfArchive, openArchive } from './archive';
import { checkArchive, modelOf } from './import';
import type { IndexModel } from './index-model';
import type { IndexStorage, PackReader } from './storage';

export interface ArchiveStorage extends IndexStorage {
  /** The model that made its vectors. */
  readonly indexed: IndexModel;
}

/**
 * Reads and checks rows and vectors.
 * @throws IndexFormatError for any other file; IntegrityError if bytes differ from their hashes; UnsupportedError
 *   for a later version
 */
export async function openArchiveStorage(blob: Blob, name: string): Promise<ArchiveStorage> {
  const archive = await openArchive(blob);
  const { folders, files, albums } = await checkArchive(archive);
  const { modelId, modelName, dims } = archive.header;
  const lastUsed = Date.parse(archive.header.created) || 0;
  const layers = layersOfArchive(archive);
  const meta = { name, modelId, modelName, dims, lastUsed, generation: 1, revision: 0, unfinished: false, layers };
  return {
    indexed: modelOf(archive),
    load: async () => ({ meta, folders, files, albums }),
    openReaders: async () => ({
      vectors: readerOf(archive.sections.vectors, 'vectors'),
      thumbnails: readerOf(archive.sections.thumbnails, 'thumbnails'),
    }),
    layerFiles: {
      openReader: async ({ key, modelId }) => readerOf(archive.layers.get(key)!, `vectors of ${modelId}`),
      openWriter: refuse,
    },
    loadAttempts: async () => [],
    close: async () => undefined,
    ...{ commit: refuse, putAttempts: refuse, clearAttempts: refuse, openWriters: refuse, removeOthers: refuse },
  };
}

function readerOf(blob: Blob, name: string): PackReader {
  return {
    size: async () => blob.size,
    read: async (at, bytes) => {
      if (at + bytes > blob.size) throw new SourceNotFoundError(`The export's ${name} end before byte ${at + bytes}.`);
      return new Uint8Array(await blob.slice(at, at + bytes).arrayBuffer());
    },
    close: async () => undefined,
  };
}

async function refuse(): Promise<never> {
  throw new UnsupportedError('An exported index cannot be changed. Import it first.');
}
