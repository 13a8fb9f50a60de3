/**
 * @file Texts in the form in which they are compared: without case, accents and punctuation, one space between words
 * and one at each end, letters apart from digits (`IMG_2041.JPG` → ` img 2041 jpg `).
 */

/** Letters that no decomposition makes plain. */
const PLAIN: Record<string, string> = { ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', đ: 'd', ł: 'l', ı: 'i', ð: 'd', þ: 'th' };
/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** ' ' for what has no letters and digits. */
export function fold(text: string): string {
  const isPlain = /^[\u0000-\u007f]*$/.test(text);
  const letters = isPlain ? text.toLowerCase() : plain(text);
  const words = letters.replace(isPlain ? /[^a-z0-9]+/g : /[^\p{L}\p{N}]+/gu, ' ').trim();
  return words === '' ? ' ' : ` ${words.replace(/([^\d ])(\d)/gu, '$1 $2').replace(/(\d)([^\d ])/gu, '$1 $2')} `;
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[ßøæœđłıðþ]/g, (letter) => PLAIN[letter]!);
}

/** Words shorter than this are compared as a whole: with `a` begins half of all words. */
const LEAST_PREFIX = 3;

/**
 * What to look for in folded texts: a word also finds longer ones that begin with it, but for short ones and numbers of years;
 * a phrase is looked for as it stands.
 * @returns null for what has no letters and digits
 */
export function needleOf(words: string, { whole = false } = {}): string | null {
  const folded = fold(words);
  if (folded === ' ') return null;
  if (UNSPACED.test(folded)) return folded.trim();
  const last = folded.trim().split(' ').at(-1)!;
  return whole || last.length < LEAST_PREFIX || /^\d{4}$/.test(last) ? folded : folded.slice(0, -1);
}
