/** @file One evaluation: its progress, its outcome, and how it compares with what is expected. */
import { signal } from '@preact/signals';
import type { VLM2Vec } from '../../src/index';
import {
  evaluate,
  expectRegime,
  makeRegime,
  makeReport,
  memoryVectors,
  regimeSubject,
  withPrefixes,
  type EvalProgress,
  type EvalReport,
  type MmebData,
  type RegimeName,
  type SetResult,
} from '../../src/eval';
import { latest } from '../shell/latest';
import type { Expected, OpenData } from './data';
import { measureDocuments, type DocumentOutcome } from './documents';

/** One set's outcome. */
export interface MeasuredSet extends SetResult {
  /** Share of right answers expected by chance. */
  chance: number;
}

/** Of MMEB. */
export interface Outcome {
  kind: 'mmeb';
  sets: MeasuredSet[];
  report: EvalReport;
  inputs: number;
  milliseconds: number;
  device: string;
  /** Given for nano on the built-in miniature. */
  expected: Expected | null;
}

export type RunState =
  | { kind: 'idle' }
  | { kind: 'running'; progress: EvalProgress | null }
  | { kind: 'done'; outcome: Outcome | DocumentOutcome }
  | { kind: 'failed'; error: unknown };

export interface RunRequest {
  model: VLM2Vec;
  data: (signal: AbortSignal) => Promise<OpenData>;
  regime: RegimeName;
  /** Queries of each set; undefined: all. */
  limit?: number;
  /** Names; undefined: all that are available. */
  sets?: readonly string[];
  expected?: (signal: AbortSignal) => Promise<Expected>;
}

export class EvalRun {
  readonly state = signal<RunState>({ kind: 'idle' });
  #stop: AbortController | null = null;

  start(request: RunRequest): Promise<void> {
    this.stop();
    this.#stop = new AbortController();
    return this.#run(request, this.#stop.signal);
  }

  stop(): void {
    if (this.state.value.kind === 'running') this.state.value = { kind: 'idle' };
    this.#stop?.abort();
  }

  readonly #run = latest(
    async (superseded, request: RunRequest, stopped: AbortSignal) => {
      this.state.value = { kind: 'running', progress: null };
      const signal = AbortSignal.any([superseded, stopped]);
      try {
        const outcome = await measure(request, signal, (progress) => {
          if (!signal.aborted) this.state.value = { kind: 'running', progress };
        });
        if (!signal.aborted) this.state.value = { kind: 'done', outcome };
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    (error) => (this.state.value = { kind: 'failed', error }),
  );
}

async function measure(
  request: RunRequest,
  signal: AbortSignal,
  onProgress: (progress: EvalProgress) => void,
): Promise<Outcome | DocumentOutcome> {
  const open = await request.data(signal);
  if (open.kind === 'mmeb') return measureMmeb(request, open.data, signal, onProgress);
  const { model, regime, limit } = request;
  return measureDocuments({ model, regime, limit, source: open.source, signal, onProgress });
}

async function measureMmeb(
  { model, regime: regimeName, limit, sets: names, expected }: RunRequest,
  opened: MmebData,
  signal: AbortSignal,
  onProgress: (progress: EvalProgress) => void,
): Promise<Outcome> {
  const { info } = model;
  const { prefixes } = info.recipe;
  expectRegime(regimeName, info.recipe);
  const regime = makeRegime(regimeName, info.image);
  const data = withPrefixes(opened, prefixes);
  const start = performance.now();
  const results = await evaluate({
    data,
    model: { dims: info.dims, imageToken: info.imageToken, embed: (inputs, options) => model.embed(inputs, options) },
    regime,
    store: memoryVectors(),
    limit,
    sets: names && data.sets.filter(({ name }) => names.includes(name)),
    signal,
    onProgress,
  });
  const milliseconds = performance.now() - start;
  const sets: MeasuredSet[] = [];
  for (const result of results) sets.push({ ...result, chance: await chanceOf(data, result, { limit, signal }) });
  const { label, source, dtype, dims, id, device, activations } = info;
  const report = makeReport(
    {
      model: { label, source, dtype, dims, id, device, activations },
      regime: regimeSubject(regime, prefixes),
      data: { label: data.label, revision: data.revision, limit: limit ?? null },
    },
    results,
  );
  const inputs = results.reduce((sum, { pairs }) => sum + pairs, 0);
  return { kind: 'mmeb', sets, report, inputs, milliseconds, device, expected: (await expected?.(signal)) ?? null };
}

async function chanceOf(
  data: MmebData,
  { set }: SetResult,
  options: { limit?: number; signal: AbortSignal },
): Promise<number> {
  const { rows } = await data.rows(set, options);
  return rows.reduce((sum, { candidates }) => sum + 1 / candidates.length, 0) / rows.length;
}

/** Over the queries that were measured: how many chose the expected candidate. */
export function agreement(sets: readonly MeasuredSet[], expected: Expected): { same: number; of: number } {
  let same = 0;
  let of = 0;
  for (const { set, predictions } of sets) {
    const wanted = expected[set.name]?.predictions ?? [];
    for (const [i, prediction] of predictions.slice(0, wanted.length).entries()) {
      of++;
      if (prediction === wanted[i]) same++;
    }
  }
  return { same, of };
}
