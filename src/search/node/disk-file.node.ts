/** @file A file on disk with the interface of browser files: nothing is read before it is requested. */

import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { domError } from './dom-error.node.js';

/** A part of a file. Only what is overridden here works; structured clones and streams would be empty. */
export class DiskBlob extends Blob {
  readonly #path: string;
  readonly #from: number;
  readonly #to: number;

  constructor(path: string, from: number, to: number) {
    super([]);
    this.#path = path;
    this.#from = from;
    this.#to = to;
  }

  override get size(): number {
    return this.#to - this.#from;
  }

  /** Whether another part of the same file begins where this one ends: then both are joined, else null. */
  joined(next: Blob): DiskBlob | null {
    const fits = next instanceof DiskBlob && next.#path === this.#path && next.#from === this.#to;
    return fits ? new DiskBlob(this.#path, this.#from, next.#to) : null;
  }

  override slice(from?: number, to?: number): Blob {
    const [start, end] = clamp(this.size, from, to);
    return new DiskBlob(this.#path, this.#from + start, this.#from + end);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return readRange(this.#path, this.#from, this.#to);
  }
}

/** The state of a file when it was looked at; reading fails with the error names that browsers use. */
export class DiskFile extends File {
  readonly path: string;
  readonly #size: number;

  /** @param modified in milliseconds since 1970 */
  constructor(path: string, { size, modified }: { size: number; modified: number }) {
    // Whole milliseconds, as in browsers, so that an index made there finds its files unchanged.
    super([], basename(path), { lastModified: Math.floor(modified) });
    this.path = path;
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(from?: number, to?: number): Blob {
    return new DiskBlob(this.path, ...clamp(this.#size, from, to));
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return readRange(this.path, 0, this.#size);
  }
}

/** A file that is known to be there, and that fails to be read for a reason. */
export class UnreadableFile extends File {
  readonly #size: number;
  readonly #reason: Error;

  /** @param modified in milliseconds since 1970 */
  constructor(name: string, { size, modified, reason }: { size: number; modified: number; reason: Error }) {
    super([], name, { lastModified: Math.floor(modified) });
    this.#size = size;
    this.#reason = reason;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(): Blob {
    return this;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    throw this.#reason;
  }
}

function clamp(size: number, from = 0, to = size): [number, number] {
  const place = (at: number) => (at < 0 ? Math.max(0, size + at) : Math.min(at, size));
  return [place(from), Math.max(place(from), place(to))];
}

async function readRange(path: string, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  try {
    const handle = await open(path, 'r');
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw new DOMException(`${path} has become shorter.`, 'NotReadableError');
        done += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw domError(cause);
  }
  return bytes.buffer;
}
