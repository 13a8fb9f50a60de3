/** @file How names from untrusted files are shown in messages: escaped, and never long. */

const LONGEST = 160;

/** `text` in double quotes, with control characters escaped, cut after 160 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/** A shape as `[3, 4]`. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** Any parsed JSON value, shortened. Not `String(value)`, since an object's own `toString` need not be a function. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
