/**
 * @file Ensures that only one process at a time writes an index, with a lock file in it that contains the process id.
 */

import { join } from 'node:path';
import { InvalidInputError } from '../../errors';
import { lockFile } from '../../store/lock-file.node.js';
import { makeFolder } from '../../store/write-errors.node.js';
import { LOCAL_FOLDER } from '../library/folder-manifest';

/** Resolves to its release. @throws InvalidInputError if another process has it */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await makeFolder(join(folder, LOCAL_FOLDER));
  const path = join(folder, LOCAL_FOLDER, 'lock');
  return lockFile(path, folder).catch((error: unknown) => {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(
      `Another process${holder(error)} is writing the index in ${folder}. Wait until it has finished, or stop it; if there is ` +
        `no such process, delete ${path}.`,
      { folder, ...error.details },
      { cause: error },
    );
  });
}

function holder({ details: { pid } }: InvalidInputError): string {
  return typeof pid === 'number' ? ` (${pid})` : '';
}
