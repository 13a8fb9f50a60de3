/**
 * @file Turns named fields, from a line of JSON or a row of a table, into an input, checked before any model sees them.
 */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInputError } from '../../errors';
import type { ImageInput } from '../../image';
import type { Role } from '../../recipes';
import { recordError, type Unnumbered } from './record';

const ROLES: readonly Role[] = ['query', 'document'];
const PARTS = ['text', 'image', 'instruction', 'role', 'prefix', 'id'] as const;
/** Names of result fields: a carried field with such a name would hide the result. */
const RESULTS = ['embedding', 'embeddings', 'error', 'ids', 'grid', 'grids', 'positions'];

/** Which field holds which part of the input. */
export interface FieldOptions {
  textColumn?: string;
  imageColumn?: string;
  idColumn?: string;
  /** The fields to carry through: these, or all except those of the input. */
  keep?: 'all' | readonly string[];
}

/** A table's row, or a line's object. */
export interface FieldRow {
  where: string;
  fields: Record<string, unknown>;
  /** The folder that paths of pictures are relative to. */
  folder: string;
  /** Its bytes as they were read, if it is text. */
  mark?: readonly (string | Uint8Array)[];
}

/** The fields that hold the parts of an input. */
export function fieldNames({ textColumn, imageColumn, idColumn }: FieldOptions) {
  const names = { text: 'text', image: 'image', instruction: 'instruction', role: 'role', prefix: 'prefix', id: 'id' };
  return {
    ...names,
    ...(textColumn !== undefined && { text: textColumn }),
    ...(imageColumn !== undefined && { image: imageColumn }),
    ...(idColumn !== undefined && { id: idColumn }),
  };
}

/** @throws InvalidInputError for fields that cannot be carried, because results use their names */
export function checkKept(keep: FieldOptions['keep']): void {
  if (keep === undefined || keep === 'all') return;
  const taken = keep.find((name) => RESULTS.includes(name) || name === 'id');
  if (taken === undefined) return;
  const why = taken === 'id' ? 'the id is always copied' : 'a result field has that name';
  throw new InvalidInputError(`--keep ${taken}: ${why}.`, { option: 'keep' });
}

/** @param strict an unknown field is an error: it is a mistyped name, which nothing else would reveal */
export async function recordOf(row: FieldRow, options: FieldOptions, strict: boolean): Promise<Unnumbered> {
  const { where, fields } = row;
  const names = fieldNames(options);
  const given = fields[names.id] ?? undefined;
  const id = given instanceof Uint8Array ? undefined : given === undefined ? undefined : plain(given, where, names.id);
  let mark = row.mark ?? [];
  let kept: Record<string, unknown> = {};
  try {
    kept = keptOf(row, options);
    if (strict && options.keep === undefined) checkNames(row, Object.values(names));
    const string = (part: 'text' | 'instruction' | 'prefix'): string | undefined => {
      const given = fields[names[part]] ?? undefined; // null, which is how Python writes None, counts as absent
      if (given === undefined || typeof given === 'string') return given;
      throw recordError(where, `"${names[part]}" is not a string.`);
    };
    const [text, instruction, prefix] = [string('text'), string('instruction'), string('prefix')];
    const givenRole = fields[names.role] ?? undefined;
    const role = ROLES.find((each) => each === givenRole);
    if (role === undefined && givenRole !== undefined) {
      throw recordError(where, `"${names.role}" is neither "query" nor "document".`);
    }
    const image = imageOf(row, names.image);
    if (image === undefined && (text === undefined || text === '')) {
      throw recordError(where, 'has neither text nor image.');
    }
    const parts = Object.entries({ text, instruction, role, prefix, image: image?.input });
    const input = Object.fromEntries(parts.filter(([, part]) => part !== undefined));
    mark = [
      ...(row.mark ?? [JSON.stringify([id, text, instruction, role, prefix])]),
      ...(await imageMarks(image, where)),
    ];
    return { where, id, kept, mark, input, imagePath: image?.path ?? null };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return { where, id, kept, mark, error };
  }
}

