/** @file Checks the columns that a table must have before its first row is read. */

import { InvalidInputError } from '../../errors';
import { fieldNames, type FieldOptions } from './fields';

/** @throws InvalidInputError naming the missing column, and those that exist */
export function checkColumns(file: string, columns: readonly string[], options: FieldOptions): void {
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw new InvalidInputError(`${file} has two columns "${twice}".`, { file });
  const has = columns.map((name) => JSON.stringify(name)).join(', ') || 'none';
  const asked = {
    '--text-column': options.textColumn,
    '--image-column': options.imageColumn,
    '--id-column': options.idColumn,
  };
  for (const [flag, name] of Object.entries(asked)) {
    if (name === undefined || columns.includes(name)) continue;
    throw new InvalidInputError(`${file} has no column "${name}" (${flag}); it has ${has}.`, { file, column: name });
  }
  for (const name of Array.isArray(options.keep) ? (options.keep as string[]) : []) {
    if (columns.includes(name)) continue;
    throw new InvalidInputError(`${file} has no column "${name}" (--keep); it has ${has}.`, { file, column: name });
  }
  const { text, image } = fieldNames(options);
  if (columns.includes(text) || columns.includes(image)) return;
  throw new InvalidInputError(
    `${file} has no column "${text}" and none "${image}"; it has ${has}. Name one: --text-column, --image-column.`,
    { file },
  );
}
