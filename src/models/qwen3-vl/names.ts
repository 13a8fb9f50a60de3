/** @file The names that checkpoints and adapters of Qwen3-VL use for its weights. */

import type { NameRules } from '../../checkpoint';

export const TEXT = 'model.language_model';
export const VISION = 'model.visual';

export const names: NameRules = {
  layouts: [
    { text: TEXT, vision: VISION, head: 'lm_head' },
    { text: 'language_model', vision: 'visual', head: 'lm_head' }, // saved from the inner model
  ],
  unneeded: /^lm_head\.|\.inv_freq$/,
  unadaptable: /^lm_head\.|^model\.language_model\.embed_tokens\./,
};
