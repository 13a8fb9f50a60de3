/**
 * @file The visual-document sets of MMEB-V2: pages of documents as pictures, found by a question. Names, repositories,
 * splits and languages: `experiments/public/eval/visdoc.yaml` and `src/constant/dataset_hf_path.py` of
 * TIGER-AI-Lab/VLM2Vec, main 6e1e1d4.
 */

/** The groups of datasets in reports of MMEB-V2. */
export type DocumentGroup = 'ViDoRe v1' | 'ViDoRe v2' | 'VisRAG' | 'OOD';

export const DOCUMENT_GROUPS: readonly DocumentGroup[] = ['ViDoRe v1', 'ViDoRe v2', 'VisRAG', 'OOD'];

export interface DocumentSet {
  name: string;
  group: DocumentGroup;
  /** Repository on the Hub. A folder has its name without the owner, or the name of the dataset. */
  repository: string;
  split: 'test' | 'train';
  /** Only queries of this language count. */
  language: string | null;
  /** Whether it is one of the 24 datasets that averages include; the others are parts of those. */
  counts: boolean;
}

interface More {
  split?: DocumentSet['split'];
  language?: string;
  counts?: false;
}

type Row = readonly [name: string, repository: string, more?: More];

const rows = (group: DocumentGroup, list: readonly Row[]) =>
  list.map(([name, repository, more = {}]): DocumentSet => {
    const { split = 'test', language = null, counts = true } = more;
    return { name, group, repository, split, language, counts };
  });

const english: More = { language: 'english', counts: false };
const train: More = { split: 'train' };

/** All datasets, in the order of MMEB-V2's reports. */
export const DOCUMENT_SETS: readonly DocumentSet[] = [
  ...rows('ViDoRe v1', [
    ['ViDoRe_arxivqa', 'vidore/arxivqa_test_subsampled_beir'],
    ['ViDoRe_docvqa', 'vidore/docvqa_test_subsampled_beir'],
    ['ViDoRe_infovqa', 'vidore/infovqa_test_subsampled_beir'],
    ['ViDoRe_tabfquad', 'vidore/tabfquad_test_subsampled_beir'],
    ['ViDoRe_tatdqa', 'vidore/tatdqa_test_beir'],
    ['ViDoRe_shiftproject', 'vidore/shiftproject_test_beir'],
    ['ViDoRe_syntheticDocQA_artificial_intelligence', 'vidore/syntheticDocQA_artificial_intelligence_test_beir'],
    ['ViDoRe_syntheticDocQA_energy', 'vidore/syntheticDocQA_energy_test_beir'],
    ['ViDoRe_syntheticDocQA_government_reports', 'vidore/syntheticDocQA_government_reports_test_beir'],
    ['ViDoRe_syntheticDocQA_healthcare_industry', 'vidore/syntheticDocQA_healthcare_industry_test_beir'],
  ]),
  ...rows('ViDoRe v2', [
    ['ViDoRe_esg_reports_human_labeled_v2', 'vidore/esg_reports_human_labeled_v2'],
    ['ViDoRe_biomedical_lectures_v2', 'vidore/biomedical_lectures_v2', english],
    ['ViDoRe_biomedical_lectures_v2_multilingual', 'vidore/biomedical_lectures_v2'],
    ['ViDoRe_economics_reports_v2', 'vidore/economics_reports_v2', english],
    ['ViDoRe_economics_reports_v2_multilingual', 'vidore/economics_reports_v2'],
    ['ViDoRe_esg_reports_v2', 'vidore/esg_reports_v2', english],
    ['ViDoRe_esg_reports_v2_multilingual', 'vidore/esg_reports_v2'],
  ]),
  ...rows('VisRAG', [
    ['VisRAG_ArxivQA', 'openbmb/VisRAG-Ret-Test-ArxivQA', train],
    ['VisRAG_ChartQA', 'openbmb/VisRAG-Ret-Test-ChartQA', train],
    ['VisRAG_MP-DocVQA', 'openbmb/VisRAG-Ret-Test-MP-DocVQA', train],
    ['VisRAG_SlideVQA', 'openbmb/VisRAG-Ret-Test-SlideVQA', train],
    ['VisRAG_InfoVQA', 'openbmb/VisRAG-Ret-Test-InfoVQA', train],
    ['VisRAG_PlotQA', 'openbmb/VisRAG-Ret-Test-PlotQA', train],
  ]),
  ...rows('OOD', [
    ['ViDoSeek-page', 'VLM2Vec/ViDoSeek-page-fixed'],
    ['ViDoSeek-doc', 'VLM2Vec/ViDoSeek'],
    ['MMLongBench-page', 'VLM2Vec/MMLongBench-page-fixed'],
    ['MMLongBench-doc', 'VLM2Vec/MMLongBench-doc'],
  ]),
];

/** Returns the dataset of this name; undefined if there is none. */
export function documentSet(name: string): DocumentSet | undefined {
  return DOCUMENT_SETS.find((set) => set.name === name);
}

/** Returns the datasets in a folder of this name, which is that of a dataset, or of a repository without its owner. */
export function setsNamed(folder: string): DocumentSet[] {
  const own = DOCUMENT_SETS.filter(({ name }) => name === folder);
  if (own.length > 0) return own;
  return DOCUMENT_SETS.filter(({ repository }) => repository.slice(repository.indexOf('/') + 1) === folder);
}
