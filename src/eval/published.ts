/**
 * @file The scores that the authors published for MMEB: P@1 in per cent. Per dataset: for the Qwen2-VL models with
 * their V2 code (`experiments/public/all_scores/v2.0.1` of TIGER-AI-Lab/VLM2Vec; 1000 queries per dataset), for
 * LLaVA-1.6 from the paper's table 6 (arXiv 2410.05160, with their V1 code). Averages: the paper's table 2, and the
 * model cards of the two Qwen2-VL models.
 */

import type { BundleSource } from '../bundle/manifest';
import type { TaskName } from '../text';
import type { AverageName } from './score';

/** Models with published figures: every row of the model card's table. */
export const PUBLISHED_MODELS = {
  'v1-2b': { label: 'VLM2Vec-Qwen2VL-2B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B' },
  'v1-7b': { label: 'VLM2Vec-Qwen2VL-7B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-7B' },
  'v2.0': { label: 'VLM2Vec-V2.0', repository: 'VLM2Vec/VLM2Vec-V2.0' },
  llava: { label: 'VLM2Vec-LLaVa-Next', repository: 'TIGER-Lab/VLM2Vec-LLaVa-Next' },
  'phi-lora': { label: 'VLM2Vec-LoRA (Phi-3.5-V)', repository: 'TIGER-Lab/VLM2Vec-LoRA' },
  'phi-full': { label: 'VLM2Vec-Full (Phi-3.5-V)', repository: 'TIGER-Lab/VLM2Vec-Full' },
} as const;

export type PublishedModel = keyof typeof PUBLISHED_MODELS;

export const PUBLISHED_NAMES = Object.keys(PUBLISHED_MODELS) as PublishedModel[];

/** True for the repository's id and for its name alone, which a folder on disk may have. */
export function isRepository(id: string | undefined, repository: string): boolean {
  return id === repository || id === repository.slice(repository.indexOf('/') + 1);
}

/**
 * Returns the published model that a bundle was made from, identified by its adapter or merged weights; null for any
 * other.
 */
export function publishedModel({ base, adapter }: Pick<BundleSource, 'base' | 'adapter'>): PublishedModel | null {
  const id = adapter?.id ?? base.id;
  return PUBLISHED_NAMES.find((name) => isRepository(id, PUBLISHED_MODELS[name].repository)) ?? null;
}

type Scores = readonly [v1_2b: number, v1_7b: number, v2_0: number, llava: number];

/** The models of each column. */
const COLUMNS: readonly PublishedModel[] = ['v1-2b', 'v1-7b', 'v2.0', 'llava'];

const BY_SET: Record<TaskName, Scores> = {
  'ImageNet-1K': [77.5, 80.2, 80.8, 74.5],
  N24News: [73.8, 79.5, 73.0, 80.3],
  HatefulMemes: [57.9, 70.3, 55.8, 67.9],
  VOC2007: [74.3, 80.6, 84.9, 91.5],
  SUN397: [73.7, 77.3, 70.9, 75.8],
  Place365: [35.0, 37.2, 36.1, 44.0],
  'ImageNet-A': [50.6, 57.6, 47.6, 43.6],
  'ImageNet-R': [84.7, 74.2, 89.3, 79.8],
  ObjectNet: [36.9, 40.5, 65.1, 39.6],
  Country211: [21.7, 30.2, 25.8, 14.7],
  'OK-VQA': [48.2, 56.8, 51.7, 69.0],
  'A-OKVQA': [39.7, 47.5, 44.0, 54.4],
  DocVQA: [82.7, 88.8, 90.1, 52.0],
  InfographicsVQA: [47.3, 59.0, 59.1, 30.7],
  ChartQA: [42.2, 56.6, 48.1, 34.8],
  Visual7W: [50.9, 52.7, 52.8, 49.8],
  ScienceQA: [30.5, 38.2, 38.1, 42.1],
  VizWiz: [38.8, 39.6, 43.3, 43.0],
  GQA: [48.1, 54.4, 65.4, 61.2],
  TextVQA: [63.2, 71.6, 71.6, 62.0],
  VisDial: [75.1, 81.6, 82.7, 80.9],
  CIRR: [46.8, 51.4, 57.3, 49.9],
  VisualNews_t2i: [73.4, 80.3, 74.7, 75.4],
  VisualNews_i2t: [73.8, 81.2, 78.3, 80.0],
  MSCOCO_t2i: [73.1, 77.5, 75.9, 75.7],
  MSCOCO_i2t: [68.3, 73.6, 71.1, 73.1],
  NIGHTS: [65.8, 67.5, 68.4, 65.5],
  WebQA: [85.8, 88.3, 90.6, 87.6],
  FashionIQ: [13.8, 16.8, 19.6, 16.2],
  'Wiki-SS-NQ': [54.6, 62.1, 67.6, 60.2],
  OVEN: [68.4, 66.6, 64.8, 56.5],
  EDIS: [81.4, 85.9, 84.2, 87.8],
  MSCOCO: [65.7, 75.4, 66.2, 80.6],
  RefCOCO: [80.8, 87.1, 87.0, 88.7],
  'RefCOCO-Matching': [76.6, 84.4, 86.3, 84.0],
  'Visual7W-Pointing': [69.1, 80.7, 69.0, 90.9],
};

/** Returns P@1 of `set` in per cent; null if nothing is published for single datasets. */
export function publishedScore(set: TaskName, model: PublishedModel): number | null {
  const column = COLUMNS.indexOf(model);
  return column < 0 ? null : BY_SET[set][column]!;
}

/**
 * Averages over all datasets of each kind with the V1 code: Qwen2-VL and LLaVA at 1344 × 1344 pixels, Phi-3.5-V in 4
 * crops; there are none for V2.0. Phi-3.5-V was trained once with LoRA and once in full; it is not stated to which of
 * the two the weights of VLM2Vec-Full belong.
 */
export const PAPER_AVERAGES: Partial<Record<PublishedModel, Partial<Record<AverageName, number>>>> = {
  'v1-2b': { Classification: 59.0, VQA: 49.4, Retrieval: 65.4, Grounding: 73.4, All: 60.1 },
  'v1-7b': { Classification: 62.6, VQA: 57.8, Retrieval: 69.9, Grounding: 81.7, IND: 72.2, OOD: 57.8, All: 65.8 },
  llava: { Classification: 61.2, VQA: 49.9, Retrieval: 67.4, Grounding: 86.1, IND: 67.5, OOD: 57.1, All: 62.9 },
  'phi-lora': { Classification: 54.8, VQA: 54.9, Retrieval: 62.3, Grounding: 79.5, IND: 66.5, OOD: 52.0, All: 60.1 },
  'phi-full': { Classification: 52.8, VQA: 50.3, Retrieval: 57.8, Grounding: 72.3, IND: 62.8, OOD: 47.4, All: 55.9 },
};
