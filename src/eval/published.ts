/**
 * @file What the authors published: P@1 per set in per cent, by their V2 code (`experiments/public/all_scores/v2.0.1` of
 * TIGER-AI-Lab/VLM2Vec; 1000 queries a set), and the paper's averages, by their V1 code at 2304 visual tokens.
 */

import type { BundleSource } from '../bundle/manifest';
import type { TaskName } from '../text';
import type { MetaTask } from './sets';

/** Models with published rows. */
export const PUBLISHED_MODELS = {
  'v1-2b': { label: 'VLM2Vec-Qwen2VL-2B', adapter: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B' },
  'v1-7b': { label: 'VLM2Vec-Qwen2VL-7B', adapter: 'TIGER-Lab/VLM2Vec-Qwen2VL-7B' },
  'v2.0': { label: 'VLM2Vec-V2.0', adapter: 'VLM2Vec/VLM2Vec-V2.0' },
} as const;

export type PublishedModel = keyof typeof PUBLISHED_MODELS;

export const PUBLISHED_NAMES = Object.keys(PUBLISHED_MODELS) as PublishedModel[];

/** True for the repository's id and for its bare name, which a folder on disk has. */
export function isRepository(id: string | undefined, repository: string): boolean {
  return id === repository || id === repository.slice(repository.indexOf('/') + 1);
}

/** The published model that a bundle was made from, by its adapter; null for any other. */
export function publishedModel({ adapter }: Pick<BundleSource, 'adapter'>): PublishedModel | null {
  return PUBLISHED_NAMES.find((name) => isRepository(adapter?.id, PUBLISHED_MODELS[name].adapter)) ?? null;
}

type Scores = readonly [v1_2b: number, v1_7b: number, v2_0: number];

const BY_SET: Record<TaskName, Scores> = {
  'ImageNet-1K': [77.5, 80.2, 80.8],
  N24News: [73.8, 79.5, 73.0],
  HatefulMemes: [57.9, 70.3, 55.8],
  VOC2007: [74.3, 80.6, 84.9],
  SUN397: [73.7, 77.3, 70.9],
  Place365: [35.0, 37.2, 36.1],
  'ImageNet-A': [50.6, 57.6, 47.6],
  'ImageNet-R': [84.7, 74.2, 89.3],
  ObjectNet: [36.9, 40.5, 65.1],
  Country211: [21.7, 30.2, 25.8],
  'OK-VQA': [48.2, 56.8, 51.7],
  'A-OKVQA': [39.7, 47.5, 44.0],
  DocVQA: [82.7, 88.8, 90.1],
  InfographicsVQA: [47.3, 59.0, 59.1],
  ChartQA: [42.2, 56.6, 48.1],
  Visual7W: [50.9, 52.7, 52.8],
  ScienceQA: [30.5, 38.2, 38.1],
  VizWiz: [38.8, 39.6, 43.3],
  GQA: [48.1, 54.4, 65.4],
  TextVQA: [63.2, 71.6, 71.6],
  VisDial: [75.1, 81.6, 82.7],
  CIRR: [46.8, 51.4, 57.3],
  VisualNews_t2i: [73.4, 80.3, 74.7],
  VisualNews_i2t: [73.8, 81.2, 78.3],
  MSCOCO_t2i: [73.1, 77.5, 75.9],
  MSCOCO_i2t: [68.3, 73.6, 71.1],
  NIGHTS: [65.8, 67.5, 68.4],
  WebQA: [85.8, 88.3, 90.6],
  FashionIQ: [13.8, 16.8, 19.6],
  'Wiki-SS-NQ': [54.6, 62.1, 67.6],
  OVEN: [68.4, 66.6, 64.8],
  EDIS: [81.4, 85.9, 84.2],
  MSCOCO: [65.7, 75.4, 66.2],
  RefCOCO: [80.8, 87.1, 87.0],
  'RefCOCO-Matching': [76.6, 84.4, 86.3],
  'Visual7W-Pointing': [69.1, 80.7, 69.0],
};

/** P@1 of `set` in per cent. */
export function publishedScore(set: TaskName, model: PublishedModel): number {
  return BY_SET[set][PUBLISHED_NAMES.indexOf(model)]!;
}

/** The paper's own averages over all 36 sets, at 1344 × 1344 pixels; there are none of V2.0. */
export const PAPER_AVERAGES: Partial<Record<PublishedModel, Record<MetaTask | 'All', number>>> = {
  'v1-2b': { Classification: 59.0, VQA: 49.4, Retrieval: 65.4, Grounding: 73.4, All: 60.1 },
  'v1-7b': { Classification: 62.6, VQA: 57.8, Retrieval: 69.9, Grounding: 81.7, All: 65.8 },
};
