/** @file Tries files that could not be indexed again. */

import type { Attempts } from '../indexing/attempts';
import type { Committed, Library } from './library';
import { fileKey } from './rows';

/** Forgets problems, so that the next walk treats their files as new. @param ids default: all */
export async function forgetProblems(
  library: Library,
  attempts: Attempts,
  ids?: readonly number[],
): Promise<Committed> {
  const wanted = ids && new Set(ids);
  const rows = [...library.catalog.files.values()].filter(
    (row) => row.kind !== 'picture' && (!wanted || wanted.has(row.id)),
  );
  const committed = await library.commit({ remove: rows.map(({ id }) => id) });
  attempts.ended(rows.map(({ folderId, path }) => fileKey(folderId, path)));
  return committed;
}
