/**
 * @file The regular expressions of adapter configs, matched in bounded time. Adapters come from strangers, and a short
 * host's `RegExp` hangs on some short patterns. This matcher never tries a state of the pattern twice at one
 * position, and each lookahead once at each position, so its time is at most pattern × text², and never more than a fixed
 * number of steps. Python's syntax as far as module patterns use it: literals, `.`,
 * classes, escapes, groups, alternation, repeats, anchors, word boundaries and lookahead; anything else is refused.
 */

import { UnsupportedError } from '../errors';
import { isWord, PatternParser, type PatternNode } from './pattern-parser';
import { quote } from './quote';

const MAX_PROGRAM = 20_000;
/** The most steps one match may take: a tenth of a second. Real patterns on real names take hundreds. */
const MAX_STEPS = 3_000_000;

type Instruction =
  | { op: 'char'; test: (code: number) => boolean }
  | { op: 'split'; a: number; b: number }
  | { op: 'jump'; to: number }
  | { op: 'begin' }
  | { op: 'end' }
  | { op: 'boundary' }
  | { op: 'inside' }
  | { op: 'look'; program: Program; negate: boolean }
  | { op: 'match' };

type Program = Instruction[];

/** A compiled pattern. */
export class Pattern {
  readonly #program: Program;
  readonly #source: string;

  /** Throws {@link UnsupportedError} for syntax that this matcher does not know. */
  constructor(source: string) {
    this.#source = source;
    this.#program = compile(new PatternParser(source).parse(), source);
  }

  /** Python's `re.fullmatch`. */
  fullMatch(text: string): boolean {
    return new Run(text, this.#source).matches(this.#program, 0, true);
  }

  /** Python's `re.match`: anchored at the start only. */
  matchStart(text: string): boolean {
    return new Run(text, this.#source).matches(this.#program, 0, false);
  }
}

/** One match: its results for lookaheads so far, and the steps taken. */
class Run {
  readonly #text: string;
  readonly #source: string;
  /** For each lookahead's program, by position: whether it matches there. */
  readonly #looks = new Map<Program, Map<number, boolean>>();
  #steps = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  /** Depth first, each (instruction, position) at most once. */
  matches(program: Program, start: number, full: boolean): boolean {
    const text = this.#text;
    const width = text.length + 1;
    const states = program.length * width;
    // A state takes memory even before it is reached.
    if (states > MAX_STEPS) this.#fail();
    const seen = new Uint8Array(states);
    const stack = [0, start];
    while (stack.length > 0) {
      const at = stack.pop()!;
      const pc = stack.pop()!;
      const state = pc * width + at;
      if (seen[state]) continue;
      seen[state] = 1;
      if (++this.#steps > MAX_STEPS) this.#fail();
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
        case 'boundary':
          if (isBoundary(text, at)) stack.push(pc + 1, at);
          break;
        case 'inside':
          // Python before 3.14 finds no \B in an empty text
          if (text.length > 0 && !isBoundary(text, at)) stack.push(pc + 1, at);
          break;
        case 'look':
          if (this.#looksAt(instruction.program, at) !== instruction.negate) stack.push(pc + 1, at);
          break;
      }
    }
    return false;
  }

  #looksAt(program: Program, at: number): boolean {
    const known = this.#looks.get(program) ?? new Map<number, boolean>();
    this.#looks.set(program, known);
    const found = known.get(at) ?? this.matches(program, at, false);
    known.set(at, found);
    return found;
  }

  #fail(): never {
    throw new UnsupportedError(`the pattern ${quote(this.#source)} takes too long to match a name`, {
      pattern: this.#source,
    });
  }
}

/** True between a word character and another character, or at the border of the text. */
function isBoundary(text: string, at: number): boolean {
  const wordAt = (index: number): boolean => index >= 0 && index < text.length && isWord(text.charCodeAt(index));
  return wordAt(at - 1) !== wordAt(at);
}

function compile(root: PatternNode, source: string): Program {
  const program: Program = [];
  const emit = (instruction: Instruction): number => {
    if (program.length >= MAX_PROGRAM) throw new UnsupportedError(`the pattern ${quote(source)} is too large`);
    return program.push(instruction) - 1;
  };
  const visit = (node: PatternNode): void => {
    switch (node.kind) {
      case 'empty':
        return;
      case 'char':
        emit({ op: 'char', test: node.test });
        return;
      case 'begin':
      case 'end':
      case 'boundary':
      case 'inside':
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
