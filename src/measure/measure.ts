/**
 * @file Measures the speed and fidelity of a model on this device. It measures what callers experience: the calls are
 * those of the public class, in a page through its worker. The site's page and `vlm2vec bench` share this code.
 */

import { ProbeError, VLM2VecError } from '../errors';
import type {
  Activations,
  Compute,
  DeviceName,
  EmbedInput,
  EmbedOptions,
  EmbedUsage,
  MatmulRate,
  ModelInfo,
  RungReport,
} from '../runtime';
import { captions, picturesFor } from './inputs';
import { repeat, type Patience } from './repeat';
import { REPORT_FORMAT, REPORT_VERSION } from './report';
import type { Asked, Environment, Figure, MeasureReport, Measured, MemoryFigure, RungFigures } from './report';

/** A loaded model. */
export interface MeasurableModel {
  readonly info: ModelInfo;
  embed(inputs: readonly EmbedInput[], options: EmbedOptions): Promise<unknown>;
  matmulRate(options: { signal?: AbortSignal }): Promise<MatmulRate>;
  dispose(): Promise<void>;
}

/** Where a model is to run. */
export interface RungWish {
  device: DeviceName;
  activations: Activations;
  /** @default 'exact' */
  compute?: Compute;
}

/** What is being measured now. */
export interface MeasureStep extends RungWish {
  doing: 'load' | 'matmul' | Asked;
  /** Number of steps that are done, and in total. */
  done: number;
  total: number;
}

export interface MeasureOptions extends Patience {
  /** Loads the model there and always runs the probe; called once for each of `rungs`. */
  load(wish: RungWish, signal: AbortSignal | undefined): Promise<MeasurableModel>;
  rungs: readonly RungWish[];
  environment: Environment;
  /** Numbers of visual tokens of the pictures to measure. */
  pictures?: readonly number[];
  /** Numbers of captions per call to measure. */
  captions?: readonly number[];
  /** Measurements expected to take longer than this are skipped, in seconds. @default 60 */
  longest?: number;
  /** Returns the peak memory so far; null if it is not reported. */
  memory?(): Promise<MemoryFigure | null>;
  signal?: AbortSignal;
  /** Called with the report so far whenever a figure is added. */
  onReport?(report: MeasureReport): void;
  onStep?(step: MeasureStep): void;
}

/** Visual tokens of the pictures that are measured by default. */
export const PICTURE_SIZES: readonly number[] = [64, 128, 256, 1024];
/** Numbers of captions per call that are measured by default. */
export const CAPTION_COUNTS: readonly number[] = [1, 16, 128];

/**
 * Measures everything that is requested. A device that fails, and a figure that the model or the time limit does not
 * allow, is recorded and skipped.
 * @throws the signal's reason on abort; what was measured by then has been passed to `onReport`
 */
export async function measure(options: MeasureOptions): Promise<MeasureReport> {
  const { rungs, environment, onReport } = options;
  const report: MeasureReport = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    date: new Date().toISOString(),
    environment,
    model: null,
    rungs: [],
    others: [],
  };
  for (const [i, wish] of rungs.entries()) {
    options.signal?.throwIfAborted();
    const figures: RungFigures = {
      ...wish,
      compute: wish.compute ?? 'exact',
      ...{ subgroups: null, build: null, threads: null, adapter: null, load: null, probe: [], matmul: null },
      ...{ figures: [], memory: null, error: null },
    };
    report.rungs.push(figures);
    const tell = () => onReport?.(structuredClone(report));
    try {
      await measureRung(figures, report, tell, options, i);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof VLM2VecError)) throw error;
      figures.error = error.message;
      if (error instanceof ProbeError) figures.probe = stepsOf((error.details.ladder ?? []) as RungReport[]);
      tell();
    }
  }
  return report;
}

/** Shares of another rate. */
function rescale(figures: Figure[], factor: number): void {
  for (const figure of figures) {
    if (figure.skipped !== null) continue;
    for (const each of [figure, ...figure.stages]) if (each.share !== null) each.share *= factor;
  }
}

