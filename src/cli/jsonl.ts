/** @file The lines of `embed --jsonl`: read, parsed and checked before any model is loaded. */

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import type { InputParts } from '../runtime';

export const STDIN = '-';

export interface JsonLine {
  /** Counted from 1. */
  number: number;
  input: InputParts;
  /** The image's path as it was given. */
  imagePath: string | null;
  /** The line's own `id`, handed through to the output. */
  id: unknown;
}

/** Reads `file` (or stdin). Throws {@link InvalidInputError} naming the line that is wrong. */
export async function readJsonLines(file: string): Promise<JsonLine[]> {
  const folder = file === STDIN ? process.cwd() : path.dirname(path.resolve(file));
  const parsed = parseLines(file === STDIN ? await readStdin() : await readJsonFile(file), folder);
  for (const { number, input } of parsed) {
    if (input.image instanceof URL) await checkImageFile(number, input.image);
  }
  return parsed;
}

/** @param folder that paths of images count from */
export function parseLines(bytes: Uint8Array, folder: string): JsonLine[] {
  const lines = decodeText(bytes).split('\n');
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  return lines.map((line, i) => parseLine(line, i + 1, folder));
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

/** UTF-8, with a byte order mark or without. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidInputError('The JSONL is not UTF-8.', {}, { cause });
  }
}

function parseLine(line: string, number: number, folder: string): JsonLine {
  if (line.trim() === '') throw lineError(number, 'is empty.');
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw lineError(number, `is not JSON (${cause instanceof Error ? cause.message : String(cause)}).`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw lineError(number, 'is not a JSON object with "text", "image" or both.');
  }
  const { id, ...others } = value as Record<string, unknown>;
  const text = others.text ?? undefined; // null, as Python writes None, is as good as absent
  const image = others.image ?? undefined;
  delete others.text;
  delete others.image;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw lineError(number, `has the unknown key ${JSON.stringify(unknown)}; known are "text", "image" and "id".`);
  }
  if (text !== undefined && typeof text !== 'string') throw lineError(number, '"text" is not a string.');
  if (image !== undefined && (typeof image !== 'string' || image === '' || image.includes('\0'))) {
    throw lineError(number, '"image" is not a path.');
  }
  if (image === undefined && (text === undefined || text === '')) {
    throw lineError(number, 'has neither text nor image.');
  }
  const url = image === undefined ? undefined : pathToFileURL(path.resolve(folder, image));
  return { number, id, input: { text, image: url }, imagePath: image ?? null };
}

async function checkImageFile(number: number, url: URL): Promise<void> {
  const status = await stat(url).catch((cause: unknown) => {
    throw lineError(number, `there is no image at ${fileURLToPath(url)}.`, cause);
  });
  if (!status.isFile()) throw lineError(number, `${fileURLToPath(url)} is not a file.`);
}
