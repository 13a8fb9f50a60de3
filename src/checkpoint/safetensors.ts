/**
 * @file Reads safetensors headers. It enforces every rule of the format's reference implementation
 * (huggingface/safetensors, `tensor.rs`), and what JavaScript needs on top: exact integers, and names kept in a Map.
 */

import { CheckpointFormatError, UnsupportedError } from '../errors';
import { DTYPE_BYTES } from './dtype';
import { isJsonObject, parseJson } from './json';
import { quote } from './quote';
import type { ByteSource, TensorDtype } from './types';
import { MAX_RANK, MAX_TENSORS, checkedElements, type TensorView } from './view';

const LENGTH_BYTES = 8;
/** The reference's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** Room for the dtype, shape, data_offsets and name of each tensor, and for `__metadata__`. */
const MAX_HEADER_KEYS = 4 * MAX_TENSORS + 10_000;
/** Types of the format that none of the weights read here has. */
const UNREAD_DTYPE = /^(?:F4|F6_E2M3|F6_E3M2|F8_E4M3|F8_E5M2|F8_E8M0|F8_E4M3FNUZ|F8_E5M2FNUZ|U16|U32|U64|C64)$/;

/** Reads and checks the header of a safetensors file: its tensors by name. */
export async function parseSafetensors(source: ByteSource, signal?: AbortSignal): Promise<Map<string, TensorView>> {
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${source.name}: ${what}`);
  };
  if (source.size < LENGTH_BYTES + 2) fail('too short for a safetensors file');
  const head = await source.read(0, LENGTH_BYTES, signal);
  const length = Number(new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) fail(`the header claims ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed`);
  if (length > source.size - LENGTH_BYTES) fail(`the header claims ${length} bytes, but the file ends before that`);
  const header = await source.read(LENGTH_BYTES, LENGTH_BYTES + length, signal);
  if (header[0] !== 0x7b) fail('the header does not start with {');
  const root = parseJson(header, source.name, MAX_HEADER_KEYS);
  if (!isJsonObject(root)) return fail('the header is not a JSON object');

  const dataStart = LENGTH_BYTES + length;
  const spans: { view: TensorView; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(root)) {
    if (name === '__metadata__') {
      if (!isJsonObject(entry) || Object.values(entry).some((value) => typeof value !== 'string')) {
        fail('__metadata__ must map strings to strings');
      }
      continue;
    }
    spans.push(parseEntry(source, name, entry, dataStart));
  }
  if (spans.length > MAX_TENSORS) fail(`has more than ${MAX_TENSORS} tensors`);

  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, TensorView>();
  let reached = 0;
  for (const { view, begin, end } of spans) {
    if (begin !== reached) {
      fail(`the data of ${quote(view.name)} ${begin < reached ? 'overlaps' : 'leaves a hole after'} its neighbour's`);
    }
    reached = end;
    tensors.set(view.name, view);
  }
  if (dataStart + reached !== source.size) {
    fail(
      `the tensors end at byte ${dataStart + reached}, the file at ${source.size}: it is truncated or has extra bytes`,
    );
  }
  return tensors;
}

function parseEntry(
  source: ByteSource,
  name: string,
  entry: unknown,
  dataStart: number,
): { view: TensorView; begin: number; end: number } {
  const where = `${source.name}: tensor ${quote(name)}`;
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${where} ${what}`, { tensor: name });
  };
  if (!isJsonObject(entry)) return fail('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    if (typeof dtype === 'string' && UNREAD_DTYPE.test(dtype)) {
      throw new UnsupportedError(`${where} has the dtype ${dtype}, which is not supported`, { tensor: name, dtype });
    }
    return fail('has an unknown dtype');
  }
  if (!Array.isArray(shape) || shape.length > MAX_RANK) return fail('has no proper shape');
  if (!Array.isArray(offsets) || offsets.length !== 2) return fail('has no proper data_offsets');
  const [begin, end] = offsets as unknown[];
  if (!isOffset(begin) || !isOffset(end) || begin > end) return fail('has no proper data_offsets');
  if (!shape.every((length) => typeof length === 'number')) return fail('has no proper shape');
  const bytes = checkedElements(shape, where) * DTYPE_BYTES[dtype as TensorDtype];
  if (bytes !== end - begin) fail(`needs ${bytes} bytes for its shape and dtype, but has ${end - begin}`);
  if (dataStart + end > source.size) fail('ends after the end of the file');
  const view = { name, dtype: dtype as TensorDtype, shape, strides: null, source, start: dataStart + begin };
  return { view, begin, end };
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
