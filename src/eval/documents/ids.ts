/** @file Values of the tables' columns, whose types differ between writers. */

import { DatasetFormatError } from '../../errors';

/** Ids are numbers in some datasets and names in others. */
export function idOf(value: unknown, column: string, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value);
  throw new DatasetFormatError(`${where}: ${column} is neither a name nor a whole number.`, { where, column });
}

export function gradeOf(value: unknown, where: string): number {
  const grade = typeof value === 'bigint' ? Number(value) : value;
  if (typeof grade === 'number' && Number.isFinite(grade)) return grade;
  throw new DatasetFormatError(`${where}: score is not a number.`, { where });
}
