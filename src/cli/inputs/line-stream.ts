/** @file A stream of bytes as lines, one at a time. */

const NEWLINE = 0x0a;
const BLANK = new Uint8Array();
/** A line that is longer is no line: what holds it would take all memory. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** A line without its end; null for one that is too long, of which nothing is kept. */
export type Line = Uint8Array | null;

/**
 * Split before decoding: a byte that is no UTF-8 is one line's fault. Blank lines are empty ones, and left out at the end.
 * @param onRead told of the bytes of each piece
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let tooLong = false;
  let blanks = 0; // counted, not kept: a file may hold nothing else
  const add = (piece: Uint8Array) => {
    if (piece.length === 0) return;
    restBytes += piece.length;
    if (restBytes > MAX_LINE_BYTES) {
      tooLong = true;
      rest = [];
    } else rest.push(piece);
  };
  const take = (): Line => {
    const line = tooLong ? null : rest.length === 1 ? rest[0]! : Buffer.concat(rest);
    rest = [];
    restBytes = 0;
    tooLong = false;
    return line;
  };
  function* held(): Generator<Line> {
    for (; blanks > 0; blanks--) yield BLANK;
  }
  for await (const piece of pieces) {
    onRead(piece.length);
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      add(piece.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line !== null && isBlank(line)) blanks++;
      else {
        yield* held();
        yield line;
      }
    }
    add(piece.slice(start));
  }
  const last = take();
  if (last === null || !isBlank(last)) {
    yield* held();
    yield last;
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** UTF-8, with a byte order mark or without; null for what is none. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
