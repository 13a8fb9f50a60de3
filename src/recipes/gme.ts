/** @file GME and the recipes that took its form: an instruction in the system turn, an end token that is pooled. */

import { ASSISTANT_END, HELPFUL, HELPFUL_SYSTEM, SYSTEM, TOKEN, VISION_MARKER } from './chat';
import type { Recipe } from './recipe';

/** One-dimensional positions: the authors call the inner model with embeddings. */
export const gme: Recipe = {
  name: 'gme',
  title: 'GME-Qwen2-VL',
  architectures: ['qwen2_vl'],
  hub: ['Alibaba-NLP/gme-Qwen2-VL-2B-Instruct', 'Alibaba-NLP/gme-Qwen2-VL-7B-Instruct'],
  marker: VISION_MARKER,
  prompt: { templates: { any: `${SYSTEM}{image}{text}${ASSISTANT_END}` } },
  instruction: { default: HELPFUL, roles: ['query'] },
  positions: '1d',
  pooling: 'last',
  resize: [{ fit: [4 * TOKEN, 16384 * TOKEN], ratio: 'clamp' }, { fit: [256 * TOKEN, 1280 * TOKEN] }],
  // Beyond it the authors cut the end token off and pool another; refused here.
  maxTokens: 1800,
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: "the card's modeling_gme_qwen2vl.py", transformers: '4.51.3 (below 4.52)' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 51.9 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 56.0 },
  ],
};

/** The whole model with ids, hence M-RoPE; the instruction holds on both sides. */
export const opsMmV1: Recipe = {
  name: 'ops-mm-v1',
  title: 'Ops-MM-embedding-v1',
  architectures: ['qwen2_vl'],
  hub: ['OpenSearch-AI/Ops-MM-embedding-v1-2B', 'OpenSearch-AI/Ops-MM-embedding-v1-7B'],
  marker: VISION_MARKER,
  prompt: { templates: { any: `${SYSTEM}{image}{text}${ASSISTANT_END}` } },
  instruction: { default: HELPFUL },
  positions: 'mrope',
  pooling: 'last',
  resize: [{ fit: [256 * TOKEN, 1280 * TOKEN], ratio: 'clamp' }, { fit: [256 * TOKEN, 1280 * TOKEN] }],
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: "the card's ops_mm_embedding_v1.py", transformers: '4.49.0 to 5.2.0' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 69.0 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 72.7 },
  ],
};

/** The instruction stands in the user's turn and brings its own separator: `…given caption: `. */
export const rzenEmbed: Recipe = {
  name: 'rzenembed',
  title: 'RzenEmbed',
  architectures: ['qwen2_vl'],
  hub: ['qihoo360/RzenEmbed', 'qihoo360/RzenEmbed-v1-2B', 'qihoo360/RzenEmbed-v1-7B'],
  marker: VISION_MARKER,
  prompt: { templates: { any: `${HELPFUL_SYSTEM}{image}{instruction}{text}${ASSISTANT_END}` } },
  instruction: { default: '' },
  positions: '1d',
  pooling: 'last',
  resize: [{ fit: [4 * TOKEN, 16384 * TOKEN], ratio: 'clamp' }, { fit: [256 * TOKEN, 1280 * TOKEN] }],
  maxTokens: 2000,
  score: 'cosine',
  licence: { name: null, commercial: null },
  source: { code: '360CVGroup/RzenEmbed b07eb54 (code MIT)', transformers: '4.51.3' },
  scores: [{ model: '7B', benchmark: 'MMEB image (36 sets)', percent: 75.9 }],
};
