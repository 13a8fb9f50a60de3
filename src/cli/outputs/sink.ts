/** @file Takes results, wherever they go: in order, piece by piece, so that a run that was killed can continue. */

import type { ColumnType } from '../inputs/record';
import type { writingRun } from './partial-file';
import type { StoredPrecision } from './precision';

/** A result. */
export interface VectorRow {
  /** By column, in a form that JSON can express; missing values are null. */
  fields: Readonly<Record<string, unknown>>;
  /** One vector, or several if the recipe pools all tokens. // [count][dims] */
  vectors: readonly Float32Array[];
  /** What JSON lines add about tokens, on request. */
  tokens?: object;
  error?: undefined;
}

/** Stands for an input that could not be embedded. */
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
  /** The fields of every row; the vector's column is called `embedding`. */
  columns: readonly Column[];
  dims: number;
  precision: StoredPrecision;
  /** Whether a row has several vectors. */
  several: boolean;
  /** Which model made the vectors; stored with them. */
  provenance: Record<string, string>;
  /** Gives the refusals of the file system their names. @default those of a run that `--resume` continues */
  named?: typeof writingRun;
}

/** Plain data: what a sink must know to continue where it was. */
export type SinkState = Record<string, number>;

export interface Sink {
  write(rows: readonly OutputRow[]): Promise<void>;
  /** Makes what was written durable, as far as the returned state says. */
  commit(): Promise<SinkState>;
  /** Called once the state of the last {@link commit} is itself durable: what only older states need may be dropped. */
  committed?(): Promise<void>;
  /** Whether to commit now, however recent the last commit is. */
  isDue?(): boolean;
  /** Seconds between commits, if they are costly. @default 1 */
  readonly secondsBetween?: number;
  /** Writes the end of the output. Everything is there then, with files still under temporary names. */
  complete(): Promise<SinkState>;
  /** Stops, and keeps what was committed. */
  close(): Promise<void>;
  /** Stops, and leaves nothing behind. */
  discard(): Promise<void>;
}

/** The only vector of a result; tables hold one vector per row. */
export function onlyVector({ vectors }: VectorRow): Float32Array {
  if (vectors.length !== 1) throw new Error(`A row has ${vectors.length} vectors, but one is expected.`);
  return vectors[0]!;
}
