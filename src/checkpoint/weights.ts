/** @file All tensors of a checkpoint folder: in one file or in shards, safetensors or torch, in transformers' order. */

import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../errors';
import { isJsonObject, readJsonObject } from './json';
import { isPlainName } from './paths';
import { quote } from './quote';
import { parseSafetensors } from './safetensors';
import { openTorchFile } from './torch';
import type { FileTree } from './types';
import type { TensorView } from './view';

/** The largest public models have about 200. */
const MAX_SHARDS = 2000;

/** A weight file in both formats; `single` is preferred to `index`, safetensors to torch. */
const CANDIDATES = [
  { single: 'model.safetensors', index: 'model.safetensors.index.json', open: parseSafetensors },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', open: openTorchFile },
] as const;

/** Tensors of a model's folder, by the names in its files. Rejects with {@link SourceNotFoundError} if it has none. */
export async function openWeights(tree: FileTree, signal?: AbortSignal): Promise<Map<string, TensorView>> {
  const files = new Set(await tree.list());
  for (const { single, index, open } of CANDIDATES) {
    if (files.has(single)) return open(await tree.open(single, signal), signal);
    if (files.has(index)) return openShards(tree, index, files, open, signal);
  }
  const names = CANDIDATES.flatMap(({ single, index }) => [single, index]).join(', ');
  throw new SourceNotFoundError(`${tree.label}: no weights; expected one of ${names}`);
}

async function openShards(
  tree: FileTree,
  indexPath: string,
  files: ReadonlySet<string>,
  open: typeof parseSafetensors,
  signal?: AbortSignal,
): Promise<Map<string, TensorView>> {
  const { weight_map: weightMap } = await readJsonObject(tree, indexPath, signal);
  if (!isJsonObject(weightMap)) throw new CheckpointFormatError(`${indexPath}: has no weight_map`);
  const expected = new Map<string, string>();
  for (const [name, file] of Object.entries(weightMap)) {
    if (typeof file !== 'string' || !isPlainName(file)) {
      throw new CheckpointFormatError(`${indexPath}: the shard of ${quote(name)} is not a plain file name`);
    }
    expected.set(name, file);
  }
  const shards = [...new Set(expected.values())].sort();
  if (shards.length > MAX_SHARDS) throw new CheckpointFormatError(`${indexPath}: has more than ${MAX_SHARDS} shards`);
  for (const shard of shards) {
    if (!files.has(shard)) throw new SourceNotFoundError(`${tree.label}: the shard ${quote(shard)} was not found`);
  }
  const tensors = new Map<string, TensorView>();
  for (const shard of shards) {
    for (const [name, view] of await open(await tree.open(shard, signal), signal)) {
      const file = expected.get(name);
      if (file !== shard) {
        const said = file === undefined ? 'does not list it' : `puts it in ${quote(file)}`;
        throw new CheckpointMismatchError(
          `${quote(shard)} contains the tensor ${quote(name)}, but ${indexPath} ${said}`,
          {
            tensor: name,
          },
        );
      }
      tensors.set(name, view);
    }
  }
  for (const [name, shard] of expected) {
    if (!tensors.has(name)) {
      throw new CheckpointMismatchError(`the tensor ${quote(name)} is not in ${quote(shard)}, as ${indexPath} says`, {
        tensor: name,
      });
    }
  }
  return tensors;
}
