/** @file DSE and its descendants, for pages of documents: texts carry a black picture, vectors may be cut. */

import { ASSISTANT_END, HELPFUL_SYSTEM, TOKEN, VISION_MARKER } from './chat';
import type { Recipe, Templates } from './recipe';

const templates = (end: string): Templates => ({
  'query.text': `${HELPFUL_SYSTEM}{image}Query: {text}${end}`,
  'document.text': `${HELPFUL_SYSTEM}{image}Document: {text}${end}`,
  image: `${HELPFUL_SYSTEM}{image}What is shown in this image?${end}`,
});

/** What the two descendants end with: no assistant's turn. */
const END = '<|im_end|>\n<|endoftext|>';

/** Pages are resized twice, and the second limits are the smaller ones. */
export const dse: Recipe = {
  name: 'dse',
  title: 'DSE-Qwen2-MRL',
  architectures: ['qwen2_vl'],
  hub: ['MrLight/dse-qwen2-2b-mrl-v1'],
  marker: VISION_MARKER,
  prompt: { templates: templates(ASSISTANT_END) },
  // The card's 28 × 28, which the authors' helper enlarges to its own least of four tokens.
  blank: [56, 56],
  positions: 'mrope',
  pooling: 'last',
  dims: { from: 512 },
  resize: [{ fit: [4 * TOKEN, 16384 * TOKEN] }, { fit: [1 * TOKEN, 2560 * TOKEN] }],
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'the card, with qwen-vl-utils 0.0.8', transformers: '4.45.2 to 4.51.3, with sdpa attention' },
};

/** The published code hands height and width over in the wrong order, so pages are squeezed; kept, for parity. */
export const mcdse: Recipe = {
  name: 'mcdse',
  title: 'mcdse',
  architectures: ['qwen2_vl'],
  hub: ['marco/mcdse-2b-v1'],
  marker: VISION_MARKER,
  prompt: { templates: templates(END) },
  blank: [56, 56],
  positions: 'mrope',
  pooling: 'last',
  dims: { sizes: [1536, 1024, 768, 512, 384, 256] },
  resize: [{ fit: [1 * TOKEN, 960 * TOKEN], ratio: 'any', swap: true }, { fit: [1 * TOKEN, 960 * TOKEN] }],
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'the card and Marplex/mcdse 81a9a94', transformers: '4.46.3, 4.47.1' },
};

/** As mcdse, but upright and smaller. Its own module was read in ports of it only. */
export const vdr: Recipe = {
  name: 'vdr',
  title: 'vdr',
  architectures: ['qwen2_vl'],
  hub: ['llamaindex/vdr-2b-v1', 'llamaindex/vdr-2b-multi-v1'],
  marker: VISION_MARKER,
  prompt: { templates: templates(END) },
  blank: [56, 56],
  positions: 'mrope',
  pooling: 'last',
  dims: { from: 512 },
  resize: [{ fit: [1 * TOKEN, 768 * TOKEN], ratio: 'any' }, { fit: [1 * TOKEN, 768 * TOKEN] }],
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'two ports of its module', transformers: '4.46.3' },
};
