/**
 * @file The 36 sets of MMEB: meta-task, whether VLM2Vec was trained on their kind (IND) or not (OOD), and how the V2
 * layout's parts are put together. Their strings are in `text/instructions.ts`.
 */

import type { TaskName } from '../text';

export type MetaTask = 'Classification' | 'VQA' | 'Retrieval' | 'Grounding';

/** The meta-tasks, in the paper's order. */
export const META_TASKS: readonly MetaTask[] = ['Classification', 'VQA', 'Retrieval', 'Grounding'];

/**
 * How V2's evaluation joins instruction and text: for an image query with a plain instruction; for one whose
 * instruction follows on a new line; for a text query.
 */
export type Composition = 'image' | 'image-line' | 'text';

export interface MmebSet {
  name: TaskName;
  metaTask: MetaTask;
  /** Whether the dataset is in or out of the training distribution. */
  split: 'IND' | 'OOD';
  composition: Composition;
  /** Whether candidates are pictures. */
  imageTargets: boolean;
}

type Row = [name: TaskName, split: MmebSet['split'], composition: Composition, imageTargets?: boolean];

const rows = (metaTask: MetaTask, list: Row[]): MmebSet[] =>
  list.map(([name, split, composition, imageTargets = false]) => ({
    name,
    metaTask,
    split,
    composition,
    imageTargets,
  }));

/** All datasets, in the paper's order. */
export const MMEB_SETS: readonly MmebSet[] = [
  ...rows('Classification', [
    ['ImageNet-1K', 'IND', 'image'],
    ['N24News', 'IND', 'image'],
    ['HatefulMemes', 'IND', 'image'],
    ['VOC2007', 'IND', 'image'],
    ['SUN397', 'IND', 'image'],
    ['Place365', 'OOD', 'image'],
    ['ImageNet-A', 'OOD', 'image'],
    ['ImageNet-R', 'OOD', 'image'],
    ['ObjectNet', 'OOD', 'image'],
    ['Country211', 'OOD', 'image'],
  ]),
  ...rows('VQA', [
    ['OK-VQA', 'IND', 'image-line'],
    ['A-OKVQA', 'IND', 'image-line'],
    ['DocVQA', 'IND', 'image-line'],
    ['InfographicsVQA', 'IND', 'image-line'],
    ['ChartQA', 'IND', 'image-line'],
    ['Visual7W', 'IND', 'image-line'],
    ['ScienceQA', 'OOD', 'image-line'],
    ['VizWiz', 'OOD', 'image-line'],
    ['GQA', 'OOD', 'image-line'],
    ['TextVQA', 'OOD', 'image-line'],
  ]),
  ...rows('Retrieval', [
    ['VisDial', 'IND', 'text', true],
    ['CIRR', 'IND', 'image-line', true],
    ['VisualNews_t2i', 'IND', 'text', true],
    ['VisualNews_i2t', 'IND', 'image'],
    ['MSCOCO_t2i', 'IND', 'text', true],
    ['MSCOCO_i2t', 'IND', 'image'],
    ['NIGHTS', 'IND', 'image-line', true],
    ['WebQA', 'IND', 'text', true],
    ['FashionIQ', 'OOD', 'image-line', true],
    ['Wiki-SS-NQ', 'OOD', 'text', true],
    ['OVEN', 'OOD', 'image-line', true],
    ['EDIS', 'OOD', 'text', true],
  ]),
  ...rows('Grounding', [
    ['MSCOCO', 'IND', 'image-line', true],
    ['RefCOCO', 'OOD', 'image-line', true],
    ['RefCOCO-Matching', 'OOD', 'image-line', true],
    ['Visual7W-Pointing', 'OOD', 'image-line', true],
  ]),
];

const byName = new Map<string, MmebSet>(MMEB_SETS.map((set) => [set.name, set]));

/** Returns the dataset of this name; undefined if MMEB has none. */
export function mmebSet(name: string): MmebSet | undefined {
  return byName.get(name);
}
