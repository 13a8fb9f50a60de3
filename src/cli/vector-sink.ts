/** @file What takes vectors, wherever they go. */

/** A row to be stored: texts (null where there is none) and a vector, or several where the recipe pools all tokens. */
export interface VectorRow {
  texts: readonly (string | null)[];
  vector: Float32Array | readonly Float32Array[];
}

export interface SinkShape {
  /** Names of the texts; the vector's column is called `embedding`. */
  columns: readonly string[];
  dims: number;
  /** Whether a row has several vectors. @default false */
  several?: boolean;
  /** Which model the vectors are of: kept with them. */
  provenance: Record<string, string>;
}

export interface VectorSink {
  write(rows: readonly VectorRow[]): Promise<void>;
  /** Nothing is to be seen before. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

/** Where to. */
export type SinkPlace = { kind: 'parquet'; path: string } | { kind: 'lance'; database: string; table: string };
