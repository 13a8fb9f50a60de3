/** @file Inflating by the platform, a piece at a time. */

/**
 * What `parts` inflate to (zlib's format), piece by piece. Closing the generator ends the work, so that a compressed
 * bomb is not inflated beyond what is taken. Rejects where the data are damaged or end too early.
 */
export async function* inflatePieces(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const left = [...parts];
  const source = new ReadableStream<BufferSource>({
    pull(controller) {
      const part = left.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part as Uint8Array<ArrayBuffer>);
    },
  });
  const inflated = source.pipeThrough(new DecompressionStream('deflate')).getReader();
  try {
    for (;;) {
      const { done, value } = await inflated.read();
      if (done) return;
      yield value;
    }
  } finally {
    inflated.cancel().catch(() => undefined); // what follows, and its errors, are nobody's concern
  }
}

/** Inflates one block. Rejects where it is damaged or holds more than `limit` bytes. */
export async function inflate(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of inflatePieces([bytes])) {
    total += piece.length;
    if (total > limit) throw new RangeError(`More than ${limit} bytes.`);
    pieces.push(piece);
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
