/** @file ColQwen2: a vector for every token, compared by MaxSim. */

import { TOKEN, VISION_MARKER } from './chat';
import type { Recipe } from './recipe';

/** What the processor adds to a query, for the model to think with. */
const FIVE_ENDS = '<|endoftext|><|endoftext|><|endoftext|><|endoftext|><|endoftext|>';
const TEN_ENDS = `${FIVE_ENDS}${FIVE_ENDS}`;

/** Texts are queries, pictures are pages; ten end tokens give a query more vectors to match with. */
export const colqwen2: Recipe = {
  name: 'colqwen2',
  title: 'ColQwen2',
  architectures: ['qwen2_vl'],
  hub: ['vidore/colqwen2-v1.0', 'vidore/colqwen2-v1.0-merged'],
  base: 'vidore/colqwen2-base',
  marker: VISION_MARKER,
  prompt: {
    templates: {
      text: `Query: {text}${TEN_ENDS}`,
      image: '<|im_start|>user\n{image}Describe the image.<|im_end|><|endoftext|>',
    },
  },
  positions: 'mrope',
  pooling: 'all',
  head: { weight: 'custom_text_proj.weight', bias: 'custom_text_proj.bias', size: 128 },
  resize: [{ fit: [4 * TOKEN, 768 * TOKEN] }, { fit: 'file' }],
  score: 'maxsim',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'illuin-tech/colpali v0.3.4 and v0.3.10', transformers: '4.46.3, 4.51.3' },
  scores: [{ model: '2B', benchmark: 'ViDoRe', percent: 89.3 }],
};
