/** @file Qwen3-VL-Embedding: an instruction in the system turn; the token that is pooled is the tokenizer's own. */

import { ASSISTANT, SYSTEM, VISION_MARKER } from './chat';
import type { Recipe } from './recipe';

/** Pixels of a visual token of 32 × 32. */
const TOKEN = 1024;

/** Whose limits override those of the checkpoint's own processor. */
export const qwen3VLEmbedding: Recipe = {
  name: 'qwen3-vl-embedding',
  title: 'Qwen3-VL-Embedding',
  architectures: ['qwen3_vl'],
  hub: ['Qwen/Qwen3-VL-Embedding-2B', 'Qwen/Qwen3-VL-Embedding-8B'],
  marker: VISION_MARKER,
  prompt: { templates: { any: `${SYSTEM}{image}{text}${ASSISTANT}` } },
  instruction: { default: "Represent the user's input.", sentence: true },
  nothing: 'NULL',
  positions: 'mrope',
  pooling: 'last',
  dims: { from: 64 },
  resize: [{ fit: [4 * TOKEN, 1800 * TOKEN] }],
  transparency: 'white',
  maxTokens: 8192,
  overlong: 'cut',
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'QwenLM/Qwen3-VL-Embedding 8ce3aab src/models/qwen3_vl_embedding.py', transformers: '4.57.3' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 75.0 },
    { model: '8B', benchmark: 'MMEB image (36 sets)', percent: 80.1 },
  ],
};
