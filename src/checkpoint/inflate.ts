/** @file A deflated zip entry as a source: inflated completely at every read, never past its declared size. */

import { crc32Hex } from '../bundle/crc32';
import { CheckpointFormatError } from '../errors';
import type { ByteSource } from './types';

/** No single picture or table of a data set is larger; a declared size beyond it is a bomb. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * Inflates `data`, a raw deflate stream.
 * @param size the bytes that the contents must have
 * @param crc the CRC-32 of the contents, in hex
 */
export function inflated(data: ByteSource, size: number, crc: string): ByteSource {
  const { name } = data;
  return {
    name,
    size,
    version: crc,
    read: async (start, end, signal) => {
      if (start < 0 || start > end || end > size) {
        throw new CheckpointFormatError(`${name}: bytes ${start}…${end} of ${size} were requested`);
      }
      if (size > MAX_BYTES) throw new CheckpointFormatError(`${name}: claims ${size} bytes`);
      const bytes = await inflate(await data.read(0, data.size, signal), size, name);
      signal?.throwIfAborted();
      if (crc32Hex(bytes) !== crc)
        throw new CheckpointFormatError(`${name}: the checksum does not match: the file is damaged`);
      return bytes.slice(start, end);
    },
  };
}

async function inflate(deflated: Uint8Array, size: number, name: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let got = 0;
  const stream = new Blob([deflated as Uint8Array<ArrayBuffer>]).stream();
  const reader = stream.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (got + value.length > size)
        throw new CheckpointFormatError(`${name}: contains more than the ${size} bytes declared`);
      bytes.set(value, got);
      got += value.length;
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    if (cause instanceof CheckpointFormatError) throw cause;
    throw new CheckpointFormatError(`${name}: the compressed data is damaged`, {}, { cause });
  }
  if (got < size) throw new CheckpointFormatError(`${name}: contains ${got} bytes, not the ${size} declared`);
  return bytes;
}
