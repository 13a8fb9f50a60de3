/** @file VLM2Vec (Jiang et al. 2024) and what is asked in its way: MMEB's strings, as the caller gives them. */

import { FIT_FILE, type ResizeStep } from '../image';
import { TOKEN } from './chat';
import { MMEB_PROMPTS } from './mmeb';
import type { Recipe } from './recipe';

/** Released with the paper, and read by transformers 4.46: nothing but the caller's string. */
export const vlm2vec: Recipe = {
  name: 'vlm2vec',
  title: 'VLM2Vec',
  architectures: ['qwen2_vl', 'llava_next', 'phi3_v'],
  hub: [
    'TIGER-Lab/VLM2Vec-Qwen2VL-2B',
    'TIGER-Lab/VLM2Vec-Qwen2VL-7B',
    'TIGER-Lab/VLM2Vec-LLaVa-Next',
    'TIGER-Lab/VLM2Vec-Full',
    'TIGER-Lab/VLM2Vec-LoRA',
  ],
  prompt: { raw: MMEB_PROMPTS },
  positions: '1d',
  pooling: 'last',
  resize: FIT_FILE,
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: { code: 'TIGER-AI-Lab/VLM2Vec v1 28fdbdd, src/model.py and src/model_utils.py', transformers: '4.46.3' },
  scores: [
    { model: '2B', benchmark: 'MMEB image (36 sets)', percent: 59.7 },
    { model: '7B', benchmark: 'MMEB image (36 sets)', percent: 65.4 },
  ],
};

/** The second code base's own processor, which takes tiny and narrow pictures too. */
export const V2_STEPS: readonly ResizeStep[] = [
  { small: 28, to: [56, 56] },
  { narrow: 200, within: [4 * TOKEN, 1280 * TOKEN] },
  { fit: [4 * TOKEN, 1280 * TOKEN] },
];

/** The second release: small pictures are enlarged, large ones reduced to 1,280 tokens, whatever the file says. */
export const vlm2vecV2: Recipe = {
  name: 'vlm2vec-v2',
  title: 'VLM2Vec-V2.0',
  architectures: ['qwen2_vl'],
  hub: ['VLM2Vec/VLM2Vec-V2.0'],
  base: 'Qwen/Qwen2-VL-2B-Instruct',
  maxImages: 100,
  prompt: { raw: { ...MMEB_PROMPTS, separator: ' ', end: '' } },
  positions: '1d',
  pooling: 'last',
  resize: V2_STEPS,
  score: 'cosine',
  licence: { name: 'Apache-2.0', commercial: true },
  source: {
    code: 'TIGER-AI-Lab/VLM2Vec main 6e1e1d4: load_processor, MMEBModel.load, Qwen2_VL_process_fn',
    transformers: '4.52.3',
  },
  scores: [{ model: '2B', benchmark: 'MMEB image (36 sets)', percent: 64.9 }],
};
