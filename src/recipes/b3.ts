/** @file B3: VLM2Vec's strings, with prefixes for text targets. */

import { MMEB_PROMPTS } from './mmeb';
import type { Recipe } from './recipe';
import { V2_STEPS } from './vlm2vec';

/** Pictures as VLM2Vec-V2.0 has them. */
export const b3: Recipe = {
  name: 'b3',
  title: 'B3',
  architectures: ['qwen2_vl'],
  hub: ['raghavlite/B3_Qwen2_2B', 'raghavlite/B3_Qwen2_7B'],
  prompt: { raw: MMEB_PROMPTS },
  // Of documents that are texts: label for the ten classification sets, answer for the ten VQA sets, caption for
  // MSCOCO_i2t and VisualNews_i2t; all other sets and all queries have none.
  prefixes: {
    label: 'Represent the class label: ',
    caption: 'Represent the image caption: ',
    answer: 'Represent the answer: ',
  },
  positions: '1d',
  pooling: 'last',
  resize: V2_STEPS,
  score: 'cosine',
  licence: { name: null, commercial: null },
  source: {
    code: 'raghavlite/B3 94c3b52: eval_mmeb.py, mmeb_dataset.py, processor.py (code Apache-2.0)',
    transformers: '4.48.1 to 4.48.3',
  },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 68.1 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 72.0 },
  ],
};
