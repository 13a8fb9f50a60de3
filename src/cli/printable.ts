/**
 * @file Makes text from a file, a server or an argument safe for a terminal: control characters can move the cursor or
 * set the title or the clipboard, and those of writing direction can make one name look like another.
 */

/** C0 except tab and line feed, DEL and C1; direction marks, line and paragraph separators, tags, lone surrogates. */
const HARMFUL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/gu;

/** Harmful characters as `\u001b`; inside the strings of JSON, that is the same string. */
export function printable(text: string): string {
  return text.replace(HARMFUL, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** The same for text that must stay on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
