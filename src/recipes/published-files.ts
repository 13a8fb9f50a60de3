/**
 * @file What is known of the published checkpoints' own files beside their recipes: pixel limits and adapters. The files were
 * not to be had, so it is from code, papers and sizes; a conversion compares it with what the files say.
 */

import type { Recipe } from './recipe';

export interface PublishedFiles {
  /** `min_pixels` and `max_pixels` of `preprocessor_config.json`, where pictures go by them. */
  readonly limits?: readonly [minPixels: number, maxPixels: number];
  readonly adapter?: {
    readonly kind: 'lora' | 'dora';
    readonly ranks: readonly number[];
    /** Absent where nothing is known of it. */
    readonly alpha?: number;
  };
}

/** Qwen2-VL's own. */
const QWEN_LIMITS = [3136, 12_845_056] as const;

/** By the recipe's name, and within it by architecture. */
const FILES: Readonly<Record<string, Readonly<Record<string, PublishedFiles>>>> = {
  vlm2vec: {
    // Rank 8 follows from the sizes of both adapter files; alpha is the training code's default.
    qwen2_vl: { limits: QWEN_LIMITS, adapter: { kind: 'dora', ranks: [8], alpha: 64 } },
    // 8 is the paper's, 16 the training code's default.
    llava_next: { adapter: { kind: 'dora', ranks: [8, 16], alpha: 64 } },
    phi3_v: { adapter: { kind: 'dora', ranks: [8, 16], alpha: 64 } },
  },
  // The training script's rank, and the code's default alpha.
  'vlm2vec-v2': { qwen2_vl: { adapter: { kind: 'dora', ranks: [16], alpha: 64 } } },
  b3: { qwen2_vl: { adapter: { kind: 'dora', ranks: [8] } } },
  // Of the training config.
  colqwen2: { qwen2_vl: { adapter: { kind: 'lora', ranks: [32], alpha: 32 } } },
};

/** Nothing but empty where nothing is known. */
export function publishedFiles({ name }: Recipe, architecture: string): PublishedFiles {
  return FILES[name]?.[architecture] ?? {};
}
