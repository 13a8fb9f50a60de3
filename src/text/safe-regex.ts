/**
 * @file The regular expressions of a `tokenizer.json`. The tokenizer's library hands them to the host's `RegExp`, which
 * cannot be stopped, and some hang on a short text. Qwen2's own is known to be harmless. Of any other the form is held to
 * what takes at most text² steps: only single characters are repeated without end, none of two that follow each other
 * on one path share a character, and texts are short.
 */

import { CheckpointFormatError, UnsupportedError } from '../errors';

/** Qwen2's and Qwen2-VL's. */
const KNOWN: ReadonlySet<string> = new Set([
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
]);
/** The longest text, in UTF-16 code units, for a tokenizer with a pattern that is not known. */
export const MAX_UNKNOWN_TEXT = 20_000;
const MAX_SOURCE = 2000;
const MAX_NESTING = 20;
/** A counted repetition above this counts as endless. */
const MAX_COUNT = 16;

/**
 * Looks through a parsed `tokenizer.json`.
 * @returns true where all patterns are known, and texts may have any length
 * @throws UnsupportedError for a pattern that could hang
 */
export function checkRegexes(tokenizer: unknown): boolean {
  let allKnown = true;
  const left = [tokenizer];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'vocab' || key === 'merges') continue;
      if (key !== 'Regex' || typeof child !== 'string') left.push(child);
      else if (!KNOWN.has(child)) {
        new RegexCheck(child).run();
        allKnown = false;
      }
    }
  }
  return allKnown;
}

/** Sources of the characters that a path repeats without end. One list per path would be exact; all paths of a group are safe. */
type Endless = string[];

/** Recursive descent over the syntax that Rust's and JavaScript's expressions share. */
class RegexCheck {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    if (source.length > MAX_SOURCE) this.#fail('it is too long');
  }

  run(): void {
    this.#choice();
    if (this.#at < this.#source.length) this.#fail('its brackets do not match');
  }

  #fail(why: string): never {
    throw new UnsupportedError(
      `tokenizer.json: the pattern ${JSON.stringify(this.#source.slice(0, 200))} is rejected because it could take forever: ${why}.`,
      { position: this.#at },
    );
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): Endless {
    if (++this.#depth > MAX_NESTING) this.#fail('it is nested too deeply');
    const found = this.#sequence();
    while (this.#take('|')) found.push(...this.#sequence());
    this.#depth--;
    return found;
  }

  #sequence(): Endless {
    const endless: Endless = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      const { atom, inner } = this.#atom();
      const most = this.#count();
      if (atom === null && most > 1) this.#fail('it repeats a group');
      const added = atom !== null && most > MAX_COUNT ? [atom] : inner;
      for (const one of added) {
        if (endless.some((other) => overlap(other, one, this.#source))) {
          this.#fail('two repetitions in a row share characters');
        }
      }
      endless.push(...added);
    }
    return endless;
  }

  /** A single character as its own source, or a group's repetitions. */
  #atom(): { atom: string | null; inner: Endless } {
    const start = this.#at;
    if (this.#take('(')) {
      if (this.#take('?')) {
        const kind = /^(?:[:=!]|<[=!]|[imsx]*(?:-[imsx]+)?:)/.exec(this.#source.slice(this.#at, this.#at + 12))?.[0];
        if (kind === undefined) this.#fail('it has a group of an unsupported kind');
        this.#at += kind.length;
      }
      const inner = this.#choice();
      if (!this.#take(')')) this.#fail('its brackets do not match');
      return { atom: null, inner };
    }
    if (this.#take('[')) {
      this.#take('^');
      for (let first = true; first || !this.#take(']'); first = false) {
        if (this.#at >= this.#source.length) this.#fail('its brackets do not match');
        if (this.#source[this.#at] === '[' || this.#source.startsWith('&&', this.#at))
          this.#fail('it has a class in a class');
        this.#at += this.#source[this.#at] === '\\' ? 2 : 1;
      }
    } else if (this.#take('\\')) {
      const letter = this.#source[this.#at++] ?? '';
      if (/[1-9kgGKX]/.test(letter)) this.#fail('it has a back reference');
      if (/[pPux]/.test(letter) && this.#take('{')) {
        const end = this.#source.indexOf('}', this.#at);
        if (end < 0) this.#fail('its brackets do not match');
        this.#at = end + 1;
      } else if (letter === 'u') this.#at += 4;
      else if (letter === 'x') this.#at += 2;
      else if (/[pP]/.test(letter)) this.#at++;
    } else {
      this.#at += String.fromCodePoint(this.#source.codePointAt(this.#at)!).length;
    }
    return { atom: this.#source.slice(start, this.#at), inner: [] };
  }

  /** How often the atom may come, at most. */
  #count(): number {
    let most = 1;
    for (;;) {
      const found = /^(?:[*+?]|\{\d*,?\d*\})/.exec(this.#source.slice(this.#at, this.#at + 24))?.[0];
      if (found === undefined) return most;
      this.#at += found.length;
      // A second sign makes it lazy or possessive, or repeats it once more: the larger count stands for all.
      if (found === '*' || found === '+' || /^\{\d+,\}$/.test(found)) most = Infinity;
      else if (found !== '?') most = Math.max(most, ...found.slice(1, -1).split(',').map(Number));
    }
  }
}

/** Whether some character is matched by both, tried out on all of the basic plane. */
function overlap(a: string, b: string, source: string): boolean {
  let first: RegExp;
  let second: RegExp;
  try {
    first = new RegExp(`^(?:${a})$`, 'u');
    second = new RegExp(`^(?:${b})$`, 'u');
  } catch (cause) {
    throw new CheckpointFormatError(
      `tokenizer.json: ${JSON.stringify(source.slice(0, 200))} is not a pattern.`,
      {},
      { cause },
    );
  }
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    if (first.test(character) && second.test(character)) return true;
  }
  return false;
}
