/** @file The names that checkpoints and adapters of Phi-3-Vision use for its weights. */

import type { NameRules } from '../../checkpoint';

export const TEXT = 'model';
export const IMAGE = 'model.vision_embed_tokens';
export const VISION = `${IMAGE}.img_processor.vision_model`;

export const names: NameRules = {
  layouts: [{ text: TEXT, head: 'lm_head' }],
  // `wte` repeats the token table. The tower's blocks after the state that is read, and its last norm; a block that is
  // read is required in any case.
  unneeded:
    /^lm_head\.|\.inv_freq$|^model\.vision_embed_tokens\.(wte\.weight|img_processor\.vision_model\.(post_layernorm\.(weight|bias)|embeddings\.position_ids|encoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12]|layer_norm[12])\.(weight|bias)))$/,
  unadaptable: /^lm_head\.|^model\.embed_tokens\.|\.wte\.|\.embeddings\./,
};
