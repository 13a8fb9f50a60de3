/** @file What every kind of input becomes: records that are embedded one by one, or errors that stand in their place. */

import { InvalidInputError } from '../../errors';
import type { InputParts } from '../../runtime';

interface Origin {
  /** Its place in all inputs, counted from 1. */
  number: number;
  /** How messages name it: `line 3`, `pairs.csv: row 3`, or the picture's path. */
  where: string;
  /** Handed through to the output; undefined where it has none. */
  id: unknown;
  /** Fields that are carried through, by name. */
  kept: Record<string, unknown>;
  /** What a resumed run compares, to see that its inputs are those of the run before. */
  mark: readonly (string | Uint8Array)[];
}

/** An input. */
export interface InputRecord extends Origin {
  input: InputParts;
  /** The picture's path as it was given; a list of them as JSON. */
  imagePath: string | null;
}

/** An input that cannot be embedded. */
export interface BadRecord extends Origin {
  error: InvalidInputError;
}

export type AnyRecord = InputRecord | BadRecord;

export const isBad = (record: AnyRecord): record is BadRecord => 'error' in record;

/** A record before it has its place among all inputs. */
export type Unnumbered = Omit<InputRecord, 'number'> | Omit<BadRecord, 'number'>;

/** A file, a folder or a stream, as records. */
export interface Source {
  /** As it was named. */
  readonly label: string;
  /** May be called again, but for stdin. */
  read(signal?: AbortSignal): AsyncIterable<Unnumbered>;
  /** How many records; null where only reading tells, once. */
  count(signal?: AbortSignal): Promise<number | null>;
  /** How much has been read, from 0 to 1; null where nobody knows. */
  progress(): number | null;
  /** Fields that can be carried through, and how a table stores them; undefined where each line may have others. */
  readonly keepable?: ReadonlyMap<string, ColumnType>;
}

/** How a carried field is stored in a table: as it is, or as a string, which of anything else is its JSON. */
export type ColumnType = 'string' | 'integer' | 'number' | 'boolean';

/** Names the input in front of what is wrong with it. */
export function recordError(where: string, problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`${where}: ${problem}`, { where }, { cause });
}
