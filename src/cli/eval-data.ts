/** @file The data of `vlm2vec eval`: where it is, where its pictures are, and which sets were requested. */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { folderTree } from '../checkpoint/folder.node.js';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import {
  DOCUMENT_GROUPS,
  DOCUMENT_SETS,
  MMEB_SETS,
  openDocuments,
  openMmeb,
  openPictures,
  zipPictures,
  type DocumentSet,
  type DocumentSource,
  type MmebData,
  type MmebSet,
  type Pictures,
} from '../eval';
import { datasetAt } from './places';

/** MMEB's pictures are some hundred thousand files. */
const MAX_FILES = 2_000_000;

export interface DataArguments {
  /** Folder, or `owner/name` on the Hub. */
  data: string;
  /** Folder or zip archive of the pictures. */
  images?: string;
}

/** Of either kind, depending on what is there: MMEB's tables, or visual documents. */
export async function openData(
  { data, images }: DataArguments,
  signal: AbortSignal,
): Promise<{ kind: 'mmeb'; data: MmebData } | { kind: 'documents'; source: DocumentSource }> {
  const pictures = images === undefined ? undefined : await picturesAt(images, signal);
  const tree = await datasetAt(data, MAX_FILES, signal);
  const source = await openDocuments(tree);
  if (source === null) return { kind: 'mmeb', data: await openMmeb(tree, { pictures, signal }) };
  if (pictures)
    throw new InvalidInputError('--images is only for MMEB: the tables of visual documents contain their pages.');
  return { kind: 'documents', source };
}

async function picturesAt(place: string, signal: AbortSignal): Promise<Pictures> {
  const status = await stat(place).catch((cause: unknown) => {
    throw new SourceNotFoundError(`There are no pictures at ${place}.`, { place }, { cause });
  });
  if (status.isDirectory()) return openPictures(await folderTree(place, { maxFiles: MAX_FILES }), signal);
  const tree = await folderTree(path.dirname(place), { maxFiles: MAX_FILES });
  return zipPictures(await tree.open(path.basename(place), signal), signal);
}

/**
 * Names of sets, meta-tasks, IND and OOD, separated by commas → those of the sets that the data contains, in the
 * paper's order. Without any names, all of them.
 */
export function selectSets(names: string | undefined, data: MmebData): MmebSet[] {
  if (names === undefined) return [...data.sets];
  const wanted = new Set<string>();
  for (const name of names.split(',').map((each) => each.trim())) {
    const found = MMEB_SETS.filter((set) => [set.name, set.metaTask, set.split].some((each) => each === name));
    if (found.length === 0) {
      throw new InvalidInputError(
        `${name} is not a set of MMEB. Sets: ${MMEB_SETS.map((set) => set.name).join(', ')}; or Classification, VQA, ` +
          'Retrieval, Grounding, IND, OOD.',
        { name },
      );
    }
    const there = found.filter((set) => data.sets.includes(set));
    if (there.length === 0) throw new SourceNotFoundError(`${data.label} does not contain ${name}.`, { name });
    for (const set of there) wanted.add(set.name);
  }
  return data.sets.filter((set) => wanted.has(set.name));
}

/** The same for visual documents, with names of sets and groups. Without any names, those that are averaged. */
export function selectDocuments(names: string | undefined, { label, all }: DocumentSource): DocumentSet[] {
  if (names === undefined) {
    const counted = all.filter(({ counts }) => counts);
    return counted.length > 0 ? counted : [...all];
  }
  const wanted = new Set<DocumentSet>();
  for (const name of names.split(',').map((each) => each.trim())) {
    const found = DOCUMENT_SETS.filter((set) => set.name === name || (set.counts && set.group === name));
    if (found.length === 0) {
      throw new InvalidInputError(
        `${name} is not a set of visual documents. Sets: ${DOCUMENT_SETS.map((set) => set.name).join(', ')}; or ` +
          `${DOCUMENT_GROUPS.join(', ')}.`,
        { name },
      );
    }
    const there = found.filter((set) => all.includes(set));
    if (there.length === 0) throw new SourceNotFoundError(`${label} does not contain ${name}.`, { name });
    for (const set of there) wanted.add(set);
  }
  return all.filter((set) => wanted.has(set));
}
