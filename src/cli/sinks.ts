/** @file Where vectors are written: a Parquet file, or a table of LanceDB. Rows come in pieces; memory stays small. */

import { InvalidInputError } from '../errors';
import { lanceSink } from './lance-sink';
import { parquetSink } from './parquet-sink';
import type { SinkPlace, SinkShape, VectorSink } from './vector-sink';

/** `vectors.parquet`, or `lance:<uri of the database>/<table>`. */
export function parseSinkPlace(text: string): SinkPlace {
  if (text.startsWith('lance:')) {
    const { database, table } = /^lance:(?<database>.+)\/(?<table>[\w.-]+)$/.exec(text)?.groups ?? {};
    if (database !== undefined && table !== undefined) {
      return { kind: 'lance', database, table: table.replace(/\.lance$/, '') };
    }
    throw new InvalidInputError(`${text} names no table; write lance:<database>/<table>, as in lance:./mmeb/vectors.`);
  }
  if (text.endsWith('.parquet')) return { kind: 'parquet', path: text };
  throw new InvalidInputError(`${text} is neither a *.parquet file nor lance:<database>/<table>.`);
}

export function openSink(place: SinkPlace, shape: SinkShape): Promise<VectorSink> {
  return place.kind === 'parquet' ? parquetSink(place.path, shape) : lanceSink(place, shape);
}
