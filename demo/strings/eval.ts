/** @file Texts of the evaluation page. */
import type { MetaTask } from '../../src/eval';

const number = new Intl.NumberFormat('en');
const count = (n: number, one: string, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;

export const evalStrings = {
  title: 'How often is a model right?',
  lead: 'Runs MMEB’s evaluation in this browser: each query picks the best of its own candidates. The share of queries that pick the right one is called P@1.',
  number: (n: number) => number.format(n),
  data: {
    legend: 'Questions',
    mini: 'Miniature MMEB (built in)',
    folder: 'MMEB on this device',
    miniNote: (sets: number, queries: number) =>
      `${count(sets, 'set')} of MMEB’s kinds, ${count(queries, 'query', 'queries')} each, made of drawings in a style that nano was never trained on.`,
    folderNote:
      'A folder in the layout of TIGER-Lab/MMEB-eval: <Set>/test-00000-of-00001.parquet and images.zip. Or visual documents of MMEB-V2: folders with queries, corpus and qrels, measured by NDCG@5.',
    choose: 'Choose the folder…',
    chosen: (name: string, sets: number) => `${name}: ${count(sets, 'set')}`,
    missing: (path: string, status: number) => `${path} could not be loaded (${status}).`,
    otherSite: (origin: string) => `This page only reads from its own site, and ${origin} is a different site.`,
  },
  regime: {
    legend: 'Pictures',
    names: { native: 'As the model takes them', v2: 'V2: up to 1,003,520 px', v1: 'V1: 1344 × 1344, or 4 crops' },
  },
  limit: 'Queries per set',
  limitAll: 'all',
  run: 'Measure',
  stop: 'Stop',
  busy: (set: string, done: number, sets: number) => `${set}, set ${done + 1} of ${sets}`,
  label: 'Measuring',
  table: {
    caption: 'P@1 by set, in per cent',
    set: 'Set',
    queries: 'Queries',
    chance: 'Chance',
    here: 'Here',
    reference: 'PyTorch',
    all: 'All sets',
  },
  documents: {
    caption: 'NDCG@5 by set, in per cent',
    pages: 'Pages',
    small: 'For a figure that you can quote, measure all queries of a set, with all its pages (docs/evaluation.md).',
  },
  tasks: {
    Classification: 'Classification',
    VQA: 'Questions',
    Retrieval: 'Retrieval',
    Grounding: 'Grounding',
  } satisfies Record<MetaTask, string>,
  percent: (share: number) => (100 * share).toFixed(1),
  took: (inputs: number, seconds: string, rate: string, where: string) =>
    `${count(inputs, 'input')} in ${seconds} on ${where}: ${rate} per second.`,
  where: { webgpu: 'the GPU', wasm: 'the CPU', cpu: 'the CPU' } as Record<string, string>,
  agreement: (same: number, of: number) =>
    `Of ${count(of, 'query', 'queries')}, ${number.format(same)} chose the same candidate as PyTorch does with 32-bit floats and unrounded weights.`,
  small:
    'This few queries can tell devices and weights apart, but not models. For a figure that you can quote, measure all of MMEB (docs/evaluation.md).',
  save: 'Save the report',
  reportName: 'vlm2vec-mmeb-report.json',
};
