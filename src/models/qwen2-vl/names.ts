/** @file The names that checkpoints and adapters of Qwen2-VL use for its weights. */

import type { NameRules } from '../../checkpoint';

export const names: NameRules = {
  layouts: [
    { text: 'model', vision: 'visual', head: 'lm_head' }, // transformers until 4.51
    { text: 'model.language_model', vision: 'model.visual', head: 'lm_head' }, // from 4.52
    { text: 'language_model.model', vision: 'visual', head: 'language_model.lm_head' }, // other converters
  ],
  unneeded: /^lm_head\.|\.inv_freq$/,
  unadaptable: /^lm_head\.|^model\.embed_tokens\./,
};
