/** @file UniME-V2: VLM2Vec's strings; every picture is squeezed to a square first. */

import { MMEB_PROMPTS } from './mmeb';
import type { Recipe } from './recipe';

/** 2,304 visual tokens for every picture, unless the checkpoint's file allows fewer. */
export const unimeV2: Recipe = {
  name: 'unime-v2',
  title: 'UniME-V2',
  architectures: ['qwen2_vl'],
  hub: ['TianchengGu/UniME-V2-Qwen2VL-2B', 'TianchengGu/UniME-V2-Qwen2VL-7B'],
  prompt: { raw: MMEB_PROMPTS },
  positions: '1d',
  pooling: 'last',
  resize: [{ square: 1344 }, { fit: 'file' }],
  maxTokens: 4096,
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'GaryGuTC/UniME-v2 e3deb73 (code MIT)', transformers: '4.49.0' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 63.6 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 68.0 },
  ],
};
