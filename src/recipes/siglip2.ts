/** @file SigLIP 2: the caption as it is, the picture as it is; neither side has words of its own. */

import { FIT_FILE } from '../image';
import type { Recipe } from './recipe';

/** By picture size; NaFlex, which has none, is another architecture. */
const VARIANTS = {
  'base-patch16': [224, 256, 384, 512],
  'base-patch32': [256],
  'large-patch16': [256, 384, 512],
  'so400m-patch14': [224, 384],
  'so400m-patch16': [256, 384, 512],
  'giant-opt-patch16': [256, 384],
} as const;

/** Texts are lower-cased and padded by the model; sides have no meaning: a caption is asked for as it is kept. */
export const siglip2: Recipe = {
  name: 'siglip2',
  title: 'SigLIP 2',
  architectures: ['siglip'],
  hub: Object.entries(VARIANTS).flatMap(([name, sizes]) => sizes.map((size) => `google/siglip2-${name}-${size}`)),
  prompt: { templates: { text: '{text}', image: '{image}' } },
  maxImages: 1,
  positions: '1d',
  pooling: 'last',
  resize: FIT_FILE,
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'transformers models/siglip; lower case as Siglip2Tokenizer of release 5', transformers: '4.57.3' },
};
