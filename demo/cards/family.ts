/**
 * @file The rows of the model card's table, and Qwen3-VL-Embedding: what each requires and what a photo costs, known
 * before anything is downloaded. Sizes are those of `models.estimate` for the official configs (checked by the test
 * beside this file).
 */
import type { WeightDtype } from '../../src/index';
import { PAPER_AVERAGES, publishedScore, MMEB_SETS, averages } from '../../src/eval';

/** Bytes of one base model's bundles. */
interface Sizes {
  /** Files of the checkpoint that are read, without tokenizer and adapter. */
  checkpoint: number;
  /** Size of all weights. */
  store: Record<WeightDtype, number>;
  /** Size of those that go to the GPU. */
  gpu: Record<WeightDtype, number>;
}

/** How many operations a photo of 800 × 600 takes, according to docs/evaluation.md. */
interface PhotoCost {
  /** Tokens in the prompt; for SigLIP, patches. */
  tokens: number;
  teraflops: number;
}

const GB = 1e9;

export const FAMILY_SIZES = {
  'qwen2-vl-2b': {
    checkpoint: 4.418 * GB,
    store: { q4: 1.328 * GB, q8: 2.411 * GB, fp16: 4.418 * GB, fp32: 8.833 * GB },
    gpu: { q4: 1.193 * GB, q8: 2.163 * GB, fp16: 3.951 * GB, fp32: 7.899 * GB },
  },
  'qwen2-vl-7b': {
    checkpoint: 16.583 * GB,
    store: { q4: 4.651 * GB, q8: 8.458 * GB, fp16: 15.494 * GB, fp32: 30.983 * GB },
    gpu: { q4: 4.336 * GB, q8: 7.879 * GB, fp16: 14.404 * GB, fp32: 28.803 * GB },
  },
  'qwen3-vl-embedding-2b': {
    checkpoint: 4.255 * GB,
    store: { q4: 1.282 * GB, q8: 2.321 * GB, fp16: 4.255 * GB, fp32: 8.507 * GB },
    gpu: { q4: 1.102 * GB, q8: 1.99 * GB, fp16: 3.632 * GB, fp32: 7.262 * GB },
  },
  'qwen3-vl-embedding-8b': {
    checkpoint: 17.534 * GB,
    store: { q4: 4.894 * GB, q8: 8.894 * GB, fp16: 16.289 * GB, fp32: 32.576 * GB },
    gpu: { q4: 4.534 * GB, q8: 8.233 * GB, fp16: 15.045 * GB, fp32: 30.086 * GB },
  },
  'llava-next': {
    checkpoint: 15.133 * GB,
    store: { q4: 4.457 * GB, q8: 8.117 * GB, fp16: 14.847 * GB, fp32: 29.691 * GB },
    gpu: { q4: 4.381 * GB, q8: 7.978 * GB, fp16: 14.584 * GB, fp32: 29.166 * GB },
  },
  'phi3-v': {
    checkpoint: 8.293 * GB,
    store: { q4: 2.425 * GB, q8: 4.413 * GB, fp16: 8.072 * GB, fp32: 16.142 * GB },
    gpu: { q4: 2.368 * GB, q8: 4.309 * GB, fp16: 7.875 * GB, fp32: 15.748 * GB },
  },
  'siglip2-base': {
    checkpoint: 1.501 * GB,
    store: { q4: 0.2287 * GB, q8: 0.4067 * GB, fp16: 0.7509 * GB, fp32: 1.5008 * GB },
    gpu: { q4: 0.1151 * GB, q8: 0.1978 * GB, fp16: 0.3577 * GB, fp32: 0.7143 * GB },
  },
  'siglip2-so400m': {
    checkpoint: 4.544 * GB,
    store: { q4: 0.6903 * GB, q8: 1.2406 * GB, fp16: 2.2736 * GB, fp32: 4.544 * GB },
    gpu: { q4: 0.5198 * GB, q8: 0.9273 * GB, fp16: 1.6838 * GB, fp32: 3.3644 * GB },
  },
} satisfies Record<string, Sizes>;

export interface FamilyRow {
  repo: string;
  /** What it is made of, for people. */
  made: string;
  base: keyof typeof FAMILY_SIZES;
  /**
   * P@1 over MMEB's 36 sets, in per cent, as published; two if its authors do not say which applies, none if none is
   * published.
   */
  scores: readonly number[];
  photo: PhotoCost;
}

