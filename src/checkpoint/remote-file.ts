/**
 * @file Files on a server whose hashes are known. Small ones are fetched in one piece, verified before any byte is
 * used, and kept. Large ones are read by ranges and verified by a pass from front to back (`remote-pass.ts`).
 */

import { hexDigest } from '../bundle/digest';
import { CheckpointFormatError, IntegrityError } from '../errors';
import type { HttpFile } from '../net';
import { ReadAhead } from './read-ahead';
import { RemotePass } from './remote-pass';
import type { ByteSource } from './types';

/** A file that arrives with the wrong hash is fetched this many times in all. */
const FETCHES = 2;

export interface RemoteFileOptions {
  file: HttpFile;
  size: number;
  /** Lower-case hex, for an LFS object. */
  sha256: string | null;
  /** Git's name for the contents, SHA-1 over a header and them; for a file that is not an LFS object. */
  gitOid: string | null;
  /** Length of the requests of a pass. @default 8 MiB */
  blockBytes?: number;
}

/** A small file: fetched at the first read. */
export function wholeFile({ file, size, sha256, gitOid }: RemoteFileOptions): ByteSource {
  let contents: Promise<Uint8Array> | null = null;
  const fetchVerified = async (signal?: AbortSignal): Promise<Uint8Array> => {
    for (let fetches = 1; ; fetches++) {
      const bytes = await file.read(0, size, signal);
      const [expected, actual] = sha256
        ? [sha256, await hexDigest('SHA-256', bytes)]
        : [gitOid, gitOid && (await gitName(bytes))];
      if (actual === expected) return bytes;
      if (fetches === FETCHES) throw wrongHash(file.name, expected!, actual!);
    }
  };
  return {
    name: file.name,
    size,
    ...version(sha256 ?? gitOid),
    read: async (start, end, signal) => {
      signal?.throwIfAborted();
      checkRange(file.name, size, start, end);
      contents ??= fetchVerified(signal);
      try {
        return (await contents).slice(start, end);
      } catch (error) {
        contents = null; // the next read tries again
        throw error;
      }
    },
  };
}

/** A large file. Without a known hash it has no pass. */
export function rangedFile({ file, size, sha256, blockBytes }: RemoteFileOptions): ByteSource {
  const pass = sha256 === null ? undefined : new RemotePass(file, size, sha256, blockBytes);
  const fetchRange: ByteSource['read'] = async (start, end, signal) => {
    const bytes = await file.read(start, end, signal);
    pass?.claim(start, end, bytes);
    return bytes;
  };
  const ahead = new ReadAhead(size, fetchRange);
  return {
    name: file.name,
    size,
    ...version(sha256),
    ...(pass ? { pass } : {}),
    read: async (start, end, signal) => {
      signal?.throwIfAborted();
      checkRange(file.name, size, start, end);
      if (start === end) return new Uint8Array(0);
      return pass?.active ? pass.read(start, end, signal) : ahead.read(start, end, signal);
    },
  };
}

export function wrongHash(name: string, expected: string, actual: string): IntegrityError {
  return new IntegrityError(
    `${name} arrived ${FETCHES} times with a hash (${actual}) that differs from the Hub's (${expected}). The server, or something ` +
      'in between, changes it: try another network, or try later.',
    { file: name, expected, actual },
  );
}

function version(hash: string | null): { version?: string } {
  return hash === null ? {} : { version: hash };
}

function checkRange(name: string, size: number, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= size) return;
  throw new CheckpointFormatError(`${name}: bytes ${start}…${end} of ${size} were requested`);
}

function gitName(bytes: Uint8Array): Promise<string> {
  const header = new TextEncoder().encode(`blob ${bytes.length}\0`);
  const whole = new Uint8Array(header.length + bytes.length);
  whole.set(header);
  whole.set(bytes, header.length);
  return hexDigest('SHA-1', whole);
}
