/** @file NDCG@5 compared with published scores, as plain data and as Markdown. */

import { intervalOf, resampledMeans, type Interval } from '../bootstrap';
import { aboutRun, intervalText, markdownTable, percent, signed, type ReportSubject } from '../report';
import type { DocumentResult } from './evaluate';
import {
  DOCUMENT_AVERAGES,
  DOCUMENT_MODELS,
  DOCUMENT_MODEL_NAMES,
  documentModel,
  PUBLISHED_NDCG_AVERAGES,
  publishedNdcg,
  type DocumentAverage,
  type DocumentModel,
} from './published';
import { DOCUMENT_SETS, type DocumentGroup, type DocumentSet } from './sets';

type Published = Record<DocumentModel, number | null>;

/** Scores in per cent, with their 95 % intervals; differences are our score minus the published one. */
export interface DocumentReport extends ReportSubject {
  format: 'vlm2vec-visual-documents-report';
  version: 1;
  metric: 'NDCG@5';
  /** The published row that `difference` is relative to; null for a model that has none. */
  against: DocumentModel | null;
  sets: {
    name: string;
    group: DocumentGroup;
    queries: number;
    pages: number;
    score: number;
    interval: Interval;
    published: Published;
    difference: number | null;
  }[];
  /** Means over the datasets above, except those that are parts of others. */
  averages: {
    name: DocumentAverage;
    sets: number;
    score: number | null;
    interval: Interval | null;
    published: Published;
    difference: number | null;
  }[];
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const inPercent = ({ low, high }: Interval): Interval => ({ low: 100 * low, high: 100 * high });

export function makeDocumentReport(
  subject: ReportSubject,
  results: readonly DocumentResult[],
  { against = documentModel(subject.model.source) ?? undefined }: { against?: DocumentModel } = {},
): DocumentReport {
  const difference = (score: number | null, published: Published) => {
    const other = against && published[against];
    return score === null || other === undefined || other === null ? null : score - other;
  };
  const means = results.length === 0 ? [] : resampledMeans(results.map(({ scores }) => scores));
  return {
    ...{ format: 'vlm2vec-visual-documents-report', version: 1, metric: 'NDCG@5' },
    ...subject,
    against: against ?? null,
    sets: results.map(({ set: { name, group }, scores, pages }, i) => {
      const published = byModel((model) => publishedNdcg(name, model));
      const score = 100 * meanOf(scores);
      return {
        ...{ name, group, queries: scores.length, pages, score },
        ...{ interval: inPercent(intervalOf([means[i]!])), published, difference: difference(score, published) },
      };
    }),
    averages: DOCUMENT_AVERAGES.map((name) => {
      const at = results.flatMap(({ set }, i) => (isOf(name, set) ? [i] : []));
      const sets = at.map((i) => results[i]!.set);
      const score = at.length === 0 ? null : 100 * meanOf(at.map((i) => meanOf(results[i]!.scores)));
      const published = byModel((model) => publishedAverage(name, sets, model));
      const interval = at.length === 0 ? null : inPercent(intervalOf(at.map((i) => means[i]!)));
      return { name, sets: at.length, score, interval, published, difference: difference(score, published) };
    }),
  };
}

const isOf = (name: DocumentAverage, { group, counts }: DocumentSet) => counts && (name === 'All' || group === name);

/**
 * The average over the same datasets; if scores of single datasets are not published, the published average, provided
 * all datasets are present.
 */
function publishedAverage(name: DocumentAverage, sets: readonly DocumentSet[], model: DocumentModel): number | null {
  const scores = sets.flatMap((set) => publishedNdcg(set.name, model) ?? []);
  if (scores.length > 0 && scores.length === sets.length) return meanOf(scores);
  const isWhole = sets.length === DOCUMENT_SETS.filter((set) => isOf(name, set)).length;
  return isWhole ? (PUBLISHED_NDCG_AVERAGES[model]?.[name] ?? null) : null;
}

function byModel(value: (model: DocumentModel) => number | null): Published {
  return Object.fromEntries(DOCUMENT_MODEL_NAMES.map((model) => [model, value(model)])) as Published;
}

const TITLES: Partial<Record<DocumentAverage, string>> = { OOD: 'OOD (ViDoSeek, MMLongBench)' };

/** Returns the report as Markdown. */
export function documentMarkdown(report: DocumentReport): string {
  const { against, sets, averages } = report;
  const shown = DOCUMENT_MODEL_NAMES.filter((name) =>
    [...sets, ...averages].some(({ published }) => published[name] !== null),
  );
  const columns = [
    ...['Ours', '95 %'],
    ...shown.map((name) => DOCUMENT_MODELS[name].label),
    ...(against === null ? [] : [`Δ to ${DOCUMENT_MODELS[against].label}`]),
  ];
  const scores = ({ score, interval, published, difference }: DocumentReport['averages'][number]) => [
    ...[percent(score), intervalText(interval), ...shown.map((name) => percent(published[name]))],
    ...(against === null ? [] : [signed(difference)]),
  ];
  const lines = [
    '# MMEB-V2, visual documents: NDCG@5 in per cent',
    '',
    ...aboutRun(report),
    `- Sets: ${sets.length}; averages cover ${averages.at(-1)!.sets} of the sets that MMEB-V2 counts, of which there are ${DOCUMENT_SETS.filter(({ counts }) => counts).length}`,
    '',
    ...markdownTable(
      ['Average', 'Sets', ...columns],
      1,
      averages
        .filter((average) => average.sets > 0)
        .map((average) => [TITLES[average.name] ?? average.name, String(average.sets), ...scores(average)]),
    ),
    '',
    ...markdownTable(
      ['Set', 'Group', 'Queries', 'Pages', ...columns],
      2,
      sets.map((set) => [
        set.name,
        set.group,
        String(set.queries),
        String(set.pages),
        ...scores({ ...set, name: 'All', sets: 1 }),
      ]),
    ),
    '',
    'Every page of a set is a candidate for every query; gains are linear, relative to the ideal order of all relevant pages, cut at 5. Intervals:',
    'percentile bootstrap of the queries within each set, 2,000 resamples. Published: by the authors’ V2 code',
    '(`experiments/public/all_scores`), which pairs grades with pages in an undefined order where a set has several grades.',
  ];
  return `${lines.join('\n')}\n`;
}