function checkNames({ where, fields }: FieldRow, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const names = known.map((key) => JSON.stringify(key)).join(', ');
  throw recordError(
    where,
    `has the unknown key ${JSON.stringify(unknown)}; known keys are ${names}. --keep all copies other keys to the output.`,
  );
}

function keptOf({ where, fields }: FieldRow, options: FieldOptions): Record<string, unknown> {
  const { keep } = options;
  if (keep === undefined) return {};
  if (keep !== 'all') return Object.fromEntries(keep.map((name) => [name, plain(fields[name], where, name)]));
  const parts = Object.values(fieldNames(options));
  const others = Object.keys(fields).filter((name) => !parts.includes(name));
  const taken = others.find((name) => RESULTS.includes(name) || (PARTS as readonly string[]).includes(name));
  if (taken !== undefined) {
    throw recordError(
      where,
      `its field "${taken}" cannot be kept: the output already has a field of that name. List the fields to keep.`,
    );
  }
  return Object.fromEntries(others.map((name) => [name, plain(fields[name], where, name)]));
}

/** The value in a form that JSON can express: other types of tables become strings. Bytes are not carried. */
function plain(value: unknown, where: string, name: string): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) throw recordError(where, `"${name}" contains bytes, which cannot be kept.`);
  if (Array.isArray(value)) return value.map((each) => plain(each, where, name));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, where, name)]));
}

interface FoundImage {
  input: ImageInput | ImageInput[];
  all: ImageInput[];
  path: string | null;
}

/** A path, bytes, the Hub's `{ bytes, path }` (in JSON the bytes are base64), or a list of them. */
function imageOf({ where, fields, folder }: FieldRow, name: string): FoundImage | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  const wrong = () => recordError(where, `"${name}" is neither a path, nor {"bytes": base64}, nor a list of them.`);
  const one = (given: unknown): { image: ImageInput; path: string | null } => {
    if (given instanceof Uint8Array && given.length > 0) return { image: given, path: null };
    if (isPath(given)) return { image: pathToFileURL(path.resolve(folder, given)), path: given };
    if (typeof given !== 'object' || given === null || !('bytes' in given || 'path' in given)) throw wrong();
    const { bytes, path: at } = given as { bytes?: unknown; path?: unknown };
    const named = isPath(at) ? at : null;
    const decoded = typeof bytes === 'string' ? fromBase64(bytes) : bytes;
    if (decoded instanceof Uint8Array && decoded.length > 0) return { image: decoded, path: named };
    if ((bytes ?? undefined) !== undefined) throw wrong();
    if (named === null) throw wrong();
    return { image: pathToFileURL(path.resolve(folder, named)), path: named };
  };
  const isList = Array.isArray(value);
  const found = (isList ? (value as unknown[]) : [value]).map(one);
  if (found.length === 0) throw wrong();
  const all = found.map(({ image }) => image);
  const paths = found.map(({ path: at }) => at);
  return { input: isList ? all : all[0]!, all, path: isList ? JSON.stringify(paths) : paths[0]! };
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/** Null if it is not base64. */
function fromBase64(text: string): Uint8Array | null {
  const decoded = Buffer.from(text, 'base64'); // stops silently at the first character that is not base64
  return decoded.length === Math.floor((text.replace(/=+$/, '').length * 3) / 4) ? new Uint8Array(decoded) : null;
}

/** Identifies the contents: the bytes themselves, or for files the length and the time of the last change. */
async function imageMarks(image: FoundImage | undefined, where: string): Promise<(string | Uint8Array)[]> {
  const marks: (string | Uint8Array)[] = [];
  for (const each of image?.all ?? []) {
    if (each instanceof Uint8Array) marks.push(each);
    else if (each instanceof URL) {
      const status = await stat(each).catch(() => null);
      const file = fileURLToPath(each);
      if (!status) throw recordError(where, `there is no image at ${file}.`);
      if (!status.isFile()) throw recordError(where, `${file} is not a file.`);
      marks.push(`${status.size} ${status.mtimeMs}`);
    }
  }
  return marks;
}
