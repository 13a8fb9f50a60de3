/** @file What a call of `embed` took: tokens, and time by stage. */

import type { Prepared } from './prepare';

/** What a call of `embed` took. */
export interface EmbedUsage {
  /** How many inputs were embedded. */
  inputs: number;
  /** Length of all sequences together, without padding; what OpenAI's API calls `prompt_tokens`. */
  tokens: number;
  /** How many of those stand for pictures. */
  imageTokens: number;
  /**
   * Milliseconds. `prepare`: decoding, resizing, tokenizing. `vision` and `text`: the model's two halves, waiting for
   * their turn included; what a GPU was only told to do counts where its result is waited for.
   */
  milliseconds: { prepare: number; vision: number; text: number };
}

/** Sums up one call. */
export class UsageMeter {
  readonly usage: EmbedUsage = {
    inputs: 0,
    tokens: 0,
    imageTokens: 0,
    milliseconds: { prepare: 0, vision: 0, text: 0 },
  };

  /** Adds the time that `work` takes. */
  async time<T>(stage: keyof EmbedUsage['milliseconds'], work: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work;
    } finally {
      this.usage.milliseconds[stage] += performance.now() - start;
    }
  }

  count({ sequence, pictures }: Prepared): void {
    this.usage.inputs++;
    this.usage.tokens += sequence.ids.length;
    this.usage.imageTokens += pictures.reduce((sum, { plan }) => sum + plan.tokens, 0);
  }
}
