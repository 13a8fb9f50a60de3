/**
 * @file Reads zip archives in place: those that `torch.save` writes (entries stored without compression) and, where
 * asked for, those of data sets (deflated entries); zip64 where needed. The central directory is authoritative; every
 * local header is checked against it before its data is read. Entries that overlap, leave the file, are encrypted or
 * appear twice are refused.
 */

import { CheckpointFormatError } from '../errors';
import { inflated } from './inflate';
import { quote } from './quote';
import type { ByteSource } from './types';

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const ZIP64_END_BYTES = 56;
const ZIP64_LOCATOR_BYTES = 20;
const MAX_COMMENT = 0xffff;
const MAX_ENTRIES = 200_000;
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

export interface ZipOptions {
  /** Read deflated entries too. torch never writes them. @default false */
  deflate?: boolean;
  signal?: AbortSignal;
}

interface Entry {
  name: string;
  /** Raw bytes of the name, to compare with the local header. */
  rawName: Uint8Array;
  /** Offset of the local header. */
  offset: number;
  method: number;
  /** Bytes in the archive. */
  stored: number;
  /** Bytes of the contents. */
  size: number;
  /** CRC-32 of the contents, in hex. */
  crc: string;
  /** The data must end at or before this byte: the next entry's header, or the directory. */
  limit: number;
}

interface Directory {
  offset: number;
  bytes: number;
  entries: number;
  /** Where the end-of-directory records begin. */
  end: number;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * The entries of an archive by name, each a source of its own, with its CRC-32 in hex as `version`. Data offsets are
 * looked up when an entry is first read. Checking the CRC is left to the reader, except for deflated entries.
 */
export async function openZip(source: ByteSource, options: ZipOptions = {}): Promise<Map<string, ByteSource>> {
  const { deflate = false, signal } = options;
  const directory = await findDirectory(source, signal);
  const bytes = await source.read(directory.offset, directory.offset + directory.bytes, signal);
  const entries = readDirectory(source, directory, bytes, deflate);
  entries.sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of entries.entries()) {
    entry.limit = entries[i + 1]?.offset ?? directory.offset;
    if (entry.offset + LOCAL_BYTES + entry.rawName.length + entry.stored > entry.limit) {
      throw new CheckpointFormatError(`${source.name}: the zip entry ${quote(entry.name)} overlaps what follows it`);
    }
  }
  return new Map(
    entries.map((entry) => {
      const data = new EntrySource(source, entry);
      return [entry.name, entry.method === STORED ? data : inflated(data, entry.size, entry.crc)];
    }),
  );
}

