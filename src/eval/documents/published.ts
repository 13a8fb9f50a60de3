/**
 * @file The published scores for MMEB-V2's visual documents: NDCG@5 in per cent. Per dataset with the authors' V2 code
 * (`experiments/public/all_scores` of TIGER-AI-Lab/VLM2Vec: the two page sets of v2.1-baselines-visdoc-page-fixed, all
 * others of v2.0.1); averages of Qwen3-VL-Embedding from the README of QwenLM/Qwen3-VL-Embedding 8ce3aab.
 */

import type { BundleSource } from '../../bundle/manifest';
import { isRepository } from '../published';
import { DOCUMENT_GROUPS, type DocumentGroup } from './sets';

export const DOCUMENT_MODELS = {
  'v1-2b': { label: 'VLM2Vec-Qwen2VL-2B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B' },
  'v1-7b': { label: 'VLM2Vec-Qwen2VL-7B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-7B' },
  'v2.0': { label: 'VLM2Vec-V2.0', repository: 'VLM2Vec/VLM2Vec-V2.0' },
  'qwen3-2b': { label: 'Qwen3-VL-Embedding-2B', repository: 'Qwen/Qwen3-VL-Embedding-2B' },
  'qwen3-8b': { label: 'Qwen3-VL-Embedding-8B', repository: 'Qwen/Qwen3-VL-Embedding-8B' },
} as const;

export type DocumentModel = keyof typeof DOCUMENT_MODELS;

export const DOCUMENT_MODEL_NAMES = Object.keys(DOCUMENT_MODELS) as DocumentModel[];

export type DocumentAverage = DocumentGroup | 'All';

export const DOCUMENT_AVERAGES: readonly DocumentAverage[] = [...DOCUMENT_GROUPS, 'All'];

/** Returns the published model that a bundle was made from; null for any other. */
export function documentModel({ base, adapter }: Pick<BundleSource, 'base' | 'adapter'>): DocumentModel | null {
  const id = adapter?.id ?? base.id;
  return DOCUMENT_MODEL_NAMES.find((name) => isRepository(id, DOCUMENT_MODELS[name].repository)) ?? null;
}

/** The models of each column. */
const COLUMNS: readonly DocumentModel[] = ['v1-2b', 'v1-7b', 'v2.0'];

const BY_SET: Readonly<Record<string, readonly [v1_2b: number, v1_7b: number, v2_0: number]>> = {
  ViDoRe_arxivqa: [18.1, 28.2, 78.9],
  ViDoRe_docvqa: [14.0, 19.0, 37.1],
  ViDoRe_infovqa: [39.5, 44.8, 82.7],
  ViDoRe_tabfquad: [36.0, 17.0, 87.8],
  ViDoRe_tatdqa: [10.5, 5.7, 44.3],
  ViDoRe_shiftproject: [8.4, 1.6, 61.0],
  ViDoRe_syntheticDocQA_artificial_intelligence: [17.0, 18.2, 89.1],
  ViDoRe_syntheticDocQA_energy: [16.4, 23.9, 86.3],
  ViDoRe_syntheticDocQA_government_reports: [25.2, 13.9, 85.6],
  ViDoRe_syntheticDocQA_healthcare_industry: [20.8, 27.6, 91.1],
  ViDoRe_esg_reports_human_labeled_v2: [13.1, 7.0, 45.8],
  ViDoRe_biomedical_lectures_v2_multilingual: [6.5, 5.2, 44.6],
  ViDoRe_economics_reports_v2_multilingual: [12.9, 13.8, 42.3],
  ViDoRe_esg_reports_v2_multilingual: [20.3, 11.1, 45.7],
  VisRAG_ArxivQA: [41.2, 52.8, 76.7],
  VisRAG_ChartQA: [59.5, 69.0, 84.2],
  'VisRAG_MP-DocVQA': [43.6, 52.7, 71.8],
  VisRAG_SlideVQA: [74.5, 72.8, 91.4],
  VisRAG_InfoVQA: [71.1, 71.3, 85.9],
  VisRAG_PlotQA: [23.5, 34.5, 65.9],
  'ViDoSeek-page': [67.8, 77.4, 80.3],
  'ViDoSeek-doc': [56.3, 54.2, 80.3],
  'MMLongBench-page': [26.0, 36.8, 44.7],
  'MMLongBench-doc': [26.0, 24.0, 42.8],
};

/** Returns NDCG@5 of `set` in per cent; null if none is published. */
export function publishedNdcg(set: string, model: DocumentModel): number | null {
  const column = COLUMNS.indexOf(model);
  return column < 0 ? null : (BY_SET[set]?.[column] ?? null);
}

/** Averages over all datasets of a group, for models whose scores on single datasets are not published. */
export const PUBLISHED_NDCG_AVERAGES: Partial<Record<DocumentModel, Record<DocumentAverage, number>>> = {
  'qwen3-2b': { 'ViDoRe v1': 84.4, 'ViDoRe v2': 65.3, VisRAG: 86.4, OOD: 69.4, All: 79.2 },
  'qwen3-8b': { 'ViDoRe v1': 87.2, 'ViDoRe v2': 69.9, VisRAG: 88.7, OOD: 73.3, All: 82.4 },
};
