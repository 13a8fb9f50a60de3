/**
 * @file MMEB as published: one Parquet table per dataset, and the pictures; in a folder, among files picked by the
 * user, or on the Hub.
 */

import type { FileTree } from '../checkpoint';
import { DatasetFormatError, SourceNotFoundError } from '../errors';
import type { EvalData, RowOptions } from './encode';
import { openParquet } from './parquet';
import { openPictures, type Pictures } from './pictures';
import { layoutOf, readRow, RowCollector, type EvalRows } from './rows';
import { MMEB_SETS, type MmebSet } from './sets';

/** `<Set>/test-00000-of-00001.parquet`, or as the Hub converts it: `<Set>/test/0000.parquet`. */
const TABLE = /^(?<set>[^/]+)\/(?:test[^/]*|test\/[^/]+)\.parquet$/;

export interface MmebOptions {
  /** The pictures, if they are not stored with the tables. */
  pictures?: Pictures;
  signal?: AbortSignal;
}

/** MMEB's data; `sets` contains those of the 36 datasets that are available, in the paper's order. */
export type MmebData = EvalData<MmebSet, EvalRows>;

/**
 * Finds out which datasets are available. Only names and the archive's directory are read at this point. Rejects with
 * {@link SourceNotFoundError} if there is no table of MMEB.
 */
export async function openMmeb(tree: FileTree, { pictures, signal }: MmebOptions = {}): Promise<MmebData> {
  const tables = new Map<string, string[]>();
  for (const path of await tree.list()) {
    const set = TABLE.exec(path)?.groups?.set;
    if (set !== undefined) tables.set(set, [...(tables.get(set) ?? []), path].sort());
  }
  const sets = MMEB_SETS.filter(({ name }) => tables.has(name));
  if (sets.length === 0) {
    throw new SourceNotFoundError(
      `${tree.label} contains no MMEB table: <Set>/test-00000-of-00001.parquet, as in TIGER-Lab/MMEB-eval.`,
      { label: tree.label },
    );
  }
  return {
    label: tree.label,
    revision: tree.revision,
    sets,
    rows: (set, rowOptions) => readSet(tree, set, tables.get(set.name) ?? [], rowOptions),
    pictures: pictures ?? (await openPictures(tree, signal)),
  };
}

async function readSet(
  tree: FileTree,
  set: MmebSet,
  paths: readonly string[],
  { limit = Infinity, signal }: RowOptions = {},
): Promise<EvalRows> {
  if (paths.length === 0)
    throw new SourceNotFoundError(`${tree.label} does not contain ${set.name}.`, { set: set.name });
  const collected = new RowCollector();
  for (const path of paths) {
    const table = await openParquet(await tree.open(path, signal), signal);
    const { version, columns } = layoutOf(table.columns, path);
    for (const [i, fields] of (await table.read(columns)).entries()) {
      if (collected.rows.length < limit) collected.add(readRow(fields, version, set, `${path}, row ${i}`));
    }
  }
  if (collected.rows.length === 0) throw new DatasetFormatError(`${paths[0]} has no rows.`, { set: set.name });
  return collected;
}
