/** @file JSON of an index, which may come from anyone: read strictly, then checked field by field. */

import { JsonField } from '../../bundle/json-field';
import { IndexFormatError } from '../../errors';

export interface IndexJsonOptions {
  /** The file, or the part of it, as messages begin. */
  where: string;
  /** What messages end with: what to do. */
  remedy?: string;
  /** Of the errors. */
  details?: Record<string, unknown>;
}

/** @param content as text, or in UTF-8. @throws IndexFormatError where it is no JSON, and later for each field that is wrong */
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

/** The same of what is parsed already. */
export function checkedFields(value: unknown, { where, remedy, details }: IndexJsonOptions): JsonField {
  const fail = (at: string, what: string) =>
    new IndexFormatError(sentences(`${where}${at && `, ${at}`}: ${what}`, remedy), { ...details, at });
  return new JsonField(value, fail);
}

/** Of a layer, in names of files: see `layers.ts`. */
export function readLayerKey(field: JsonField): string {
  const key = field.string(16);
  if (!/^[0-9a-f]{16}$/.test(key)) field.fail('it is not the key of a model.');
  return key;
}

const sentences = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(' ');
