/**
 * @file Checks what the pages of a Parquet file claim before hyparquet believes it, since it allocates as many values
 * as a page's header states. Headers are in Thrift's compact protocol:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md, and their fields those of
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
 */
import type { AsyncBuffer, FileMetaData } from 'hyparquet';

/** Far above the size of a page's header, including statistics. */
const HEADER_BYTES = 64 * 1024;
/** Usual pages have a megabyte. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;
const MAX_DEPTH = 16;
/** The fewest bytes that a value of each type takes in a dictionary. */
const LEAST_BYTES: Record<string, number> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 4 };
/** Numbers by field, structs within structs. */
type Struct = Map<number, number | Struct>;

/** @throws Error for a page that claims more than its column has, or than the file contains */
export async function checkPages(file: AsyncBuffer, metadata: FileMetaData): Promise<void> {
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: column } of columns) {
      if (!column) continue;
      const first = column.dictionary_page_offset ? column.dictionary_page_offset : column.data_page_offset;
      const end = Number(first) + Number(column.total_compressed_size);
      if (!(Number(first) >= 0 && end >= Number(first) && end <= file.byteLength))
        throw new Error('a column ends outside the file');
      for (let at = Number(first), values = 0; at < end && values < Number(column.num_values);) {
        const reader = new ThriftReader(new Uint8Array(await file.slice(at, Math.min(end, at + HEADER_BYTES))));
        const header = reader.struct();
        const uncompressed = numberAt(header, 2);
        const compressed = numberAt(header, 3);
        const isData = header.has(5) || header.has(8);
        const count = numberAt(header.get(5) ?? header.get(7) ?? header.get(8), 1);
        at += reader.at + compressed;
        if (isData) values += count;
        // A dictionary may hold more than its column uses, so only its size limits what is possible.
        const most = isData ? Number(column.num_values) : uncompressed / (LEAST_BYTES[column.type] ?? 1);
        if (uncompressed > MAX_PAGE_BYTES || at > end || count > most) {
          throw new Error(`a page claims ${count} values in ${uncompressed} bytes`);
        }
      }
    }
  }
}

function numberAt(struct: number | Struct | undefined, field: number): number {
  const value = struct instanceof Map ? struct.get(field) : undefined;
  if (typeof value === 'number' && value >= 0) return value;
  throw new Error(`a page's header has no field ${field}`);
}

class ThriftReader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth = 0): Struct {
    if (depth > MAX_DEPTH) throw new Error('a page header is nested too deeply');
    const fields: Struct = new Map();
    for (let field = 0; ;) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return fields;
      field = byte >> 4 === 0 ? zigzag(this.#varint()) : field + (byte >> 4);
      const value = this.#value(type, depth);
      if (value !== undefined) fields.set(field, value);
    }
  }

  #value(type: number, depth: number): number | Struct | undefined {
    switch (type) {
      case 1: // true
      case 2:
        return undefined;
      case 3:
        this.#byte();
        return undefined;
      case 4:
      case 5:
      case 6:
        return zigzag(this.#varint());
      case 7:
        this.#skip(8);
        return undefined;
      case 8:
        this.#skip(this.#varint());
        return undefined;
      case 9:
      case 10: {
        const head = this.#byte();
        const size = head >> 4 === 15 ? this.#varint() : head >> 4;
        for (let i = 0; i < size; i++) {
          // Within lists each boolean is a byte.
          if ((head & 15) <= 2) this.#byte();
          else this.#value(head & 15, depth + 1);
        }
        return undefined;
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new Error(`a page header has a field of type ${type}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error('a page header ends early');
    return byte;
  }

  #skip(count: number): void {
    if (this.at + count > this.#bytes.length) throw new Error('a page header ends early');
    this.at += count;
  }

  /** At most 2^53: as a number, since shifts have 32 bits only. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (!(value <= Number.MAX_SAFE_INTEGER)) throw new Error('a page header has a number that is too large');
      if (byte < 128) return value;
    }
  }
}

const zigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
