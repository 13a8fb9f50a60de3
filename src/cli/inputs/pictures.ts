/**
 * @file Pictures in folders, and pictures named individually. The names in a folder are sorted, so that every run has
 * the same order.
 */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SourceNotFoundError } from '../../errors';
import { pictureKind } from '../../search/indexing/picture-names';
import { listFolder, NOT_UTF8, type ListedEntry } from '../../store/list-folder.node.js';
import { recordError, type Source, type Unnumbered } from './record';

/**
 * Every picture below a folder, by its relative path; links to folders are not followed, since they may form cycles.
 */
export function folderSource(folder: string): Source {
  let total = 0;
  let done = 0;
  const count = async (signal?: AbortSignal) => {
    let found = 0;
    const walked = walk(folder, signal);
    while (!(await walked.next()).done) found++;
    return found;
  };
  return {
    label: folder,
    async *read(signal) {
      total = await count(signal);
      if (total === 0) {
        throw new SourceNotFoundError(
          `There are no pictures in ${folder}. To read other files, name them or match them: '${path.join(folder, '*.jsonl')}'.`,
          { folder },
        );
      }
      done = 0;
      for await (const { file, problem } of walk(folder, signal)) {
        done++;
        yield problem === undefined ? await pictureRecord(file) : broken(file, problem);
      }
    },
    count,
    keepable: new Map(),
    progress: () => (total === 0 ? 0 : done / total),
  };
}

/** One picture. */
export function pictureSource(file: string): Source {
  let done = 0;
  return {
    label: file,
    async *read() {
      yield await pictureRecord(file);
      done = 1;
    },
    count: async () => 1,
    keepable: new Map(),
    progress: () => done,
  };
}

interface Found {
  file: string;
  /** Why it could not be read. */
  problem?: string;
}

async function* walk(folder: string, signal?: AbortSignal): AsyncGenerator<Found> {
  signal?.throwIfAborted();
  let entries: ListedEntry[];
  try {
    entries = await listFolder(folder);
  } catch (error) {
    yield { file: folder, problem: `cannot be read (${(error as NodeJS.ErrnoException).code}).` };
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    const isPicture = pictureKind(entry.name) !== null && (entry.isFile() || (await linksToFile(entry)));
    if (!entry.isUtf8 && (entry.isDirectory() || isPicture)) yield { file, problem: NOT_UTF8 };
    else if (entry.isDirectory()) yield* walk(file, signal);
    else if (isPicture) yield { file };
  }
}

const linksToFile = async (entry: ListedEntry) =>
  entry.isSymbolicLink() && (await entry.status().catch(() => null))?.isFile() === true;

async function pictureRecord(file: string): Promise<Unnumbered> {
  const status = await stat(file).catch(() => null);
  if (!status) return broken(file, 'is gone.');
  // A pipe that nobody writes to would be waited for without end.
  if (!status.isFile()) return broken(file, 'is not a file.');
  return {
    ...{ where: file, id: file, kept: {}, imagePath: file },
    mark: [`${file} ${status.size} ${status.mtimeMs}`],
    input: { image: pathToFileURL(path.resolve(file)) },
  };
}

function broken(file: string, problem: string): Unnumbered {
  return { where: file, id: file, kept: {}, mark: [`${file} ${problem}`], error: recordError(file, problem) };
}
