/** @file The resources that a call of `embed` used: tokens, and time by stage. */

import type { Prepared } from './prepare';

/** The resources that a call of `embed` used. */
export interface EmbedUsage {
  /** How many inputs were embedded. */
  inputs: number;
  /** Total length of all sequences without padding; OpenAI's API calls this `prompt_tokens`. */
  tokens: number;
  /** How many of those stand for pictures. */
  imageTokens: number;
  /**
   * Milliseconds. `prepare`: decoding, resizing, tokenizing. `vision` and `text`: the two parts of the model, including
   * the time spent waiting for their turn. Work queued on a GPU counts where its result is awaited.
   */
  milliseconds: { prepare: number; vision: number; text: number };
  /** Stages in the order of their first run, if `stageTimes` is set. */
  stages?: StageUsage[];
}

/** The time and work of one stage. */
export interface StageUsage {
  /** Its name in the bundle: `vision.0`. */
  name: string;
  /** Total time of all its runs, including only the wait for the device's computation. */
  milliseconds: number;
  /** Floating-point operations of its matrix products and attentions. */
  flops: number;
}

/** Called after each run of a stage. */
export type OnStage = (ran: StageUsage) => void;

/** Sums up one call. */
export class UsageMeter {
  /** Called for stages; undefined if stage times were not requested, so that no time is lost. */
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
