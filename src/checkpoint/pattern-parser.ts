/**
 * @file Parses Python's regular expressions, as far as module patterns use them, into a syntax tree for `pattern.ts`.
 */

import { UnsupportedError } from '../errors';
import { quote } from './quote';

const MAX_PATTERN = 4096;
const MAX_NESTING = 50;

export type PatternNode =
  | { kind: 'char'; test: (code: number) => boolean }
  | { kind: 'begin' | 'end' | 'boundary' | 'inside' | 'empty' }
  | { kind: 'sequence' | 'choice'; items: PatternNode[] }
  | { kind: 'repeat'; item: PatternNode; min: number; max: number }
  | { kind: 'look'; item: PatternNode; negate: boolean };

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
export const isWord = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const CLASSES: Readonly<Record<string, (code: number) => boolean>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
};

/** Recursive descent; one parser reads one pattern. */
export class PatternParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    if (source.length > MAX_PATTERN) this.#fail();
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) this.#fail(); // an unmatched )
    return node;
  }

  /** `start`: where the unknown syntax begins. */
  #fail(start = this.#at): never {
    const found = start < this.#source.length ? quote(this.#source.slice(start, start + 6)) : 'its end';
    throw new UnsupportedError(
      `the pattern ${quote(this.#source)} uses syntax that is not supported: ${found} at position ${start}`,
      { position: start },
    );
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): PatternNode {
    if (++this.#depth > MAX_NESTING) this.#fail();
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#depth--;
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') items.push(this.#repeated());
    return { kind: 'sequence', items };
  }

  #repeated(): PatternNode {
    const item = this.#atom();
    const count = this.#count();
    if (!count) return item;
    this.#take('?'); // lazy: the order of the search does not change whether there is a match
    if (/[*+?{]/.test(this.#peek())) this.#fail();
    return { kind: 'repeat', item, ...count };
  }

  #count(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return null;
    const found = /^\{(\d{0,4})(,?)(\d{0,4})\}/.exec(this.#source.slice(this.#at, this.#at + 12));
    if (!found || (found[1] === '' && found[3] === '')) return this.#fail();
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3]);
    if (min > max) this.#fail();
    return { min, max };
  }

  #atom(): PatternNode {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { kind: 'char', test: this.#class() };
    if (this.#take('.')) return { kind: 'char', test: (code) => code !== 0x0a };
    if (this.#take('^')) return { kind: 'begin' };
    if (this.#take('$')) return { kind: 'end' };
    if (this.#take('\\')) return this.#escape();
    if (/[*+?{]/.test(this.#peek())) this.#fail();
    const wanted = this.#source.charCodeAt(this.#at++);
    return { kind: 'char', test: (code) => code === wanted };
  }

  #group(): PatternNode {
    const start = this.#at - 1;
    let look: { negate: boolean } | null = null;
    if (this.#take('?')) {
      if (this.#take('=')) look = { negate: false };
      else if (this.#take('!')) look = { negate: true };
      else if (this.#take('P<')) {
        const end = this.#source.indexOf('>', this.#at);
        if (end < 0) this.#fail(start);
        this.#at = end + 1;
      } else if (!this.#take(':')) this.#fail(start);
    }
    const item = this.#choice();
    if (!this.#take(')')) this.#fail(start);
    return look ? { kind: 'look', item, ...look } : item;
  }

  #escape(): PatternNode {
    const letter = this.#peek();
    this.#at++;
    const known = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined;
    if (known) return { kind: 'char', test: known };
    if (letter === 'Z') return { kind: 'end' };
    if (letter === 'A') return { kind: 'begin' };
    if (letter === 'b') return { kind: 'boundary' };
    if (letter === 'B') return { kind: 'inside' };
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) return this.#fail(this.#at - 2);
    const wanted = letter.charCodeAt(0);
    return { kind: 'char', test: (code) => code === wanted };
  }

  /** Parses a class, after its `[`. */
  #class(): (code: number) => boolean {
    const negate = this.#take('^');
    const tests: ((code: number) => boolean)[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const low = this.#classItem();
      if (typeof low === 'function') {
        tests.push(low);
        continue;
      }
      if (this.#peek() === '-' && this.#source.charAt(this.#at + 1) !== ']') {
        this.#at++;
        const high = this.#classItem();
        if (typeof high === 'function' || high < low) return this.#fail();
        tests.push((code) => code >= low && code <= high);
      } else {
        tests.push((code) => code === low);
      }
    }
    this.#at++;
    return (code) => tests.some((test) => test(code)) !== negate;
  }

  #classItem(): number | ((code: number) => boolean) {
    if (this.#at >= this.#source.length) return this.#fail();
    if (!this.#take('\\')) return this.#source.charCodeAt(this.#at++);
    const letter = this.#peek();
    this.#at++;
    const known = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined;
    if (known) return known;
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) return this.#fail(this.#at - 2);
    return letter.charCodeAt(0);
  }
}
