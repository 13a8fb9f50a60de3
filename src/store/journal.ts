/** @file A writer's notes as lines of JSON: appended, never changed, and valid up to the last line that is complete. */

import type { FileWriter, Journal } from '../bundle/storage';

export const JOURNAL_PATH = 'journal.jsonl';

/** The notes in a journal's bytes, and how many of the bytes they take. */
export function parseJournal(bytes: Uint8Array): { notes: unknown[]; length: number } {
  const notes: unknown[] = [];
  let length = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, length)) {
    try {
      notes.push(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(length, end))));
    } catch {
      break;
    }
    length = end + 1;
  }
  return { notes, length };
}

/** What a {@link FileJournal} needs its file to do. */
export interface JournalFile extends FileWriter {
  truncate(length: number): Promise<void>;
  /** Makes what was written survive a crash. */
  flush(): Promise<void>;
}

/** A journal in a file. */
export class FileJournal implements Journal {
  readonly notes: unknown[];
  readonly #file: JournalFile;
  readonly #flushFiles: () => Promise<void>;
  #length: number;

  /** @param flushFiles makes what was written to the bundle's files survive a crash */
  constructor(file: JournalFile, before: Uint8Array, flushFiles: () => Promise<void>) {
    const { notes, length } = parseJournal(before);
    this.notes = notes;
    this.#length = length;
    this.#file = file;
    this.#flushFiles = flushFiles;
  }

  async add(note: unknown): Promise<void> {
    await this.#flushFiles();
    const line = new TextEncoder().encode(`${JSON.stringify(note)}\n`);
    await this.#file.write(line, this.#length);
    await this.#file.truncate(this.#length + line.length); // a crash may have left part of a longer line here
    await this.#file.flush();
    this.#length += line.length;
    this.notes.push(note);
  }

  async clear(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.flush();
    this.#length = 0;
    this.notes.length = 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
