/** @file The indexes stored in this browser, whichever model made them. */

import { expectString } from '../../arguments';
import { UnsupportedError } from '../../errors';
import { lockName } from '../../store/locks';
import type { StoredPhotoIndex } from '../types';
import { deleteDatabase, describeDatabase } from './database';
import { forgetLeaving } from './leaving';
import { deletePackFolder, listPackFolders } from './packs';

/** Lists all indexes stored in this browser, including those of models that are no longer used. */
export async function listPhotoIndexes(): Promise<StoredPhotoIndex[]> {
  const found: StoredPhotoIndex[] = [];
  for (const { place, bytes } of await listPackFolders()) {
    const known = await describeDatabase(place);
    const { name = '', modelId = '', modelName = null, lastUsed = 0, layers = [] } = known?.meta ?? {};
    const deep = layers.map((layer) => ({ modelId: layer.modelId, modelName: layer.modelName }));
    const { pictures = 0, problems = 0 } = known ?? {};
    found.push({ place, name, modelId, modelName, deep, pictures, problems, bytes, lastUsed });
  }
  return found.sort((a, b) => (`${a.name}\0${a.modelId}` < `${b.name}\0${b.modelId}` ? -1 : 1));
}

/**
 * Deletes an index. The pictures themselves are not touched.
 * @param place `place` of an entry of {@link listPhotoIndexes}
 * @throws InvalidInputError if a tab has it open for writing; UnsupportedError outside a browser
 */
export async function deletePhotoIndex(place: string): Promise<void> {
  expectString('deletePhotoIndex', 'place', place);
  if (!globalThis.indexedDB) {
    throw new UnsupportedError('deletePhotoIndex: photo indexes are kept by browsers; this is not one.');
  }
  const unlock = await lockName(place);
  try {
    await deleteDatabase(place);
    await deletePackFolder(place);
    forgetLeaving(place);
  } finally {
    unlock();
  }
}
