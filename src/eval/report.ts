/** @file The results compared with the published ones, as plain data and as Markdown. */

import type { BundleSource, WeightDtype } from '../bundle/manifest';
import type { Recipe } from '../recipes';
import type { TaskName } from '../text';
import { intervalOf, resampledMeans, type Interval } from './bootstrap';
import type { SetResult } from './evaluate';
import {
  PAPER_AVERAGES,
  PUBLISHED_MODELS,
  PUBLISHED_NAMES,
  publishedModel,
  publishedScore,
  type PublishedModel,
} from './published';
import type { Regime, RegimeName, RegimeOptions } from './regime';
import { AVERAGE_NAMES, averages, type AverageName } from './score';
import { META_TASKS, MMEB_SETS, type MetaTask, type MmebSet } from './sets';

/** What was evaluated, and with which settings. */
export interface ReportSubject {
  model: {
    label: string;
    source: BundleSource;
    dtype: WeightDtype;
    dims: number;
    /** Identifies everything its embeddings depend on. */
    id: string;
    device: string;
    activations: string;
  };
  /** `prefixes`: those of the recipe, put before text targets. `prompts`: those for visual documents. */
  regime: { name: RegimeName; prefixes?: Recipe['prefixes']; prompts?: string } & RegimeOptions;
  data: { label: string; revision: string | null; limit: number | null };
}

/** Scores in per cent, with their 95 % intervals; differences are our score minus the published one. */
export interface EvalReport extends ReportSubject {
  format: 'vlm2vec-mmeb-report';
  version: 1;
  /** The published row that `difference` is relative to; null for a model that has none. */
  against: PublishedModel | null;
  sets: {
    name: TaskName;
    metaTask: MetaTask;
    split: MmebSet['split'];
    queries: number;
    correct: number;
    score: number;
    interval: Interval;
    published: Record<PublishedModel, number | null>;
    difference: number | null;
  }[];
  /** Means over the datasets above; those of published scores are over the same datasets, if they are published. */
  averages: {
    name: AverageName;
    sets: number;
    score: number | null;
    interval: Interval | null;
    published: Record<PublishedModel, number | null>;
    difference: number | null;
  }[];
}

/** Returns what a report says about a regime. */
export function regimeSubject({ name, options }: Regime, prefixes: Recipe['prefixes']): ReportSubject['regime'] {
  return { name, ...options, ...(prefixes ? { prefixes } : {}) };
}

export interface ReportOptions {
  /** Compare with this row instead of the model's own. */
  against?: PublishedModel;
}

export function makeReport(
  subject: ReportSubject,
  results: readonly SetResult[],
  { against = publishedModel(subject.model.source) ?? undefined }: ReportOptions = {},
): EvalReport {
  const difference = (score: number | null, published: Record<PublishedModel, number | null>) => {
    const other = against && published[against];
    return score === null || other === undefined || other === null ? null : score - other;
  };
  const scored = results.map(({ set, queries, correct }) => ({
    set,
    queries,
    correct,
    score: (100 * correct) / queries,
  }));
  const ours = averages(scored);
  // Resamples do not know the order of queries: which of them are right does not matter, only how many.
  const answers = results.map(({ correct, queries }) =>
    Array.from({ length: queries }, (_, i) => (i < correct ? 100 : 0)),
  );
  const means = answers.length === 0 ? [] : resampledMeans(answers);
  const sets = scored.map(({ set }) => set);
  const theirs = byModel((model) => publishedAverages(sets, model));
  return {
    format: 'vlm2vec-mmeb-report',
    version: 1,
    ...subject,
    against: against ?? null,
    sets: scored.map(({ set: { name, metaTask, split }, queries, correct, score }, i) => {
      const published = byModel((model) => publishedScore(name, model));
      const interval = intervalOf([means[i]!]);
      const change = difference(score, published);
      return { name, metaTask, split, queries, correct, score, interval, published, difference: change };
    }),
    averages: AVERAGE_NAMES.map((name) => {
      const published = byModel((model) => theirs[model][name]);
      const of = means.filter((_, i) => isOf(name, sets[i]!));
      return {
        name,
        sets: of.length,
        score: ours[name],
        interval: of.length === 0 ? null : intervalOf(of),
        published,
        difference: difference(ours[name], published),
      };
    }),
  };
}

/**
 * Averages over these datasets; if scores of single datasets are not published, the averages over all datasets of a
 * kind, provided all are present.
 */
function publishedAverages(sets: readonly MmebSet[], model: PublishedModel): Record<AverageName, number | null> {
  const scored = sets.flatMap((set) => {
    const score = publishedScore(set.name, model);
    return score === null ? [] : [{ set, score }];
  });
  if (scored.length === sets.length) return averages(scored);
  const isWhole = (name: AverageName) => countOf(name, sets) === countOf(name, MMEB_SETS);
  return Object.fromEntries(
    AVERAGE_NAMES.map((name) => [name, isWhole(name) ? (PAPER_AVERAGES[model]?.[name] ?? null) : null]),
  ) as Record<AverageName, number | null>;
}

const isOf = (name: AverageName, { metaTask, split }: MmebSet) => name === 'All' || metaTask === name || split === name;

const countOf = (name: AverageName, sets: readonly MmebSet[]) => sets.filter((set) => isOf(name, set)).length;

