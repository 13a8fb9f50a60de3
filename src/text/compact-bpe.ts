/**
 * @file Byte-pair encoding with its merges as numbers. The library keeps each merge as strings, beside everything that
 * was parsed, and makes a string for each lookup: for Qwen's 151,000 merges, four times the memory, which telephones
 * lack. Here it is built empty and filled afterwards.
 */
import type { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { isRecord } from '../arguments';

type Json = Record<string, unknown>;

/** A word in parts that are yet to be merged, as the library links them. */
interface Node {
  token: string;
  bias: number;
  next: Node;
  score?: number;
}

/** What is filled and replaced. The package is pinned; `tokenizer.test.ts` holds it to Python's ids. */
interface Inner {
  added_tokens: readonly { id: number; content: string }[];
  model: {
    tokens_to_ids: Map<string, number>;
    vocab: string[];
    unk_token_id: number | undefined;
    add_node(queue: { push(node: Node): void }, node: Node): void;
  };
}

/** Taken out of a `tokenizer.json`. */
export interface BpeTables {
  vocab: Readonly<Record<string, number>>;
  merges: readonly (string | readonly string[])[];
  unknown: unknown;
}

/** The tables of a BPE tokenizer, and the rest without them; null for any other kind. */
export function takeBpeTables(tokenizer: Json): { rest: Json; tables: BpeTables } | null {
  const model = tokenizer.model as Json | null | undefined;
  if (model?.type !== 'BPE' || !Array.isArray(model.merges)) return null;
  if (!isRecord(model.vocab)) return null;
  return {
    rest: { ...tokenizer, model: { ...model, vocab: {}, merges: [] } },
    tables: {
      vocab: model.vocab as BpeTables['vocab'],
      merges: model.merges as BpeTables['merges'],
      unknown: model.unk_token,
    },
  };
}

/** Fills `tokenizer`, built without them. */
export function fillBpe(tokenizer: HfTokenizer, { vocab, merges, unknown }: BpeTables): void {
  const { model, added_tokens: added } = tokenizer as unknown as Inner;
  for (const token in vocab) {
    model.tokens_to_ids.set(token, vocab[token]!);
    model.vocab[vocab[token]!] = token;
  }
  model.unk_token_id = model.tokens_to_ids.get(unknown as string);
  // They come last in the library too.
  for (const { id, content } of added) {
    model.tokens_to_ids.set(content, id);
    model.vocab[id] = content;
  }
  const ranks = new MergeRanks(model, merges);
  model.add_node = (queue, node) => {
    const rank = ranks.of(node.token, node.next.token);
    if (rank === undefined) return;
    node.score = rank + node.bias;
    queue.push(node);
  };
}

/** The rank of each merge, by the ids of its two tokens: a hash table with open addressing. */
class MergeRanks {
  readonly #model: Inner['model'];
  /** Left id, right id and rank + 1 of each slot; 0 if it is free. // [slots, 3] */
  readonly #slots: Int32Array;
  /** Merges of tokens without an id of their own, which no sound file has. */
  readonly #others = new Map<string, number>();

  constructor(model: Inner['model'], merges: BpeTables['merges']) {
    this.#model = model;
    this.#slots = new Int32Array(3 * 2 ** Math.ceil(Math.log2(2 * merges.length + 2)));
    merges.forEach((merge, rank) => {
      const [left, right, ...more] = typeof merge === 'string' ? merge.split(' ', 2) : merge;
      if (left === undefined || right === undefined || more.length > 0) return;
      const [l, r] = [this.#idOf(left), this.#idOf(right)];
      if (l === undefined || r === undefined) this.#others.set(JSON.stringify([left, right]), rank);
      else this.#slots.set([l, r, rank + 1], this.#slotOf(l, r));
    });
  }

  of(left: string, right: string): number | undefined {
    const [l, r] = [this.#idOf(left), this.#idOf(right)];
    if (l === undefined || r === undefined) {
      return this.#others.size > 0 ? this.#others.get(JSON.stringify([left, right])) : undefined;
    }
    const rank = this.#slots[this.#slotOf(l, r) + 2]!;
    return rank > 0 ? rank - 1 : undefined;
  }

  #idOf(token: string): number | undefined {
    const id = this.#model.tokens_to_ids.get(token);
    return id !== undefined && this.#model.vocab[id] === token ? id : undefined;
  }

  /** Where the merge is, or would be. */
  #slotOf(left: number, right: number): number {
    const slots = this.#slots;
    const count = slots.length / 3;
    const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca77);
    for (let i = (hash ^ (hash >>> 15)) & (count - 1); ; i = (i + 1) & (count - 1)) {
      const at = 3 * i;
      if (slots[at + 2] === 0 || (slots[at] === left && slots[at + 1] === right)) return at;
    }
  }
}
