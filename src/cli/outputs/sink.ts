/** @file What takes results, wherever they go: in order, piece by piece, so that a run that was killed can go on. */

import type { ColumnType } from '../inputs/record';
import type { StoredPrecision } from './precision';

/** A result. */
export interface VectorRow {
  /** By column, as JSON can say it; what is not there is null. */
  fields: Readonly<Record<string, unknown>>;
  /** One, or several where the recipe pools all tokens. // [count][dims] */
  vectors: readonly Float32Array[];
  /** What JSON lines add of tokens, on request. */
  tokens?: object;
  error?: undefined;
}

/** What stands for an input that could not be embedded. */
export interface ErrorRow {
  fields: Readonly<Record<string, unknown>>;
  error: string;
}

export type OutputRow = VectorRow | ErrorRow;

export interface Column {
  name: string;
  type: ColumnType;
}

export interface SinkShape {
  /** Fields of every row; the vector's column is called `embedding`. */
  columns: readonly Column[];
  dims: number;
  precision: StoredPrecision;
  /** Whether a row has several vectors. */
  several: boolean;
  /** Which model the vectors are of: kept with them. */
  provenance: Record<string, string>;
}

/** Plain data: what a sink must know to go on where it was. */
export type SinkState = Record<string, number>;

export interface Sink {
  write(rows: readonly OutputRow[]): Promise<void>;
  /** Makes durable what was written, as far as the state says that it returns. */
  commit(): Promise<SinkState>;
  /** Told that the state of the last {@link commit} is itself durable: what only older ones need may go. */
  committed?(): Promise<void>;
  /** Whether to commit now, however long ago the last one was. */
  isDue?(): boolean;
  /** Seconds between commits, where they cost something. @default 1 */
  readonly secondsBetween?: number;
  /** Writes what stands at the end: everything is there, of files under names that say it is not done. */
  complete(): Promise<SinkState>;
  /** Stops, and leaves what was committed. */
  close(): Promise<void>;
  /** Stops, and leaves nothing. */
  discard(): Promise<void>;
}

/** A result may be a whole table's only if it is one vector. */
export function onlyVector({ vectors }: VectorRow): Float32Array {
  if (vectors.length !== 1) throw new Error(`A row has ${vectors.length} vectors, but one is expected.`);
  return vectors[0]!;
}
