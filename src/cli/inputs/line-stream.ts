/** @file Splits a stream of bytes into lines, one at a time. */

const NEWLINE = 0x0a;
const BLANK = new Uint8Array();
/** A longer line is not taken for a line, since holding it would use up all memory. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** A line without its ending; null for one that is too long, none of which is kept. */
export type Line = Uint8Array | null;

/**
 * Lines are split before they are decoded, so that a byte that is not UTF-8 affects only its line. Blank lines become
 * empty ones, and are left out at the end.
 * @param onRead called with the number of bytes of each piece
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let tooLong = false;
  let blanks = 0; // counted, not kept, since a file may hold nothing else
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

/** Decodes UTF-8, with or without a byte order mark; null if it is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
