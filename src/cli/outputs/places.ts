/** @file Where vectors are written, as `--out` and `--format` name it. */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError } from '../../errors';
import { withErrorsBeside } from './errors-beside';
import { jsonLinesSink } from './json-lines';
import { lanceSink } from './lance';
import { idsName, npySink } from './npy';
import { logNames, parquetSink } from './parquet';
import { partialName, publishFile } from './partial-file';
import type { Sink, SinkShape, SinkState } from './sink';

export const FORMATS = ['jsonl', 'npy', 'parquet', 'lance'] as const;
export type Format = (typeof FORMATS)[number];

export type SinkPlace =
  { kind: 'jsonl' | 'npy' | 'parquet'; file: string } | { kind: 'lance'; database: string; table: string };

const ENDINGS: Record<string, 'jsonl' | 'npy' | 'parquet'> = {
  ...{ '.jsonl': 'jsonl', '.ndjson': 'jsonl', '.npy': 'npy', '.parquet': 'parquet', '.pq': 'parquet' },
};

/**
 * A file, recognised by its extension, or `lance:<uri of the database>/<table>`.
 * @param format for a file with another extension
 */
export function parsePlace(text: string, format?: Format): SinkPlace {
  if (text.startsWith('lance:')) {
    if (format !== undefined && format !== 'lance') throw wrongFormat(text, format);
    const { database, table } = /^lance:(?<database>.+)\/(?<table>[\w.-]+)$/.exec(text)?.groups ?? {};
    if (database !== undefined && table !== undefined) {
      return { kind: 'lance', database, table: table.replace(/\.lance$/, '') };
    }
    throw new InvalidInputError(
      `${text} does not name a table; write lance:<database>/<table>, for example lance:./mmeb/vectors.`,
    );
  }
  if (format === 'lance') throw wrongFormat(text, format);
  const kind = format ?? ENDINGS[path.extname(text).toLowerCase()];
  if (kind !== undefined) return { kind, file: text };
  throw new InvalidInputError(
    `${text} is neither *.jsonl, *.npy, *.parquet nor lance:<database>/<table>; use --format for other extensions.`,
  );
}

function wrongFormat(text: string, format: Format): InvalidInputError {
  const what = format === 'lance' ? 'A LanceDB table is named lance:<database>/<table>' : `${text} is a LanceDB table`;
  return new InvalidInputError(`${what}; --format ${format} does not fit --out ${text}.`, { option: 'format' });
}

/** The file that holds a run's state, beside its output; null if the output is not a file here. */
export function stateName(place: SinkPlace): string | null {
  if (place.kind !== 'lance') return `${place.file}.run.json`;
  return isRemote(place.database) ? null : path.join(place.database, `${place.table}.run.json`);
}

const isRemote = (database: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(database);

/** All files that a run writes on this disk, under their own names and while it is not done. */
export function writtenNames(place: SinkPlace): string[] {
  const state = stateName(place);
  const published =
    place.kind === 'lance'
      ? [errorsName(place)]
      : [
          place.file,
          ...(place.kind === 'jsonl' ? [] : [errorsName(place)]),
          ...(place.kind === 'npy' ? [idsName(place.file)] : []),
        ];
  const logs = place.kind === 'parquet' ? logNames(place.file) : [];
  const partial = [...published, ...logs, ...(state === null ? [] : [state])].map(partialName);
  return [...published, ...partial, ...(state === null ? [] : [state])];
}

/** The file for the errors of a table's inputs. */
export function errorsName(place: SinkPlace): string {
  if (place.kind !== 'lance') return `${place.file.replace(/\.(?:npy|parquet|pq)$/i, '')}.errors.jsonl`;
  return isRemote(place.database)
    ? `${place.table}.errors.jsonl`
    : path.join(place.database, `${place.table}.errors.jsonl`);
}

/**
 * @param state of the run to continue; null to start again
 * @param overwrite whether to replace an existing table of that name
 */
export async function openSink(
  place: SinkPlace,
  shape: SinkShape,
  state: SinkState | null,
  overwrite: boolean,
): Promise<Sink> {
  if (place.kind === 'jsonl') return jsonLinesSink(place.file, shape, state);
  const open = { npy: npySink, parquet: parquetSink };
  const sink =
    place.kind === 'lance'
      ? await lanceSink(place, shape, state, { overwrite })
      : await open[place.kind](place.file, shape, state);
  return withErrorsBeside(sink, errorsName(place), state);
}

/** Gives what a sink has completed and closed its names; may be repeated if it was interrupted. */
export async function publishPlace(place: SinkPlace, hasErrors: boolean, named?: SinkShape['named']): Promise<void> {
  const errors = errorsName(place);
  if (place.kind !== 'jsonl') await (hasErrors ? publishFile(errors, named) : rm(errors, { force: true }));
  if (place.kind === 'lance') return;
  if (place.kind === 'npy') await publishFile(idsName(place.file), named);
  await publishFile(place.file, named);
  if (place.kind !== 'parquet') return;
  for (const log of logNames(place.file)) await rm(partialName(log), { force: true });
}