/** Longer than this nobody waits for the memory at the end. */
const WEIGHING_MS = 4000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function measureRung(
  rung: RungFigures,
  report: MeasureReport,
  tell: () => void,
  options: MeasureOptions,
  index: number,
): Promise<void> {
  const { load, signal, onStep } = options;
  const wish: RungWish = { device: rung.device, activations: rung.activations, compute: rung.compute };
  const { pictures: sizes = PICTURE_SIZES, captions: counts = CAPTION_COUNTS } = options;
  const perRung = 2 + sizes.length + counts.length;
  let done = index * perRung;
  const step = (doing: MeasureStep['doing']) => {
    onStep?.({ ...wish, doing, done, total: options.rungs.length * perRung });
    done++;
  };

  step('load');
  const start = performance.now();
  const model = await load(wish, signal);
  try {
    const { info } = model;
    const { id, label, architecture, dtype, dims, bytes, source } = info;
    report.model ??= { id, label, architecture, dtype, dims, bytes, source };
    const used = info.ladder.at(-1);
    rung.load = { milliseconds: performance.now() - start, probe: used?.milliseconds.probe ?? null };
    rung.probe = stepsOf(info.ladder);
    rung.subgroups = info.subgroups;
    rung.compute = info.compute;
    rung.build = info.build;
    rung.threads = info.threads;
    rung.adapter = info.adapter;
    let isOpen = true;
    /** Browsers take their time to count: meanwhile it goes on. */
    const weigh = async () => {
      const seen = (await options.memory?.()) ?? null;
      // Counted after the end, the model would not be in it.
      if (!isOpen || !seen || seen.bytes <= (rung.memory?.bytes ?? 0)) return;
      rung.memory = seen;
      tell();
    };
    const weighed = [weigh()];
    tell();

    step('matmul');
    rung.matmul = await model.matmulRate({ signal });
    tell();

    const asks = [
      ...counts.map((size) => ({
        asked: { kind: 'captions', size } satisfies Asked,
        inputs: captions(size),
        options: {},
      })),
      ...picturesFor(info.image, sizes).map(({ size, image, options }) => ({
        asked: { kind: 'picture', size } satisfies Asked,
        inputs: [{ image }],
        options,
      })),
    ];
    const before: Partial<Record<Asked['kind'], Measured>> = {};
    for (const { asked, inputs, options: embedOptions } of asks) {
      signal?.throwIfAborted();
      step(asked);
      const figure = await measureFigure(asked, {
        call: (stageTimes) => timedCall(model, inputs, { ...embedOptions, stageTimes, signal }),
        before: before[asked.kind],
        maxTokens: info.maxTokens,
        rate: rung.matmul.flopsPerSecond,
        options,
      });
      if (figure.skipped === null) before[asked.kind] = figure;
      rung.figures.push(figure);
      tell();
    }
    weighed.push(weigh());
    await Promise.race([Promise.all(weighed), pause(WEIGHING_MS)]);
    isOpen = false;
    // Whatever else kept the machine busy at first: the better of two rates is nearer to its own.
    const again = await model.matmulRate({ signal });
    if (again.flopsPerSecond > rung.matmul.flopsPerSecond) {
      rescale(rung.figures, rung.matmul.flopsPerSecond / again.flopsPerSecond);
      rung.matmul = again;
      tell();
    }
  } finally {
    await model.dispose();
  }
}

const stepsOf = (ladder: readonly RungReport[]): RungFigures['probe'] =>
  ladder.map(({ device, activations, subgroups, compute, outcome, cosine, reason }) => ({
    ...{ device, activations, subgroups, compute, outcome, cosine, reason },
  }));

async function timedCall(
  model: MeasurableModel,
  inputs: readonly EmbedInput[],
  options: EmbedOptions,
): Promise<EmbedUsage> {
  let usage!: EmbedUsage;
  await model.embed(inputs, { ...options, onUsage: (taken) => (usage = taken) });
  return usage;
}

interface FigureRequest {
  call(stageTimes: boolean): Promise<EmbedUsage>;
  /** The one before, of the same kind: it tells how long this one will take. */
  before: Measured | undefined;
  /** Longest sequence that the model takes. */
  maxTokens: number;
  /** Floating-point operations a second. */
  rate: number;
  options: Pick<MeasureOptions, 'longest' | 'signal' | 'runs' | 'seconds'>;
}

async function measureFigure(asked: Asked, request: FigureRequest): Promise<Figure> {
  const { call, before, maxTokens, rate, options } = request;
  const { longest = 60, signal } = options;
  if (asked.kind === 'picture' && (asked.size ?? 0) > maxTokens) {
    return { ...asked, skipped: `this model takes at most ${maxTokens} tokens` };
  }
  if (before?.size && asked.size) {
    const expected = (before.milliseconds * before.inputs * asked.size) / before.size / 1000;
    if (expected > longest) {
      return { ...asked, skipped: `it would take ${Math.round(expected)} s or more here, longer than ${longest} s` };
    }
  }
  try {
    const { result, milliseconds, runs } = await repeat(() => call(false), options);
    const { stages = [] } = await call(true);
    const { inputs, tokens, imageTokens, milliseconds: parts } = result;
    const flops = stages.reduce((sum, stage) => sum + stage.flops, 0);
    const shareOf = (flops: number, milliseconds: number) => (1000 * flops) / milliseconds / rate;
    return {
      ...asked,
      ...{ skipped: null, inputs, tokens, imageTokens, runs, flops },
      milliseconds: milliseconds / inputs,
      prepare: parts.prepare / inputs,
      vision: parts.vision / inputs,
      text: parts.text / inputs,
      share: shareOf(flops, parts.vision + parts.text),
      stages: stages.map(({ name, milliseconds, flops }) => ({
        name,
        milliseconds,
        share: shareOf(flops, milliseconds),
      })),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof VLM2VecError)) throw error;
    return { ...asked, skipped: error.message };
  }
}
