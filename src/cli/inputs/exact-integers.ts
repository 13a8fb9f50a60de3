/** @file Whole numbers of JSON that a double does not hold, such as ids of 64 bits: parsed as they are, they would be others. */

const MAY_BE_UNSAFE = /\d{16}/;
/** The beginning of a string, or a whole number of so many digits. */
const STRING_OR_INTEGER = /"|(?<![.\w+-])-?\d{16,}\b(?![.eE])/g;

/** The same JSON with such numbers as strings, as those of Parquet become. */
export function exactIntegers(json: string): string {
  if (!MAY_BE_UNSAFE.test(json)) return json;
  const parts: string[] = [];
  let done = 0;
  const token = new RegExp(STRING_OR_INTEGER);
  for (let found = token.exec(json); found; found = token.exec(json)) {
    const [text] = found;
    if (text === '"') token.lastIndex = endOfString(json, found.index);
    else if (!Number.isSafeInteger(Number(text))) {
      parts.push(json.slice(done, found.index), `"${text}"`);
      done = found.index + text.length;
    }
  }
  return parts.join('') + json.slice(done);
}

/** Behind the quote that closes it. A regular expression for whole strings overflows its stack on long ones. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return json.length;
}