function byModel<T>(value: (model: PublishedModel) => T): Record<PublishedModel, T> {
  return Object.fromEntries(PUBLISHED_NAMES.map((model) => [model, value(model)])) as Record<PublishedModel, T>;
}

const TITLES: Record<AverageName, string> = {
  ...(Object.fromEntries(META_TASKS.map((name) => [name, name])) as Record<MetaTask, string>),
  IND: 'IND (in the training distribution)',
  OOD: 'OOD (out of the training distribution)',
  All: 'All',
};

/** Returns the report as Markdown. */
export function reportMarkdown(report: EvalReport): string {
  const { against, sets, averages: means } = report;
  const difference = against === null ? [] : [`Δ to ${PUBLISHED_MODELS[against].label}`];
  // Columns without a figure are left out.
  const columns = (rows: readonly Pick<EvalReport['sets'][number], 'published'>[]) =>
    PUBLISHED_NAMES.filter((name) => rows.some((row) => row.published[name] !== null));
  const inSets = columns(sets);
  const inMeans = columns(means);
  const labels = (names: readonly PublishedModel[]) => names.map((name) => PUBLISHED_MODELS[name].label);
  const scores = (
    {
      score,
      interval,
      published,
      difference: change,
    }: Pick<EvalReport['averages'][number], 'score' | 'interval' | 'published' | 'difference'>,
    names: readonly PublishedModel[],
  ) => [
    percent(score),
    intervalText(interval),
    ...names.map((name) => percent(published[name])),
    ...(against === null ? [] : [signed(change)]),
  ];
  const lines = [
    '# MMEB: P@1 in per cent',
    '',
    ...aboutRun(report),
    `- Sets: ${sets.length} of ${MMEB_SETS.length}; published averages are over the same sets`,
    '',
    ...markdownTable(
      ['Average', 'Sets', 'Ours', '95 %', ...labels(inMeans), ...difference],
      1,
      means
        .filter((mean) => mean.sets > 0)
        .map((mean) => [TITLES[mean.name], String(mean.sets), ...scores(mean, inMeans)]),
    ),
    '',
    ...markdownTable(
      ['Set', 'Task', 'Split', 'Queries', 'Ours', '95 %', ...labels(inSets), ...difference],
      3,
      sets.map((set) => [set.name, set.metaTask, set.split, String(set.queries), ...scores(set, inSets)]),
    ),
    '',
    'Intervals: percentile bootstrap of the queries within each set, 2,000 resamples.',
    'Published scores per set: for the Qwen2-VL models with the authors’ V2 code (`experiments/public/all_scores/v2.0.1`), which embeds',
    'pictures for the V1 models at 980 × 980 pixels; for LLaVA-1.6 from the paper (table 6), at 1344 × 1344. Published averages',
    'with the V1 code (regime v1: 1344 × 1344 pixels, Phi-3.5-V in 4 crops) are over all 36 sets:',
    '',
    ...markdownTable(
      ['Paper', ...AVERAGE_NAMES],
      1,
      PUBLISHED_NAMES.flatMap((name) => {
        const row = PAPER_AVERAGES[name];
        return row ? [[PUBLISHED_MODELS[name].label, ...AVERAGE_NAMES.map((each) => percent(row[each] ?? null))]] : [];
      }),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Tells which model, pictures and data a report is about. */
export function aboutRun({ model, regime, data }: ReportSubject): string[] {
  const { adapter, base } = model.source;
  return [
    `- Model: ${model.label} (${[base.id, adapter?.id].filter(Boolean).join(' + ')}), ${model.dtype} weights, ` +
      `${model.device} with ${model.activations} activations; id ${model.id.slice(0, 12)}`,
    `- Pictures: regime ${regime.name}${describeOptions(regime)}`,
    ...(regime.prompts ? [`- Prompts: those of ${regime.prompts}`] : []),
    ...(regime.prefixes ? ['- Text targets: with the prefixes of the recipe'] : []),
    `- Data: ${data.label}${data.revision === null ? '' : ` at ${data.revision.slice(0, 12)}`}` +
      (data.limit === null ? '' : `, the first ${data.limit} queries of each set`),
  ];
}

/** `[61.2, 70.4]` */
export const intervalText = (interval: Interval | null) =>
  interval === null ? '–' : `[${percent(interval.low)}, ${percent(interval.high)}]`;

/** `, 3136 to 12845056 pixels`; `, at most 4 crops` */
function describeOptions({ minPixels, maxPixels, numCrops }: RegimeOptions): string {
  if (numCrops !== undefined) return `, at most ${numCrops} ${numCrops === 1 ? 'crop' : 'crops'}`;
  return minPixels === undefined || maxPixels === undefined ? '' : `, ${minPixels} to ${maxPixels} pixels`;
}

/** A number with one decimal; a dash if there is none. */
export const percent = (value: number | null) => (value === null ? '–' : value.toFixed(1));
export const signed = (value: number | null) => {
  if (value === null) return '–';
  const text = value.toFixed(1);
  return value >= 0.05 ? `+${text}` : text.replace(/^-0\.0$/, '0.0').replace('-', '−');
};

/** @param left number of columns that are aligned left */
export function markdownTable(head: readonly string[], left: number, rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i < left ? '---' : '---:'))), ...rows.map(line)];
}
