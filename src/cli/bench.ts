/** @file `vlm2vec bench`: speed and fidelity of a bundle on this machine, as the site's page measures them. */

import { cpus, totalmem } from 'node:os';
import {
  askedInWords,
  measure,
  percent,
  rate,
  reportAsMarkdown,
  number,
  cosine,
  megabytes,
  rungInWords,
  type Figure,
  type MeasureReport,
  type MeasureStep,
} from '../measure';
import { loadRuntime, type Compute } from '../runtime';
import { printLine } from './output';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';

export interface BenchArguments {
  model: string;
  device: 'cpu' | 'webgpu';
  activations?: 'f32' | 'f16';
  compute: Compute;
  pictures?: number[];
  captions?: number[];
  /** Seconds spent repeating a measurement. */
  seconds?: number;
  /** The most seconds that one measurement may take. */
  longest?: number;
  threads?: number;
  json?: boolean;
  markdown?: boolean;
}

/** Prints figures as they are measured; with `json` or `markdown`, the whole report at the end. */
export async function bench(args: BenchArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const {
    device,
    activations = device === 'cpu' ? 'f32' : undefined,
    compute,
    pictures,
    captions,
    seconds,
    longest,
  } = args;
  const reader = await bundleAt(args.model);
  const asWhole = args.json === true || args.markdown === true;
  const printer = asWhole ? null : new Printer();
  const wishes = activations ? [activations] : (['f16', 'f32'] as const);
  let pending = Promise.resolve();
  const report = await measure({
    rungs: wishes.map((activations) => ({ device, activations, compute })),
    environment: {
      agent: `Node ${process.version}, ${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? null,
      cores: cpus().length,
      memory: totalmem(),
      isolated: null,
    },
    load: ({ activations, compute }, signal) =>
      loadRuntime({
        ...{ reader, device, activations, compute, probe: 'always', vision: 'now', numThreads: args.threads, signal },
        onProgress: progress.show,
      }),
    memory: async () => ({ bytes: process.resourceUsage().maxRSS * 1024, of: 'process' }),
    ...{ pictures, captions, seconds, longest, signal },
    onStep: (step) => progress.note(stepInWords(step)),
    onReport: (report) => {
      const lines = printer?.newLines(report) ?? [];
      if (lines.length === 0) return;
      progress.clear();
      pending = pending.then(async () => {
        for (const line of lines) await printLine(line);
      });
    },
  });
  await pending;
  progress.clear();
  if (args.json) await printLine(JSON.stringify(report, null, 2));
  if (args.markdown) await printLine(reportAsMarkdown(report).trimEnd());
}

function stepInWords({ doing, device, activations, done, total }: MeasureStep): string {
  const what = doing === 'load' ? 'loading' : doing === 'matmul' ? 'matrix products' : askedInWords(doing);
  return `Measuring ${device} ${activations}: ${what} (${done + 1} of ${total})`;
}

const WIDTHS = [32, 10, 10, 10, 10, 9, 5];
const HEAD = ['ms each', 'all', 'preparing', 'vision', 'text', 'of rate', 'runs'];

const columns = (cells: readonly string[]) =>
  `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]!) : cell.padStart(WIDTHS[i]!))).join('')}`.trimEnd();

/** Turns a growing report into lines, each printed once. */
class Printer {
  #printed = 0;

  newLines(report: MeasureReport): string[] {
    const lines = describe(report);
    const fresh = lines.slice(this.#printed);
    this.#printed = lines.length;
    return fresh;
  }
}

/** The report only grows at the end. */
function describe({ model, rungs }: MeasureReport): string[] {
  return [
    ...(model ? [`${model.label}: ${model.architecture}, ${model.dtype}, ${megabytes(model.bytes)}`] : []),
    ...rungs.flatMap((rung) => [
      ...(rung.load === null
        ? []
        : [
            rungInWords(rung),
            `  loading ${number(rung.load.milliseconds / 1000)} s`,
            ...rung.probe.map(
              (step) => `  self-test ${rungInWords(step)}: ${step.outcome}, least cosine ${cosine(step.cosine)}`,
            ),
          ]),
      ...(rung.matmul === null
        ? []
        : [
            `  matrix products only ${rate(rung.matmul.flopsPerSecond)}, ${rung.matmul.bits}-bit weights`,
            columns(HEAD),
          ]),
      ...rung.figures.flatMap(figureLines),
      ...(rung.error === null ? [] : [`${rung.device} ${rung.activations}: ${rung.error}`]),
    ]),
  ];
}

function figureLines(figure: Figure): string[] {
  const name = askedInWords(figure, figure.skipped === null ? figure.imageTokens || undefined : undefined);
  if (figure.skipped !== null) return [`  ${name}: left out, ${figure.skipped}`];
  const { milliseconds, prepare, vision, text, share, runs, stages } = figure;
  const half = (value: number) => (value > 0 ? number(value) : '–');
  return [
    columns([name, number(milliseconds), half(prepare), half(vision), half(text), percent(share), String(runs)]),
    ...stages.map(({ name, milliseconds, share }) =>
      columns([`  stage ${name}, in one call`, number(milliseconds), '', '', '', percent(share), '']),
    ),
  ];
}
