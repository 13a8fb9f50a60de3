/**
 * @file Reading files in Node so that it can be stopped. Node opens a named pipe in a thread that waits until somebody
 * writes; nothing ends that wait, not even the end of the process, which waits for the thread. Here pipes are opened
 * without waiting.
 */

import { constants, createReadStream, openSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';

const PIECE = 2 ** 20;

/** What a path leads to. */
export interface Opened {
  readonly stream: Readable;
  /** Bytes, of a file that has an end; null for pipes and devices. */
  readonly size: number | null;
  /** A device such as /dev/zero, which may have no end. */
  readonly isDevice: boolean;
}

/** Rejects as `stat` and `open` do. */
export async function openForReading(path: string | URL, signal?: AbortSignal): Promise<Opened> {
  const status = await stat(path);
  signal?.throwIfAborted();
  const isDevice = status.isCharacterDevice() || status.isBlockDevice();
  if (status.isFIFO()) return { stream: pipeStream(path, signal), size: null, isDevice };
  const stream = createReadStream(path, { signal, highWaterMark: PIECE });
  return { stream, size: status.isFile() ? status.size : null, isDevice };
}

/** The whole file. Rejects as `stat`, `open` and `read` do; devices are refused with the code `EINVAL`. */
export async function readWhole(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const status = await stat(path);
  signal?.throwIfAborted();
  if (status.isCharacterDevice() || status.isBlockDevice()) {
    throw Object.assign(new Error('a device is not a file'), { code: 'EINVAL' });
  }
  if (!status.isFIFO()) return readFile(path, { signal });
  const pieces: Uint8Array[] = [];
  for await (const piece of pipeStream(path, signal)) pieces.push(piece as Uint8Array);
  return new Uint8Array(Buffer.concat(pieces));
}

/** A socket of the event loop, which ends when every writer has closed the pipe. */
function pipeStream(path: string | URL, signal?: AbortSignal): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // does not wait, so it need not be asynchronous
  const stream = new Socket({ fd, readable: true, writable: false });
  return signal ? addAbortSignal(signal, stream) : stream;
}
