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
  /** Where `stageTimes` asks for them, in the order of the first run. */
  stages?: StageUsage[];
}

/** What one stage took. */
export interface StageUsage {
  /** As the bundle names it: `vision.0`. */
  name: string;
  /** Of all its runs; that the device computes is waited for, and nothing else. */
  milliseconds: number;
  /** Floating-point operations of its matrix products and attentions. */
  flops: number;
}

/** Told of each run of a stage. */
export type OnStage = (ran: StageUsage) => void;

/** Sums up one call. */
export class UsageMeter {
  /** To be told of stages; undefined where nobody asks, and no time is lost with it. */
  readonly onStage: OnStage | undefined;
  readonly usage: EmbedUsage = {
    inputs: 0,
    tokens: 0,
    imageTokens: 0,
    milliseconds: { prepare: 0, vision: 0, text: 0 },
  };

  constructor({ stageTimes = false }: { stageTimes?: boolean } = {}) {
    if (!stageTimes) return;
    const stages: StageUsage[] = (this.usage.stages = []);
    this.onStage = ({ name, milliseconds, flops }) => {
      let sum = stages.find((stage) => stage.name === name);
      if (!sum) stages.push((sum = { name, milliseconds: 0, flops: 0 }));
      sum.milliseconds += milliseconds;
      sum.flops += flops;
    };
  }

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
