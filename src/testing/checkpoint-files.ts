/** @file Writers of safetensors, pickles and torch archives for tests: well-formed, or not on purpose. */

import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../bundle/crc32';
import type { ByteSource, FileTree } from '../checkpoint/types';

/** Bytes as a source that refuses reads outside it, as the contract says. */
export function bytesSource(bytes: Uint8Array, name = 'test file'): ByteSource & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    name,
    size: bytes.length,
    reads,
    read: (start, end, signal) => {
      signal?.throwIfAborted();
      if (!(start >= 0 && start <= end && end <= bytes.length))
        throw new Error(`test read out of range: ${start} ${end}`);
      reads.push([start, end]);
      return Promise.resolve(bytes.slice(start, end));
    },
  };
}

export interface PlainTensor {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** A safetensors file of these tensors in order. */
export function safetensors(tensors: Record<string, PlainTensor>, metadata?: Record<string, string>): Uint8Array {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const entry = { dtype, shape, data_offsets: [offset, (offset += bytes.length)] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (metadata) entries.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  return rawSafetensors(`{${entries.join(',')}}`, concat(Object.values(tensors).map(({ bytes }) => bytes)));
}

/** A safetensors file, each of its tensors replaced by what `change` makes of it. */
export function rewrittenTensors(
  file: Uint8Array,
  change: (name: string, tensor: PlainTensor) => [string, PlainTensor][],
): Uint8Array {
  const dataStart = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart))) as Record<string, Entry>;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .flatMap(([name, { dtype, shape, data_offsets: offsets }]) =>
      change(name, { dtype, shape, bytes: file.slice(dataStart + offsets[0], dataStart + offsets[1]) }),
    );
  return safetensors(Object.fromEntries(tensors));
}

/** A safetensors file with any header text at all. */
export function rawSafetensors(header: string, data: Uint8Array, claimedLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, claimedLength ?? BigInt(text.length), true);
  return concat([length, text, data]);
}

export function f32(values: readonly number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Pickle opcodes, protocol 2: what tests assemble programs from. */
export const pickle = {
  proto: Uint8Array.of(0x80, 2),
  stop: ascii('.'),
  mark: ascii('('),
  tuple: ascii('t'),
  emptyTuple: ascii(')'),
  emptyDict: ascii('}'),
  emptyList: ascii(']'),
  reduce: ascii('R'),
  build: ascii('b'),
  persistentId: ascii('Q'),
  setItems: ascii('u'),
  none: ascii('N'),
  no: Uint8Array.of(0x89),
  global: (module: string, name: string): Uint8Array => ascii(`c${module}\n${name}\n`),
  integer: (value: number): Uint8Array => {
    const bytes = new Uint8Array(10);
    bytes.set([0x8a, 8]); // LONG1
    new DataView(bytes.buffer).setBigInt64(2, BigInt(value), true);
    return bytes;
  },
  text: (value: string): Uint8Array => {
    const bytes = new TextEncoder().encode(value);
    const head = new Uint8Array(5);
    head[0] = 0x58; // BINUNICODE
    new DataView(head.buffer).setUint32(1, bytes.length, true);
    return concat([head, bytes]);
  },
};

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export interface TorchTensor {
  /** `FloatStorage` */
  storageType: string;
  /** Entry `data/<key>`. */
  key: string;
  elements: number;
  offset: number;
  shape: number[];
  strides: number[];
}

/** The program that builds one tensor, as `torch.save` writes it. */
export function tensorProgram({ storageType, key, elements, offset, shape, strides }: TorchTensor): Uint8Array {
  const { mark, tuple, text, integer, global } = pickle;
  return concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    mark,
    mark,
    text('storage'),
    global('torch', storageType),
    text(key),
    text('cpu'),
    integer(elements),
    tuple,
    pickle.persistentId,
    integer(offset),
    mark,
    ...shape.map(integer),
    tuple,
    mark,
    ...strides.map(integer),
    tuple,
    pickle.no,
    global('collections', 'OrderedDict'),
    pickle.emptyTuple,
    pickle.reduce,
    tuple,
    pickle.reduce,
  ]);
}

