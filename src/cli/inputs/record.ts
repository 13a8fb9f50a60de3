/** @file What every kind of input becomes: records that are embedded one by one, or errors in their place. */

import { InvalidInputError } from '../../errors';
import type { InputParts } from '../../runtime';

interface Origin {
  /** Its position among all inputs, counted from 1. */
  number: number;
  /** How messages name it: `line 3`, `pairs.csv: row 3`, or the picture's path. */
  where: string;
  /** Passed through to the output; undefined if it has none. */
  id: unknown;
  /** Fields that are carried through, by name. */
  kept: Record<string, unknown>;
  /** What a resumed run compares, to make sure that its inputs are those of the earlier run. */
  mark: readonly (string | Uint8Array)[];
}

/** An input. */
export interface InputRecord extends Origin {
  input: InputParts;
  /** The picture's path as it was given; several as JSON. */
  imagePath: string | null;
}

/** An input that cannot be embedded. */
export interface BadRecord extends Origin {
  error: InvalidInputError;
}

export type AnyRecord = InputRecord | BadRecord;

export const isBad = (record: AnyRecord): record is BadRecord => 'error' in record;

/** A record before its position among all inputs is known. */
export type Unnumbered = Omit<InputRecord, 'number'> | Omit<BadRecord, 'number'>;

/** A file, a folder or a stream, as records. */
export interface Source {
  /** Its name as the user gave it. */
  readonly label: string;
  /** May be called again, except for stdin. */
  read(signal?: AbortSignal): AsyncIterable<Unnumbered>;
  /** The number of records; null if only reading them tells. */
  count(signal?: AbortSignal): Promise<number | null>;
  /** The fraction that has been read, from 0 to 1; null if unknown. */
  progress(): number | null;
  /**
   * Fields that can be carried through, and how a table stores them; undefined if each line may have different ones.
   */
  readonly keepable?: ReadonlyMap<string, ColumnType>;
}

/**
 * How a carried field is stored in a table: as it is, or as a string, which is the JSON of anything that is not one.
 */
export type ColumnType = 'string' | 'integer' | 'number' | 'boolean';

/** Puts the input's name before what is wrong with it. */
export function recordError(where: string, problem: string, cause?: unknown): InvalidInputError {
  const colon = /^(is|has) /.test(problem) ? '' : ':'; // the input itself is what the sentence is about
  return new InvalidInputError(`${where}${colon} ${problem}`, { where }, { cause });
}
