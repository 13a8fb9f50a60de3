/** @file A report for people: as Markdown, to be pasted where it is reported. */

import type { Environment, Figure, Measured, MeasureReport, MemoryFigure, OtherFigures, RungFigures } from './report';

/** 3 digits of it, at most 2 of them behind the point: `0.84`, `12.3`, `1,250`. */
export function number(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 2 });
}

export const percent = (share: number | null): string => (share === null ? '–' : `${number(100 * share)} %`);

/** `12.3 GFLOP/s` */
export function rate(flopsPerSecond: number): string {
  return flopsPerSecond >= 1e12
    ? `${number(flopsPerSecond / 1e12)} TFLOP/s`
    : `${number(flopsPerSecond / 1e9)} GFLOP/s`;
}

export const megabytes = (bytes: number): string => `${number(bytes / 1e6)} MB`;

/** Cosines near 1 differ in their last digits only. */
export const cosine = (value: number | null): string => (value === null ? '–' : value.toFixed(7));

/** `a picture of 64 visual tokens` */
export function askedInWords({ kind, size }: Pick<Figure, 'kind' | 'size'>, imageTokens?: number): string {
  if (kind === 'captions') return size === 1 ? '1 caption' : `${size} captions`;
  const tokens = imageTokens ?? size;
  return tokens === null ? 'a picture' : `a picture, ${tokens} visual tokens`;
}

/** `webgpu f16 subgroups` */
export function rungInWords(rung: Pick<RungFigures, 'device' | 'activations' | 'subgroups' | 'compute'>): string {
  const { device, activations, subgroups, compute } = rung;
  return [device, activations, ...(subgroups ? ['subgroups'] : []), ...(compute === 'fast' ? ['fast'] : [])].join(' ');
}

/** What the GPU calls itself; null without one. */
export function gpuInWords({ adapter }: Pick<RungFigures, 'adapter'>): string | null {
  if (!adapter) return null;
  const { vendor, architecture, device, description } = adapter;
  return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'a GPU without a name';
}

export function environmentInWords({ agent, cpu, cores, memory, isolated }: Environment): string {
  return [
    agent,
    ...(cpu === null ? [] : [cpu]),
    ...(cores === null ? [] : [`${cores} cores`]),
    ...(memory === null ? [] : [`${number(memory / 2 ** 30)} GiB`]),
    ...(isolated === null ? [] : [isolated ? 'cross-origin isolated' : 'not cross-origin isolated']),
  ].join(', ');
}

export function memoryInWords({ bytes, of }: MemoryFigure): string {
  return `${megabytes(bytes)} (${of === 'page' ? 'the page and its workers' : 'the process'})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const align = `|${head.map((_, i) => (i === 0 ? '---' : '--:')).join('|')}|`;
  return [line(head), align, ...rows.map(line)].join('\n');
}

const FIGURE_HEAD = ['', 'ms each', 'preparing', 'vision', 'text', 'of the matmul rate', 'runs'];

function figureRow(figure: Figure): string[] {
  const name = askedInWords(figure, figure.skipped === null ? figure.imageTokens || undefined : undefined);
  if (figure.skipped !== null) return [name, '–', '', '', '', '', ''];
  const { milliseconds, prepare, vision, text, share, runs } = figure;
  const half = (value: number) => (value > 0 ? number(value) : '–');
  return [name, number(milliseconds), half(prepare), half(vision), half(text), percent(share), String(runs)];
}

const isMeasured = (figure: Figure): figure is Measured => figure.skipped === null;

function reasons(figures: readonly Figure[]): string[] {
  return figures.flatMap((figure) =>
    figure.skipped === null ? [] : [`- Not measured: ${askedInWords(figure)}: ${figure.skipped}`],
  );
}

/** Of the largest call of each kind: what every stage took. */
function stageTable(figures: readonly Figure[]): string[] {
  const measured = figures.filter(isMeasured).filter(({ stages }) => stages.length > 0);
  const largest = (['captions', 'picture'] as const).flatMap(
    (kind) => measured.findLast((one) => one.kind === kind) ?? [],
  );
  if (largest.length === 0) return [];
  const rows = largest.flatMap((figure) =>
    figure.stages.map(({ name, milliseconds, share }) => [
      `${name}: ${askedInWords(figure, figure.imageTokens || undefined)}`,
      number(milliseconds),
      percent(share),
    ]),
  );
  return ['', table(['stage', 'ms', 'of the matmul rate'], rows)];
}

function rungLines(rung: RungFigures): string[] {
  const { build, threads, load, probe, matmul, memory, figures, error } = rung;
  const gpu = gpuInWords(rung);
  return [
    `**${rungInWords(rung)}**`,
    '',
    ...(gpu === null ? [] : [`- GPU: ${gpu}`]),
    ...(build === null
      ? []
      : [`- ONNX Runtime: ${build}${threads ? `, ${threads} thread${threads === 1 ? '' : 's'}` : ''}`]),
    ...(load === null
      ? []
      : [
          `- Loading: ${number(load.milliseconds / 1000)} s${load.probe === null ? '' : `, ${number(load.probe / 1000)} s of which are the self-test`}`,
        ]),
    ...probe.map(
      (step) =>
        `- Self-test, ${rungInWords(step)}: ${step.outcome}${step.cosine === null ? '' : `, least cosine ${cosine(step.cosine)}`}${step.reason === null ? '' : ` (${step.reason})`}`,
    ),
    ...(matmul === null
      ? []
      : [
          `- Matrix products only: ${rate(matmul.flopsPerSecond)} (${matmul.rows} × ${matmul.size} × ${matmul.size}, ${matmul.bits}-bit weights)`,
        ]),
    ...(memory === null ? [] : [`- Peak memory: ${memoryInWords(memory)}`]),
    ...reasons(figures),
    ...(error === null ? [] : [`- Ended: ${error}`]),
    ...(figures.some(isMeasured) ? ['', table(FIGURE_HEAD, figures.filter(isMeasured).map(figureRow))] : []),
    ...stageTable(figures),
    '',
  ];
}

function otherLines({ library, model, dtype, device, bytes, load, figures, error }: OtherFigures): string[] {
  return [
    `**${model}, ${dtype}, by ${library} on ${device}**`,
    '',
    `- Downloaded: ${megabytes(bytes)}; loading: ${number(load.milliseconds / 1000)} s, including the download`,
    ...reasons(figures),
    ...(error === null ? [] : [`- Ended: ${error}`]),
    ...(figures.some(isMeasured) ? ['', table(FIGURE_HEAD, figures.filter(isMeasured).map(figureRow))] : []),
    '',
  ];
}

/** As Markdown. */
export function reportAsMarkdown(report: MeasureReport): string {
  const { model, environment, date, rungs, others } = report;
  const from =
    model && [model.source.base, model.source.adapter].flatMap((each) => (each ? [each.id] : [])).join(' + ');
  return [
    `### ${model ? `${model.label}, ${model.dtype}` : 'A model that did not load'}`,
    '',
    ...(model
      ? [`${model.architecture} of ${from}, ${model.dims} numbers, ${megabytes(model.bytes)}; vectors \`${model.id}\`.`]
      : []),
    `${date.slice(0, 10)}, ${environmentInWords(environment)}.`,
    '',
    ...rungs.flatMap(rungLines),
    ...others.flatMap(otherLines),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n');
}