const QWEN_2B: PhotoCost = { tokens: 609, teraflops: 5.7 };

/** With the V2 code, the only one for which V2.0 has published scores. */
const v2Score = averages(MMEB_SETS.map((set) => ({ set, score: publishedScore(set.name, 'v2.0')! }))).All!;

export const FAMILY: readonly FamilyRow[] = [
  {
    repo: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B',
    made: 'Qwen2-VL 2B with an adapter',
    base: 'qwen2-vl-2b',
    scores: [PAPER_AVERAGES['v1-2b']!.All!],
    photo: QWEN_2B,
  },
  {
    repo: 'VLM2Vec/VLM2Vec-V2.0',
    made: 'Qwen2-VL 2B with an adapter; for documents and screenshots too',
    base: 'qwen2-vl-2b',
    scores: [v2Score],
    photo: QWEN_2B,
  },
  {
    repo: 'TIGER-Lab/VLM2Vec-Qwen2VL-7B',
    made: 'Qwen2-VL 7B with an adapter',
    base: 'qwen2-vl-7b',
    scores: [PAPER_AVERAGES['v1-7b']!.All!],
    photo: { tokens: 609, teraflops: 12.3 },
  },
  {
    repo: 'TIGER-Lab/VLM2Vec-LLaVa-Next',
    made: 'LLaVA-1.6 with Mistral 7B',
    base: 'llava-next',
    scores: [PAPER_AVERAGES.llava!.All!],
    photo: { tokens: 2340, teraflops: 36.3 },
  },
  {
    repo: 'TIGER-Lab/VLM2Vec-LoRA',
    made: 'Phi-3.5-V with an adapter',
    base: 'phi3-v',
    scores: [PAPER_AVERAGES['phi-lora']!.All!],
    photo: { tokens: 1921, teraflops: 19.6 },
  },
  {
    repo: 'TIGER-Lab/VLM2Vec-Full',
    made: 'Phi-3.5-V, merged',
    base: 'phi3-v',
    scores: [PAPER_AVERAGES['phi-full']!.All!, PAPER_AVERAGES['phi-lora']!.All!],
    photo: { tokens: 1921, teraflops: 19.6 },
  },
  {
    repo: 'Qwen/Qwen3-VL-Embedding-2B',
    made: 'Qwen3-VL 2B; many languages, shorter vectors',
    base: 'qwen3-vl-embedding-2b',
    scores: [75.0], // its repository's table of MMEB-V2, pictures
    photo: { tokens: 475, teraflops: 3.0 },
  },
  {
    repo: 'Qwen/Qwen3-VL-Embedding-8B',
    made: 'Qwen3-VL 8B; many languages, shorter vectors',
    base: 'qwen3-vl-embedding-8b',
    scores: [80.1],
    photo: { tokens: 475, teraflops: 9.1 },
  },
  {
    repo: 'google/siglip2-base-patch16-224',
    made: 'words to photos and back; no pictures with words, no instructions',
    base: 'siglip2-base',
    scores: [],
    photo: { tokens: 196, teraflops: 0.035 },
  },
  {
    repo: 'google/siglip2-so400m-patch14-384',
    made: 'the same, larger and nearer',
    base: 'siglip2-so400m',
    scores: [],
    photo: { tokens: 729, teraflops: 0.67 },
  },
];

/** How much longer a photo takes than with the 2B, if arithmetic decides. */
export function photoFactor({ photo }: FamilyRow): number {
  return photo.teraflops / QWEN_2B.teraflops;
}

/** `room`: bytes of weights that are likely to fit, as far as a browser reports it. */
export type GpuHere = { room: number } | 'none' | 'asking';

/** As `load` assumes (docs/models.md), since no browser reports the memory of a GPU. */
export const gpuRoom = (maxBufferSize: number) => 2 * maxBufferSize;

/** Looks this up once. */
export async function lookForGpu(): Promise<GpuHere> {
  const adapter = await globalThis.navigator?.gpu
    ?.requestAdapter({ powerPreference: 'high-performance' })
    .catch(() => null);
  return adapter ? { room: gpuRoom(adapter.limits.maxBufferSize) } : 'none';
}
