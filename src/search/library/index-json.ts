/** @file JSON of an index, which may come from anyone: read strictly, then checked field by field. */

import { JsonField } from '../../bundle/json-field';
import { IndexFormatError } from '../../errors';

export interface IndexJsonOptions {
  /** The file or its part, with which messages begin. */
  where: string;
  /** The advice with which messages end. */
  remedy?: string;
  /** The class of the errors. */
  details?: Record<string, unknown>;
}

/**
 * @param content as text, or in UTF-8. @throws IndexFormatError if it is not JSON, and later for each field that is
 * wrong
 */
export function readIndexJson(content: string | Uint8Array, options: IndexJsonOptions): JsonField {
  const { where, remedy, details } = options;
  try {
    const text =
      typeof content === 'string'
        ? content
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return checkedFields(JSON.parse(text), options);
  } catch (cause) {
    throw new IndexFormatError(sentences(`${where} is not JSON.`, remedy), details, { cause });
  }
}

/** The same for a value that is already parsed. */
export function checkedFields(value: unknown, { where, remedy, details }: IndexJsonOptions): JsonField {
  const fail = (at: string, what: string) =>
    new IndexFormatError(sentences(`${where}${at && `, ${at}`}: ${what}`, remedy), { ...details, at });
  return new JsonField(value, fail);
}

/** The key of a layer in file names: see `layers.ts`. */
export function readLayerKey(field: JsonField): string {
  const key = field.string(16);
  if (!/^[0-9a-f]{16}$/.test(key)) field.fail('it is not the key of a model.');
  return key;
}

const sentences = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(' ');
