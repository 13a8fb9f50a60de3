/** @file The names that checkpoints of SigLIP use for its weights. */

import type { NameRules } from '../../checkpoint';

export const TEXT = 'text_model';
export const VISION = 'vision_model';
/** Attention of the probe, whose matrix of queries, keys and values has a special name in the files. */
export const PROBE_IN = `${VISION}.head.attention.in_proj`;
export const LOGIT = { scale: 'logit_scale', bias: 'logit_bias' } as const;

export const names: NameRules = {
  layouts: [
    { text: TEXT, vision: VISION, inWeight: `${PROBE_IN}.weight`, inBias: `${PROBE_IN}.bias` },
    { text: TEXT, vision: VISION, inWeight: `${PROBE_IN}_weight`, inBias: `${PROBE_IN}_bias` },
  ],
  unneeded: /\.embeddings\.position_ids$/,
  unadaptable: /^logit_|\.embeddings\.|\.head\.probe$/,
};