/** The program of a whole state dict. */
export function stateDictProgram(tensors: Record<string, TorchTensor>): Uint8Array {
  const items = Object.entries(tensors).flatMap(([name, tensor]) => [pickle.text(name), tensorProgram(tensor)]);
  return concat([pickle.proto, pickle.emptyDict, pickle.mark, ...items, pickle.setItems, pickle.stop]);
}

export interface ZipOptions {
  /** Changes an entry's central record before it is written. */
  lie?: (name: string, record: DataView) => void;
  /** Write sizes and offsets in zip64 fields, as for archives above 4 GB. */
  zip64?: boolean;
  /** Compress the entries. */
  deflate?: boolean;
}

/** A zip archive in the layout of `torch.save`: stored entries, unless they are to be deflated. */
export function zip(entries: Record<string, Uint8Array>, { lie, zip64, deflate }: ZipOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, contents] of Object.entries(entries)) {
    const data = deflate ? new Uint8Array(deflateRawSync(contents)) : contents;
    const method = deflate ? 8 : 0;
    const crc = crc32(contents);
    const rawName = ascii(name);
    const padding = 4 + ((64 - ((offset + 30 + rawName.length + 4) % 64)) % 64);
    const local = new Uint8Array(30 + rawName.length + padding);
    const header = new DataView(local.buffer);
    header.setUint32(0, 0x04034b50, true);
    header.setUint16(8, method, true);
    header.setUint32(14, crc, true);
    header.setUint16(26, rawName.length, true);
    header.setUint16(28, padding, true);
    local.set(rawName, 30);
    header.setUint16(30 + rawName.length, 0x4246, true); // "FB", as torch pads
    header.setUint16(32 + rawName.length, padding - 4, true);

    const extra = zip64 ? 28 : 0;
    const record = new Uint8Array(46 + rawName.length + extra);
    const fields = new DataView(record.buffer);
    fields.setUint32(0, 0x02014b50, true);
    fields.setUint16(28, rawName.length, true);
    fields.setUint16(30, extra, true);
    fields.setUint32(20, zip64 ? 0xffffffff : data.length, true);
    fields.setUint32(24, zip64 ? 0xffffffff : contents.length, true);
    fields.setUint16(10, method, true);
    fields.setUint32(16, crc, true);
    fields.setUint32(42, zip64 ? 0xffffffff : offset, true);
    record.set(rawName, 46);
    if (zip64) {
      const at = 46 + rawName.length;
      fields.setUint16(at, 1, true);
      fields.setUint16(at + 2, 24, true);
      fields.setBigUint64(at + 4, BigInt(contents.length), true);
      fields.setBigUint64(at + 12, BigInt(data.length), true);
      fields.setBigUint64(at + 20, BigInt(offset), true);
    }
    lie?.(name, fields);
    parts.push(local, data);
    central.push(record);
    offset += local.length + data.length;
  }
  const directory = concat(central);
  const end = new Uint8Array(22);
  const fields = new DataView(end.buffer);
  fields.setUint32(0, 0x06054b50, true);
  fields.setUint16(8, central.length, true);
  fields.setUint16(10, central.length, true);
  fields.setUint32(12, directory.length, true);
  fields.setUint32(16, offset, true);
  return concat([...parts, directory, end]);
}

/** A file as `torch.save` writes it. `storages` are the entries `data/<key>`. */
export function torchFile(program: Uint8Array, storages: Record<string, Uint8Array>, options?: ZipOptions): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const);
  return zip(
    {
      'archive/data.pkl': program,
      'archive/byteorder': ascii('little'),
      ...Object.fromEntries(data),
      'archive/version': ascii('3\n'),
    },
    options,
  );
}

/** A tree of the files of another with some replaced, added, or (null) taken away. */
export function changedTree(tree: FileTree, changes: Record<string, Uint8Array | string | null>): FileTree {
  return {
    label: tree.label,
    revision: tree.revision,
    list: async () => {
      const kept = (await tree.list()).filter((path) => changes[path] === undefined);
      return [...kept, ...Object.keys(changes).filter((path) => changes[path] !== null)];
    },
    open: (path, signal) => {
      const change = changes[path];
      if (change == null) return tree.open(change === null ? `${path} (taken away)` : path, signal);
      return Promise.resolve(bytesSource(typeof change === 'string' ? ascii(change) : change, path));
    },
  };
}
