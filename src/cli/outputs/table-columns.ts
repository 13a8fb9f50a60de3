/** @file The columns of a table, which must be known before its first row. */

import { InvalidInputError } from '../../errors';
import type { FieldOptions } from '../inputs/fields';
import type { ColumnType, Source } from '../inputs/record';
import type { Column } from './sink';

const OWN = ['id', 'text', 'image'];

/**
 * `id`, `text` and `image`, and the carried fields, typed as in the inputs' tables if these all agree.
 * @throws InvalidInputError if it is not known which fields there will be
 */
export function tableColumns(keep: FieldOptions['keep'], sources: readonly Source[]): Column[] {
  const names = keep === undefined ? [] : keep === 'all' ? allNames(sources) : keep;
  const kept = names.filter((name) => !OWN.includes(name)).map((name) => ({ name, type: typeOf(name, sources) }));
  return [...OWN.map((name) => ({ name, type: 'string' as const })), ...kept];
}

function allNames(sources: readonly Source[]): string[] {
  const names = new Set<string>();
  for (const { keepable, label } of sources) {
    if (!keepable) {
      throw new InvalidInputError(
        `--keep all: the fields of ${label} are not known beforehand, but a table needs to know them. List them.`,
        {
          option: 'keep',
        },
      );
    }
    for (const name of keepable.keys()) names.add(name);
  }
  return [...names];
}

function typeOf(name: string, sources: readonly Source[]): ColumnType {
  const types = new Set(sources.map(({ keepable }) => keepable?.get(name) ?? 'string'));
  return types.size === 1 ? [...types][0]! : 'string';
}
