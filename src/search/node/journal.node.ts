/**
 * @file The changes since an index's rows were last written completely: one line each, with a checksum and JSON. A line
 * that a crash cut short does not count, nor does anything after it.
 */

import { createHash } from 'node:crypto';
import { readFile, type FileHandle } from 'node:fs/promises';
import { openToWrite, writeAll, writingKept } from '../../store/write-errors.node.js';
import { closedOnError } from '../library/storage';

const SUM_LENGTH = 16;
const NEWLINE = 0x0a;

function sumOf(json: string | Uint8Array): string {
  return createHash('sha256').update(json).digest('hex').slice(0, SUM_LENGTH);
}

/** Its contents, and how many of its bytes count. A missing file holds nothing. */
export async function readJournal(path: string): Promise<{ entries: unknown[]; bytes: number }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  });
  const entries: unknown[] = [];
  let at = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    const json = bytes.subarray(at + SUM_LENGTH + 1, end);
    if (bytes.toString('latin1', at, at + SUM_LENGTH) !== sumOf(json)) break;
    try {
      entries.push(JSON.parse(json.toString('utf8')));
    } catch {
      break; // not written by this program
    }
    at = end + 1;
  }
  return { entries, bytes: at };
}

export class JournalWriter {
  readonly #path: string;
  readonly #handle: FileHandle;
  #end: number;

  private constructor(path: string, handle: FileHandle, end: number) {
    this.#path = path;
    this.#handle = handle;
    this.#end = end;
  }

  /** @param bytes how many bytes count; the rest is overwritten */
  static async open(path: string, bytes: number): Promise<JournalWriter> {
    return writingKept(path, async () => {
      const handle = await openToWrite(path);
      return closedOnError(handle, async () => {
        await handle.truncate(bytes);
        return new JournalWriter(path, handle, bytes);
      });
    });
  }

  get bytes(): number {
    return this.#end;
  }

  /**
   * Resolves once it is written; with `durable`, once it would survive a power failure.
   * @throws StorageFullError, NotWritableError; it does not count then
   */
  async append(entry: unknown, { durable }: { durable: boolean }): Promise<void> {
    const json = JSON.stringify(entry);
    const line = Buffer.from(`${sumOf(json)} ${json}\n`);
    try {
      await writingKept(this.#path, async () => {
        await writeAll(this.#handle, line, this.#end);
        if (durable) await this.#handle.datasync();
      });
    } catch (error) {
      // A complete line may be there by now, which the caller believes was not written.
      await this.#handle.truncate(this.#end).catch(() => undefined);
      throw error;
    }
    this.#end += line.length;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
