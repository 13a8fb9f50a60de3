/** @file Lazily reads the tensors of `torch.save` files (since torch 1.6: a zip of one pickle and its storages). */

import { CheckpointFormatError, UnsupportedError } from '../errors';
import { DTYPE_BYTES } from './dtype';
import { readPickle } from './pickle';
import { PickleDict, TensorRef } from './pickle-values';
import { quote, showShape } from './quote';
import type { ByteSource } from './types';
import { MAX_RANK, MAX_TENSORS, checkedElements, type TensorView } from './view';
import { openZip } from './zip';

/** 700 tensors need 100 kB. */
const MAX_PICKLE_BYTES = 64 * 1024 * 1024;
const PICKLE_NAME = '/data.pkl';

/** Opens a state dict saved by torch: its tensors by name. */
export async function openTorchFile(source: ByteSource, signal?: AbortSignal): Promise<Map<string, TensorView>> {
  const start = await source.read(0, Math.min(2, source.size), signal);
  if (start[0] !== 0x50 || start[1] !== 0x4b) {
    throw new CheckpointFormatError(
      `${source.name}: not a zip archive as torch.save writes it since 1.6; older files must be saved again`,
    );
  }
  const entries = await openZip(source, { signal });
  const pickles = [...entries.keys()].filter((name) => name.endsWith(PICKLE_NAME) && name.split('/').length === 2);
  const pickleName = pickles[0];
  if (pickles.length !== 1 || pickleName === undefined) {
    throw new CheckpointFormatError(
      `${source.name}: contains ${pickles.length} data.pkl instead of one: not a torch file`,
    );
  }
  const folder = pickleName.slice(0, -PICKLE_NAME.length + 1);
  await checkByteOrder(source, entries.get(`${folder}byteorder`), signal);

  const pickle = entries.get(pickleName)!;
  if (pickle.size > MAX_PICKLE_BYTES) {
    throw new CheckpointFormatError(`${pickle.name}: ${pickle.size} bytes is too large for a state dict's pickle`);
  }
  const dict = readPickle(await pickle.read(0, pickle.size, signal), source.name);
  if (!(dict instanceof PickleDict)) {
    throw new CheckpointFormatError(`${source.name}: does not contain a dict of tensors`);
  }
  if (dict.entries.size > MAX_TENSORS) {
    throw new CheckpointFormatError(`${source.name}: has more than ${MAX_TENSORS} tensors`);
  }
  const tensors = new Map<string, TensorView>();
  for (const [key, value] of dict.entries) {
    if (typeof key !== 'string' || !(value instanceof TensorRef)) {
      throw new CheckpointFormatError(`${source.name}: the entry ${quote(String(key))} is not a tensor`);
    }
    const storage = entries.get(`${folder}data/${value.storage.key}`);
    tensors.set(key, makeView(source, key, value, storage));
  }
  return tensors;
}

async function checkByteOrder(source: ByteSource, entry: ByteSource | undefined, signal?: AbortSignal): Promise<void> {
  if (!entry) return; // before torch 2.1, always little-endian
  const bytes = await entry.read(0, Math.min(entry.size, 16), signal);
  const order = new TextDecoder().decode(bytes);
  if (order !== 'little') throw new UnsupportedError(`${source.name}: the byte order ${quote(order)} is not supported`);
}

function makeView(file: ByteSource, name: string, tensor: TensorRef, source: ByteSource | undefined): TensorView {
  const where = `${file.name}: tensor ${quote(name)}`;
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${where} ${what}`, { tensor: name });
  };
  const { storage, offset, shape, strides } = tensor;
  if (!source) return fail(`is in the storage ${quote(storage.key)}, which does not exist`);
  const size = DTYPE_BYTES[storage.dtype];
  if (storage.elements * size !== source.size) {
    fail(`has a storage of ${source.size} bytes, not ${storage.elements} elements of ${size}`);
  }
  if (shape.length > MAX_RANK || strides.length !== shape.length) fail('has no proper shape and strides');
  const count = checkedElements(shape, where);
  if (count > storage.elements) fail(`${showShape(shape)} has more elements than its storage`);
  let last = offset;
  for (const [axis, length] of shape.entries()) last += Math.max(0, length - 1) * strides[axis]!;
  if (count > 0 && !(last < storage.elements)) fail(`${showShape(shape)} reaches beyond its storage`);
  const rowMajor = count === 0 || isRowMajor(shape, strides);
  return { name, dtype: storage.dtype, shape, strides: rowMajor ? null : strides, source, start: offset * size };
}

/** True where elements follow each other without gaps; the strides of axes of length 1 do not matter. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
