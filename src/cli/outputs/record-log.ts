/**
 * @file Values of any form, one after another in a file: rows that a table has not taken yet, or data needed at its
 * end.
 */

import { deserialize, serialize } from 'node:v8';
import { PartialFile, type writingRun } from './partial-file';

const LENGTH_BYTES = 4;

export class RecordLog<T> {
  readonly file: PartialFile;

  private constructor(file: PartialFile) {
    this.file = file;
  }

  /**
   * @param range what was committed, as a byte range; null to start again
   * @returns the records in that range
   */
  static async open<T>(
    name: string,
    range: readonly [number, number] | null,
    named?: typeof writingRun,
  ): Promise<{ log: RecordLog<T>; records: T[] }> {
    const isEmpty = range === null || range[0] === range[1]; // the log may have been truncated since
    const file = await PartialFile.open(name, isEmpty ? null : range[1], named);
    const all = Buffer.from(await file.read(isEmpty ? 0 : range[0], file.bytes));
    const records: T[] = [];
    for (let at = 0; at < all.length;) {
      const end = at + LENGTH_BYTES + all.readUInt32LE(at);
      records.push(deserialize(all.subarray(at + LENGTH_BYTES, end)) as T);
      at = end;
    }
    return { log: new RecordLog<T>(file), records };
  }

  async append(record: T): Promise<void> {
    const body = serialize(record);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(body.length);
    await this.file.append(Buffer.concat([length, body]));
  }
}
