/** @file UNITE and LamRA: a summary in one word, asked for in a chat. */

import { ASSISTANT, ASSISTANT_END, HELPFUL_SYSTEM, TOKEN, VISION_MARKER } from './chat';
import type { Recipe } from './recipe';

/** Its templates end in GME's end token. */
export const unite: Recipe = {
  name: 'unite',
  title: 'UNITE',
  architectures: ['qwen2_vl'],
  hub: [
    'friedrichor/Unite-Base-Qwen2-VL-2B',
    'friedrichor/Unite-Base-Qwen2-VL-7B',
    'friedrichor/Unite-Instruct-Qwen2-VL-2B',
    'friedrichor/Unite-Instruct-Qwen2-VL-7B',
  ],
  marker: VISION_MARKER,
  prompt: {
    templates: {
      text: `${HELPFUL_SYSTEM}{text}\nSummary above sentence in one word:${ASSISTANT_END}`,
      image: `${HELPFUL_SYSTEM}{image}\nSummary above image in one word:${ASSISTANT_END}`,
      both: `${HELPFUL_SYSTEM}{image}{text}\nSummary above sentence and image in one word:${ASSISTANT_END}`,
    },
  },
  positions: '1d',
  pooling: 'last',
  resize: [{ fit: [4 * TOKEN, 16384 * TOKEN] }, { fit: [256 * TOKEN, 1280 * TOKEN] }],
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'friedrichor/UNITE da30e44', transformers: '4.47.1' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 63.3 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 70.3 },
  ],
};

/** The authors pool the token before `<emb>`; attention is causal, so the string ends there. The space is theirs. */
export const lamraRet: Recipe = {
  name: 'lamra-ret',
  title: 'LamRA-Ret',
  architectures: ['qwen2_vl'],
  hub: ['code-kunkun/LamRA-Ret'],
  marker: VISION_MARKER,
  prompt: {
    templates: {
      text: `${HELPFUL_SYSTEM}{text}\nSummarize above sentence in one word: ${ASSISTANT}`,
      image: `${HELPFUL_SYSTEM}{image}\nSummarize above image in one word: ${ASSISTANT}`,
      both: `${HELPFUL_SYSTEM}{image}{text}\nSummarize above image and sentence in one word: ${ASSISTANT}`,
    },
  },
  positions: '1d',
  pooling: 'last',
  resize: [{ fit: [4 * TOKEN, 300 * TOKEN] }, { fit: 'file' }],
  score: 'cosine',
  licence: { name: null, commercial: null },
  source: { code: 'Code-kunkun/LamRA 7286399, evaluation (code MIT)', transformers: '4.45.2' },
  scores: [{ model: '7B', benchmark: 'MMEB image (36 sets)', percent: 54.1 }],
};
