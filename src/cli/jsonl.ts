/** @file The lines of `embed --jsonl`: read, parsed and checked before any model is loaded. */

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import type { Role } from '../recipes';
import type { InputParts } from '../runtime';

export const STDIN = '-';

const KEYS = ['text', 'image', 'instruction', 'role', 'prefix', 'id'];
const ROLES: readonly Role[] = ['query', 'document'];

/** A file, or what one holds. */
type Picture = URL | Uint8Array<ArrayBuffer>;

export interface JsonLine {
  /** Counted from 1. */
  number: number;
  input: Omit<InputParts, 'image'> & { image?: Picture | Picture[] };
  /** The image's path as it was given; a list of them as JSON; null where it was given as bytes. */
  imagePath: string | null;
  /** The line's own `id`, handed through to the output. */
  id: unknown;
}

/** A line that cannot be embedded. */
export interface BadLine {
  number: number;
  /** As far as it could be read. */
  id: unknown;
  error: InvalidInputError;
}

export const isBad = (line: JsonLine | BadLine): line is BadLine => 'error' in line;

/** Reads `file` (or stdin), and sees whether its images are there. What is wrong with a line stands in its place. */
export async function readJsonLines(file: string): Promise<(JsonLine | BadLine)[]> {
  const folder = file === STDIN ? process.cwd() : path.dirname(path.resolve(file));
  const parsed = parseLines(file === STDIN ? await readStdin() : await readJsonFile(file), folder);
  return Promise.all(parsed.map(async (line) => (isBad(line) ? line : checkImageFiles(line))));
}

/** @param folder that paths of images count from */
export function parseLines(bytes: Uint8Array, folder: string): (JsonLine | BadLine)[] {
  const lines = linesOf(bytes);
  while (lines.length > 0 && isBlank(lines.at(-1)!)) lines.pop();
  return lines.map((line, i) => {
    let id: unknown;
    try {
      const value = parseObject(line, i + 1);
      id = value.id;
      return parseLine(value, i + 1, folder);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      return { number: i + 1, id, error };
    }
  });
}

/** Puts the line's number in front of what is wrong with it. */
export function lineError(number: number, problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`line ${number}: ${problem}`, { line: number }, { cause });
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function readJsonFile(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new SourceNotFoundError(`${file} cannot be read (${cause.code}).`, { file }, { cause });
  });
}

/** Split before decoding: a byte that is no UTF-8 is one line's fault. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start <= bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    if (end < 0) break;
    start = end + 1;
  }
  return lines;
}

const isBlank = (line: Uint8Array) => line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** UTF-8, with a byte order mark or without. */
function decodeLine(line: Uint8Array, number: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch (cause) {
    throw lineError(number, 'is not UTF-8.', cause);
  }
}

function parseObject(line: Uint8Array, number: number): Record<string, unknown> {
  const text = decodeLine(line, number);
  if (text.trim() === '') throw lineError(number, 'is empty.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw lineError(number, `is not JSON (${cause instanceof Error ? cause.message : String(cause)}).`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw lineError(number, 'is not a JSON object with "text", "image" or both.');
  }
  return value as Record<string, unknown>;
}

function parseLine(value: Record<string, unknown>, number: number, folder: string): JsonLine {
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    const known = KEYS.map((key) => JSON.stringify(key)).join(', ');
    throw lineError(number, `has the unknown key ${JSON.stringify(unknown)}; known are ${known}.`);
  }
  const string = (key: string): string | undefined => {
    const given = value[key] ?? undefined; // null, as Python writes None, is as good as absent
    if (given === undefined || typeof given === 'string') return given;
    throw lineError(number, `"${key}" is not a string.`);
  };
  const [text, instruction, prefix] = [string('text'), string('instruction'), string('prefix')];
  const role = ROLES.find((each) => each === value.role);
  if (role === undefined && (value.role ?? undefined) !== undefined) {
    throw lineError(number, '"role" is neither "query" nor "document".');
  }
  const image = value.image ?? undefined;
  const given = image === undefined ? [] : Array.isArray(image) ? (image as unknown[]) : [image];
  const pictures = given.map((each) => (isPath(each) ? pathToFileURL(path.resolve(folder, each)) : bytesOf(each)));
  if ((Array.isArray(image) && pictures.length === 0) || !pictures.every((each) => each !== null)) {
    throw lineError(number, '"image" is neither a path, nor {"bytes": base64}, nor a list of them.');
  }
  if (image === undefined && (text === undefined || text === '')) {
    throw lineError(number, 'has neither text nor image.');
  }
  const imageInput = image === undefined ? {} : { image: Array.isArray(image) ? pictures : pictures[0]! };
  const parts = Object.entries({ text, instruction, role, prefix }).filter(([, part]) => part !== undefined);
  return {
    number,
    id: value.id,
    input: { ...Object.fromEntries(parts), ...imageInput },
    imagePath:
      given.length === 0 || !given.every(isPath) ? null : Array.isArray(image) ? JSON.stringify(image) : given[0]!,
  };
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/** `{"bytes": base64}`: the two keys that datasets give a picture are `bytes` and `path`, of which one is set. */
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof value !== 'object' || value === null) return null;
  const { bytes, ...rest } = value as Record<string, unknown>;
  if (typeof bytes !== 'string' || bytes === '' || Object.values(rest).some((each) => each !== null)) return null;
  const decoded = Buffer.from(bytes, 'base64'); // ends at what is no base64, without a word
  const length = Math.floor((bytes.replace(/=+$/, '').length * 3) / 4);
  return decoded.length === length ? new Uint8Array(decoded) : null;
}

export async function checkImageFiles(line: JsonLine): Promise<JsonLine | BadLine> {
  const { number, id, input } = line;
  for (const url of [input.image ?? []].flat()) {
    if (!(url instanceof URL)) continue;
    const status = await stat(url).catch(() => null);
    if (status?.isFile()) continue;
    const file = fileURLToPath(url);
    return {
      number,
      id,
      error: lineError(number, status ? `${file} is not a file.` : `there is no image at ${file}.`),
    };
  }
  return line;
}
