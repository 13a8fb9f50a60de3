/**
 * @file The regular expressions of adapter configs, matched in bounded time. An adapter comes from anywhere, and the
 * host's `RegExp` can be made to hang by a short pattern. This matcher never tries a state of the pattern twice at one
 * position, so its time is at most pattern × text. Python's syntax as far as module patterns use it: literals, `.`,
 * classes, escapes, groups, alternation, greedy and lazy repeats, anchors and lookahead; anything else is refused.
 */

import { UnsupportedError } from '../errors';
import { quote } from './quote';

const MAX_PATTERN = 4096;
const MAX_PROGRAM = 20_000;
const MAX_NESTING = 50;

type Instruction =
  | { op: 'char'; test: (code: number) => boolean }
  | { op: 'split'; a: number; b: number }
  | { op: 'jump'; to: number }
  | { op: 'begin' }
  | { op: 'end' }
  | { op: 'look'; program: Program; negate: boolean }
  | { op: 'match' };

type Program = Instruction[];

type Node =
  | { kind: 'char'; test: (code: number) => boolean }
  | { kind: 'begin' | 'end' | 'empty' }
  | { kind: 'sequence' | 'choice'; items: Node[] }
  | { kind: 'repeat'; item: Node; min: number; max: number }
  | { kind: 'look'; item: Node; negate: boolean };

/** A compiled pattern. */
export class Pattern {
  readonly #program: Program;

  /** Rejects with {@link UnsupportedError} what this matcher does not know. */
  constructor(source: string) {
    this.#program = compile(new Parser(source).parse(), source);
  }

  /** Python's `re.fullmatch`. */
  fullMatch(text: string): boolean {
    return run(this.#program, text, 0, true);
  }

  /** Python's `re.match`: anchored at the start only. */
  matchStart(text: string): boolean {
    return run(this.#program, text, 0, false);
  }
}

/** Depth first, each (instruction, position) at most once. */
function run(program: Program, text: string, start: number, full: boolean): boolean {
  const width = text.length + 1;
  const seen = new Uint8Array(program.length * width);
  const stack = [0, start];
  while (stack.length > 0) {
    const at = stack.pop()!;
    const pc = stack.pop()!;
    const state = pc * width + at;
    if (seen[state]) continue;
    seen[state] = 1;
    const instruction = program[pc]!;
    switch (instruction.op) {
      case 'match':
        if (!full || at === text.length) return true;
        break;
      case 'char':
        if (at < text.length && instruction.test(text.charCodeAt(at))) stack.push(pc + 1, at + 1);
        break;
      case 'split':
        stack.push(instruction.b, at, instruction.a, at);
        break;
      case 'jump':
        stack.push(instruction.to, at);
        break;
      case 'begin':
        if (at === 0) stack.push(pc + 1, at);
        break;
      case 'end':
        if (at === text.length) stack.push(pc + 1, at);
        break;
      case 'look':
        if (run(instruction.program, text, at, false) !== instruction.negate) stack.push(pc + 1, at);
        break;
    }
  }
  return false;
}

function compile(root: Node, source: string): Program {
  const program: Program = [];
  const emit = (instruction: Instruction): number => {
    if (program.length >= MAX_PROGRAM) throw new UnsupportedError(`the pattern ${quote(source)} is too large`);
    return program.push(instruction) - 1;
  };
  const visit = (node: Node): void => {
    switch (node.kind) {
      case 'empty':
        return;
      case 'char':
        emit({ op: 'char', test: node.test });
        return;
      case 'begin':
      case 'end':
        emit({ op: node.kind });
        return;
      case 'sequence':
        for (const item of node.items) visit(item);
        return;
      case 'look':
        emit({ op: 'look', program: compile(node.item, source), negate: node.negate });
        return;
      case 'choice': {
        const exits: number[] = [];
        for (const [i, item] of node.items.entries()) {
          if (i === node.items.length - 1) {
            visit(item);
            break;
          }
          const split = emit({ op: 'split', a: 0, b: 0 });
          visit(item);
          exits.push(emit({ op: 'jump', to: 0 }));
          program[split] = { op: 'split', a: split + 1, b: program.length };
        }
        for (const exit of exits) program[exit] = { op: 'jump', to: program.length };
        return;
      }
      case 'repeat': {
        for (let i = 0; i < node.min; i++) visit(node.item);
        if (node.max === Infinity) {
          const split = emit({ op: 'split', a: 0, b: 0 });
          visit(node.item);
          emit({ op: 'jump', to: split });
          program[split] = { op: 'split', a: split + 1, b: program.length };
          return;
        }
        const splits: number[] = [];
        for (let i = node.min; i < node.max; i++) {
          splits.push(emit({ op: 'split', a: 0, b: 0 }));
          visit(node.item);
        }
        for (const split of splits) program[split] = { op: 'split', a: split + 1, b: program.length };
        return;
      }
    }
  };
  visit(root);
  emit({ op: 'match' });
  return program;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isWord = (code: number): boolean =>
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

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    if (source.length > MAX_PATTERN) this.#fail();
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) this.#fail(); // a ) too many
    return node;
  }

  #fail(): never {
    throw new UnsupportedError(`the pattern ${quote(this.#source)} uses syntax that is not supported`, {
      position: this.#at,
    });
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): Node {
    if (++this.#depth > MAX_NESTING) this.#fail();
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#depth--;
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') items.push(this.#repeated());
    return { kind: 'sequence', items };
  }

  #repeated(): Node {
    const item = this.#atom();
    const count = this.#count();
    if (!count) return item;
    this.#take('?'); // lazy: which match is found first does not matter for whether one is
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

  #atom(): Node {
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

  #group(): Node {
    let look: { negate: boolean } | null = null;
    if (this.#take('?')) {
      if (this.#take('=')) look = { negate: false };
      else if (this.#take('!')) look = { negate: true };
      else if (this.#take('P<')) {
        const end = this.#source.indexOf('>', this.#at);
        if (end < 0) this.#fail();
        this.#at = end + 1;
      } else if (!this.#take(':')) this.#fail();
    }
    const item = this.#choice();
    if (!this.#take(')')) this.#fail();
    return look ? { kind: 'look', item, ...look } : item;
  }

  #escape(): Node {
    const letter = this.#peek();
    this.#at++;
    const known = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined;
    if (known) return { kind: 'char', test: known };
    if (letter === 'Z') return { kind: 'end' };
    if (letter === 'A') return { kind: 'begin' };
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) return this.#fail();
    const wanted = letter.charCodeAt(0);
    return { kind: 'char', test: (code) => code === wanted };
  }

  /** After `[`. */
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
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) return this.#fail();
    return letter.charCodeAt(0);
  }
}
