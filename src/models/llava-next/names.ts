/** @file The names that checkpoints and adapters of LLaVA-NeXT use for its weights. */

import type { NameRules } from '../../checkpoint';

/** The canonical names: those of transformers until 4.51, which files keep. */
export const TEXT = 'language_model.model';
export const VISION = 'vision_tower.vision_model';
export const PROJECTOR = 'multi_modal_projector';
export const NEWLINE = 'image_newline';

export const names: NameRules = {
  layouts: [
    { text: TEXT, head: 'language_model.lm_head', vision: 'vision_tower', projector: PROJECTOR, newline: NEWLINE },
    {
      text: 'model.language_model', // from 4.52
      head: 'lm_head',
      vision: 'model.vision_tower',
      projector: `model.${PROJECTOR}`,
      newline: `model.${NEWLINE}`,
    },
  ],
  // The tower's blocks after the state that is read, and its last norm; a block that is read is required in any case.
  unneeded:
    /^language_model\.lm_head\.|\.inv_freq$|^vision_tower\.vision_model\.(post_layernorm\.(weight|bias)|embeddings\.position_ids|encoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12]|layer_norm[12])\.(weight|bias))$/,
  unadaptable: /^language_model\.(lm_head|model\.embed_tokens)\.|\.embeddings\./,
};
