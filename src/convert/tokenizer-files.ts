/** @file The tokenizer files of a checkpoint: what an architecture reads from them, and their copies in the bundle. */

import type { BundleFile } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleWriter } from '../bundle/storage';
import type { Checkpoint } from '../checkpoint';
import { isJsonObject } from '../checkpoint/json';
import type { ByteSource } from '../checkpoint/types';
import { CheckpointFormatError, SourceNotFoundError } from '../errors';
import type { CheckpointFiles } from '../models';
import { HashedFile } from './hashed-file';

const COPY_BYTES = 4 * 1024 * 1024;
const MAX_TOKENIZER_BYTES = 256 * 1024 * 1024;

/** The parts of the tokenizer that an architecture reads. */
export async function readTokenizerFiles(
  { tokenizerFiles }: Checkpoint,
  signal?: AbortSignal,
): Promise<Pick<CheckpointFiles, 'tokenizer' | 'tokenizerConfig'>> {
  for (const { path, source } of tokenizerFiles) {
    if (!isPlainPath(path)) throw new CheckpointFormatError(`The tokenizer file ${path} has an unsafe name.`, { path });
    if (source.size > MAX_TOKENIZER_BYTES)
      throw new CheckpointFormatError(`${source.name} is too large for a tokenizer.`);
  }
  const read = async (name: string): Promise<unknown> => {
    const file = tokenizerFiles.find(({ path }) => path === name);
    if (!file) return null;
    try {
      const bytes = await file.source.read(0, file.source.size, signal);
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
      throw new CheckpointFormatError(`${file.source.name} is not JSON in UTF-8.`, { path: name }, { cause });
    }
  };
  const [tokenizer, tokenizerConfig] = [await read('tokenizer.json'), await read('tokenizer_config.json')];
  if (tokenizer === null)
    throw new SourceNotFoundError("The checkpoint has no tokenizer.json; add its model's to the folder.");
  if (tokenizerConfig !== null && !isJsonObject(tokenizerConfig)) {
    throw new CheckpointFormatError('tokenizer_config.json does not contain a JSON object.', {
      path: 'tokenizer_config.json',
    });
  }
  return { tokenizer, tokenizerConfig };
}

export async function copyFile(
  writer: BundleWriter,
  { path, source }: { path: string; source: ByteSource },
  signal?: AbortSignal,
): Promise<BundleFile> {
  const file = await HashedFile.create(writer, path);
  for (let start = 0; start < source.size; start += COPY_BYTES) {
    await file.write(await source.read(start, Math.min(source.size, start + COPY_BYTES), signal));
  }
  return file.close();
}
