/** @file What `vlm2vec eval` has in common for MMEB's sets and for visual documents. */

import { InvalidInputError } from '../errors';
import {
  DOCUMENT_MODELS,
  documentDetails,
  documentMarkdown,
  documentPrompts,
  documentRegime,
  encodeShard,
  evaluate,
  evaluateDocuments,
  expectRegime,
  makeDocumentReport,
  makeRegime,
  makeReport,
  promptsNamed,
  PUBLISHED_MODELS,
  queryDetails,
  regimeSubject,
  reportMarkdown,
  scoreDocuments,
  scoreOnly,
  withPrefixes,
  type AnyDetail,
  type DocumentModel,
  type EncodeOptions,
  type EvalData,
  type NamedSet,
  type Pair,
  type Pictures,
  type PublishedModel,
  type Regime,
  type RegimeChoices,
  type RegimeName,
  type ReportSubject,
  type ScoreOptions,
  type Shard,
} from '../eval';
import type { ModelInfo } from '../runtime';
import { openData, selectDocuments, selectSets, type DataArguments } from './eval-data';
import { exportVectors, type FinishedReport, type VectorOutput } from './eval-output';
import type { SinkPlace } from './outputs/places';

/** Rows of published figures for both kinds. */
export type AgainstModel = PublishedModel | DocumentModel;

type Any = { pairs: readonly Pair[] };
type ScoreRun = Omit<ScoreOptions<NamedSet, Any>, 'data' | 'sets'>;
type EncodeRun = Omit<EncodeOptions<NamedSet, Any>, 'data' | 'sets'>;

/** The sets of a benchmark, with the inputs for one model. */
export interface EvalTask {
  sets: string[];
  pictures: Pictures;
  encode(run: EncodeRun, shard: Shard): Promise<{ encoded: number; pairs: number }>;
  evaluate(run: EncodeRun): Promise<Scored>;
  /** Scores vectors, all of which must be present. */
  score(run: ScoreRun): Promise<Scored>;
  details(run: ScoreRun): AsyncIterable<AnyDetail>;
  exportVectors(place: SinkPlace, output: Omit<VectorOutput<NamedSet>, 'data' | 'sets'>): Promise<void>;
}

export interface Scored {
  report(subject: ReportSubject, against: AgainstModel | undefined): FinishedReport;
}

/** A benchmark whose sets have been chosen, before the model is known. */
export interface Benchmark {
  label: string;
  revision: string | null;
  /** Prepares it for a model. @throws UnsupportedError for a recipe or regime that does not fit */
  taskFor(
    info: Pick<ModelInfo, 'recipe' | 'image'>,
    regime: RegimeName | undefined,
    choices: RegimeChoices,
  ): { task: EvalTask; regime: Regime; subject: ReportSubject['regime'] };
  /** The same row for a report. */
  taskOf(subject: ReportSubject['regime']): EvalTask;
}

/**
 * @param names the sets, as `--sets` takes them
 * @param against a row to compare with; refused here if it is of the other kind
 */
export async function openBenchmark(
  args: DataArguments,
  names: string | undefined,
  against: AgainstModel | undefined,
  signal: AbortSignal,
): Promise<Benchmark> {
  const opened = await openData(args, signal);
  const rows: object = opened.kind === 'mmeb' ? PUBLISHED_MODELS : DOCUMENT_MODELS;
  if (against !== undefined && !(against in rows)) {
    throw new InvalidInputError(
      `Nothing has been published for ${against} on these sets; the published rows are ${Object.keys(rows).join(', ')}.`,
      {
        against,
      },
    );
  }
  if (opened.kind === 'mmeb') {
    const { data } = opened;
    const sets = selectSets(names, data);
    const taskOf: Benchmark['taskOf'] = ({ prefixes }) =>
      makeTask(withPrefixes(data, prefixes), sets, {
        evaluate,
        score: scoreOnly,
        details: queryDetails,
        report: (results, subject, row) => {
          const report = makeReport(subject, results, { against: row as PublishedModel | undefined });
          return { data: report, markdown: reportMarkdown(report) };
        },
      });
    return {
      ...{ label: data.label, revision: data.revision, taskOf },
      taskFor: ({ recipe, image }, name = 'v1', choices) => {
        expectRegime(name, recipe);
        const regime = makeRegime(name, image, choices);
        const subject = regimeSubject(regime, recipe.prefixes);
        return { task: taskOf(subject), regime, subject };
      },
    };
  }
  const { source } = opened;
  const sets = selectDocuments(names, source);
  const taskOf: Benchmark['taskOf'] = ({ prompts }) =>
    makeTask(source.asked(promptsNamed(prompts)), sets, {
      evaluate: evaluateDocuments,
      score: scoreDocuments,
      details: documentDetails,
      report: (results, subject, row) => {
        const report = makeDocumentReport(subject, results, { against: row as DocumentModel | undefined });
        return { data: report, markdown: documentMarkdown(report) };
      },
    });
  return {
    ...{ label: source.label, revision: source.revision, taskOf },
    taskFor: ({ recipe, image }, name, choices) => {
      const prompts = documentPrompts(recipe).name;
      const regime = documentRegime(name, recipe, image, choices);
      const subject = { ...regimeSubject(regime, undefined), prompts };
      return { task: taskOf(subject), regime, subject };
    },
  };
}

interface Kind<S extends NamedSet, R extends Any, Result> {
  evaluate(options: EncodeOptions<S, R>): Promise<Result[]>;
  score(options: ScoreOptions<S, R>): Promise<Result[]>;
  details(options: ScoreOptions<S, R>): AsyncIterable<AnyDetail>;
  report(results: readonly Result[], subject: ReportSubject, against: AgainstModel | undefined): FinishedReport;
}

function makeTask<S extends NamedSet, R extends Any, Result>(
  data: EvalData<S, R>,
  sets: readonly S[],
  kind: Kind<S, R, Result>,
): EvalTask {
  const scored = (results: readonly Result[]): Scored => ({
    report: (subject, against) => kind.report(results, subject, against),
  });
  return {
    sets: sets.map(({ name }) => name),
    pictures: data.pictures,
    encode: (run, shard) => encodeShard({ ...run, data, sets }, shard),
    evaluate: async (run) => scored(await kind.evaluate({ ...run, data, sets })),
    score: async (run) => scored(await kind.score({ ...run, data, sets })),
    details: (run) => kind.details({ ...run, data, sets }),
    exportVectors: (place, output) => exportVectors(place, { ...output, data, sets }),
  };
}
