/**
 * @file JSON from untrusted files. `JSON.parse` silently keeps the last of two equal keys, so two readers of
 * one file could then see different tensors. Here equal keys, deep nesting and too many keys are refused.
 */

import { isRecord } from '../arguments';
import { CheckpointFormatError, SourceNotFoundError } from '../errors';
import { quote } from './quote';
import type { FileTree } from './types';

const MAX_DEPTH = 64;
/** Far above any real config or shard index. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const MAX_JSON_KEYS = 1_000_000;

/** An object from {@link parseJson}. Read it with `Object.hasOwn`/`Object.entries`: the file chooses the keys. */
export type JsonObject = Record<string, unknown>;

/** True for `{…}`, false for arrays, null and everything else. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isRecord(value);
}

/**
 * Refuses equal keys in one object. The grammar is left to `JSON.parse`; on malformed text this only has to terminate.
 */
function checkKeys(text: string, where: string, maxKeys: number): void {
  const open: (Set<string> | null)[] = []; // the keys of each open object, null for an array
  let total = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) {
      if (open.length === MAX_DEPTH) throw new CheckpointFormatError(`${where}: JSON is nested too deeply`);
      open.push(code === 0x7b ? new Set() : null);
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
    } else if (code === 0x22) {
      const start = i;
      let escaped = false;
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) {
        if (text.charCodeAt(i) === 0x5c) {
          escaped = true;
          i++;
        }
      }
      const keys = open.at(-1);
      if (!keys) continue;
      let next = i + 1;
      while (next < text.length && text.charCodeAt(next) <= 0x20) next++;
      if (text.charCodeAt(next) !== 0x3a) continue;
      if (++total > maxKeys) throw new CheckpointFormatError(`${where}: JSON has more than ${maxKeys} keys`);
      let key = text.slice(start + 1, i);
      if (escaped) key = JSON.parse(`"${key}"`) as string;
      if (keys.has(key)) throw new CheckpointFormatError(`${where}: the key ${quote(key)} occurs twice`, { key });
      keys.add(key);
    }
  }
}

/** Parses UTF-8 JSON; `where` names the file in messages. Rejects with {@link CheckpointFormatError}. */
export function parseJson(bytes: Uint8Array, where: string, maxKeys = MAX_JSON_KEYS): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    checkKeys(text, where, maxKeys);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof CheckpointFormatError) throw error;
    throw new CheckpointFormatError(`${where}: not valid UTF-8 JSON`, {}, { cause: error });
  }
}

/** Reads a JSON file whose top level is an object. */
export async function readJsonObject(tree: FileTree, path: string, signal?: AbortSignal): Promise<JsonObject> {
  const source = await tree.open(path, signal);
  if (source.size > MAX_JSON_BYTES) {
    throw new CheckpointFormatError(`${source.name}: ${source.size} bytes is too large for this JSON file`);
  }
  const value = parseJson(await source.read(0, source.size, signal), source.name);
  if (!isJsonObject(value)) throw new CheckpointFormatError(`${source.name}: expected a JSON object`);
  if (Object.hasOwn(value, '__proto__')) throw new CheckpointFormatError(`${source.name}: has the key "__proto__"`);
  return value;
}

/** Like {@link readJsonObject}, but null if there is no such file. */
export async function readJsonObjectIfThere(
  tree: FileTree,
  path: string,
  signal?: AbortSignal,
): Promise<JsonObject | null> {
  try {
    return await readJsonObject(tree, path, signal);
  } catch (error) {
    if (error instanceof SourceNotFoundError) return null;
    throw error;
  }
}