async function findDirectory(source: ByteSource, signal?: AbortSignal): Promise<Directory> {
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${source.name}: ${what}`);
  };
  if (source.size < END_BYTES) fail('too short for a zip archive');
  const tailStart = Math.max(0, source.size - END_BYTES - MAX_COMMENT - ZIP64_LOCATOR_BYTES);
  const tail = view(await source.read(tailStart, source.size, signal));
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && !(tail.getUint32(at, true) === END_SIGNATURE && isEnd(tail, at))) at--;
  if (at < 0) return fail('no end of a zip directory: the file is truncated or not a zip archive');

  const directory: Directory = {
    entries: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
    end: tailStart + at,
  };
  if (tail.getUint16(at + 4, true) !== 0 || tail.getUint16(at + 6, true) !== 0) fail('is part of a split archive');
  const locator = at - ZIP64_LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === ZIP64_LOCATOR_SIGNATURE) {
    const offset = Number(tail.getBigUint64(locator + 8, true));
    if (offset + ZIP64_END_BYTES > tailStart + locator) fail('the zip64 directory is outside the file');
    const record = view(await source.read(offset, offset + ZIP64_END_BYTES, signal));
    if (record.getUint32(0, true) !== ZIP64_END_SIGNATURE) fail('the zip64 directory is not where it should be');
    if (record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0) fail('is part of a split archive');
    directory.entries = Number(record.getBigUint64(32, true));
    directory.bytes = Number(record.getBigUint64(40, true));
    directory.offset = Number(record.getBigUint64(48, true));
    directory.end = offset;
  }
  if (directory.entries > MAX_ENTRIES) fail(`claims ${directory.entries} zip entries`);
  if (directory.bytes > MAX_DIRECTORY_BYTES) fail(`claims a zip directory of ${directory.bytes} bytes`);
  if (directory.offset + directory.bytes > directory.end) fail('the zip directory is outside the file');
  return directory;
}

/** The record's comment must end with the file. */
function isEnd(tail: DataView, at: number): boolean {
  return at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength;
}

function readDirectory(source: ByteSource, directory: Directory, bytes: Uint8Array, deflate: boolean): Entry[] {
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${source.name}: ${what}`);
  };
  const records = view(bytes);
  const names = new Set<string>();
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < directory.entries; i++) {
    if (at + CENTRAL_BYTES > bytes.length || records.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      fail('the zip directory is broken');
    }
    const nameLength = records.getUint16(at + 28, true);
    const extraLength = records.getUint16(at + 30, true);
    const next = at + CENTRAL_BYTES + nameLength + extraLength + records.getUint16(at + 32, true);
    if (next > bytes.length) fail('the zip directory is broken');
    const rawName = bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength);
    const name = new TextDecoder().decode(rawName);
    if ((records.getUint16(at + 8, true) & 1) !== 0) fail(`the zip entry ${quote(name)} is encrypted`);
    const method = records.getUint16(at + 10, true);
    if (method !== STORED && !(deflate && method === DEFLATED)) {
      fail(
        `the zip entry ${quote(name)} is compressed${deflate ? ` by method ${method}` : ', which torch never does'}`,
      );
    }
    if (names.has(name)) fail(`the zip entry ${quote(name)} occurs twice`);
    names.add(name);

    // Numbers that do not fit 32 bits are all ones there and follow in the zip64 field, in this order.
    const extraStart = at + CENTRAL_BYTES + nameLength;
    const zip64 = zip64Field(records, extraStart, extraStart + extraLength);
    const wide = (value: number): number =>
      value === 0xffffffff ? (zip64.shift() ?? fail('lacks a zip64 size')) : value;
    const size = wide(records.getUint32(at + 24, true));
    const stored = wide(records.getUint32(at + 20, true));
    const offset = wide(records.getUint32(at + 42, true));
    if (method === STORED && stored !== size) fail(`the zip entry ${quote(name)} gives two sizes`);
    if (![size, stored, offset].every(Number.isSafeInteger)) {
      fail(`the zip entry ${quote(name)} is outside the file`);
    }
    const crc = records
      .getUint32(at + 16, true)
      .toString(16)
      .padStart(8, '0');
    entries.push({ name, rawName, offset, method, stored, size, crc, limit: 0 });
    at = next;
  }
  return entries;
}

/** The 64-bit numbers of extra field 1, in order. */
function zip64Field(records: DataView, start: number, end: number): number[] {
  const numbers: number[] = [];
  for (let at = start; at + 4 <= end;) {
    const length = records.getUint16(at + 2, true);
    if (records.getUint16(at, true) === 1) {
      for (let n = at + 4; n + 8 <= Math.min(end, at + 4 + length); n += 8) {
        numbers.push(Number(records.getBigUint64(n, true)));
      }
    }
    at += 4 + length;
  }
  return numbers;
}

/** An entry's bytes as they lie in the archive. */
class EntrySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly #archive: ByteSource;
  readonly #entry: Entry;
  #start: number | undefined;

  constructor(archive: ByteSource, entry: Entry) {
    this.name = `${archive.name}: ${quote(entry.name)}`;
    this.size = entry.stored;
    this.version = entry.crc;
    this.#archive = archive;
    this.#entry = entry;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (start < 0 || start > end || end > this.size) {
      throw new CheckpointFormatError(`${this.name}: bytes ${start}…${end} of ${this.size} were requested`);
    }
    this.#start ??= await this.#dataStart(signal);
    return this.#archive.read(this.#start + start, this.#start + end, signal);
  }

  async #dataStart(signal?: AbortSignal): Promise<number> {
    const { offset, rawName, limit, stored, method } = this.#entry;
    const bytes = await this.#archive.read(offset, offset + LOCAL_BYTES + rawName.length, signal);
    const header = view(bytes);
    const nameLength = header.getUint16(26, true);
    const sameName = nameLength === rawName.length && rawName.every((byte, i) => byte === bytes[LOCAL_BYTES + i]);
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE || header.getUint16(8, true) !== method || !sameName) {
      throw new CheckpointFormatError(`${this.name}: the zip directory and the entry's own header disagree`);
    }
    const start = offset + LOCAL_BYTES + nameLength + header.getUint16(28, true);
    if (start + stored > limit) throw new CheckpointFormatError(`${this.name}: the entry overlaps what follows it`);
    return start;
  }
}
