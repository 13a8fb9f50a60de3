/** @file What was measured, device by device, while it is being measured. */
import type { JSX } from 'preact';
import {
  cosine,
  gpuInWords,
  megabytes,
  number,
  percent,
  rate,
  type Figure,
  type Measured,
  type MeasureReport,
  type RungFigures,
} from '../../src/measure';
import { timeInWords } from '../shell';
import { benchStrings as strings } from '../strings/bench';
import { rungName } from './state';

const PARTS = ['prepare', 'vision', 'text'] as const;

export function ReportView({ report }: { report: MeasureReport }): JSX.Element {
  return (
    <section class="report" aria-live="polite" aria-busy="false">
      {report.rungs.map((rung) => (
        <RungView key={rungName(rung)} rung={rung} />
      ))}
      <p class="quiet">{strings.shareNote}</p>
    </section>
  );
}

function RungView({ rung }: { rung: RungFigures }): JSX.Element {
  const { figures, error } = rung;
  const key = rungName(rung);
  const name = strings.rungs[key] ?? key;
  return (
    <article class="rung" data-rung={key}>
      <h2>
        {name}
        {rung.subgroups && <span class="quiet"> {strings.subgroups}</span>}
      </h2>
      <Facts rung={rung} />
      {figures.length > 0 && <FigureTable figures={figures} />}
      {error !== null && (
        <p class="bad">
          {strings.ended} {error}
        </p>
      )}
    </article>
  );
}

function Facts({ rung }: { rung: RungFigures }): JSX.Element {
  const { build, threads, load, probe, matmul, memory } = rung;
  const gpu = gpuInWords(rung);
  const facts: [string, string][] = [
    ...(gpu === null ? [] : [[strings.facts.gpu, gpu] as [string, string]]),
    ...(build === null ? [] : [[strings.facts.engine, strings.facts.build(build, threads ?? 0)] as [string, string]]),
  ];
  const words = strings.facts;
  if (load) {
    const probed = load.probe === null ? null : timeInWords(load.probe);
    facts.push([words.load, words.loadOf(timeInWords(load.milliseconds), probed)]);
  }
  if (matmul) facts.push([words.matmul, rate(matmul.flopsPerSecond)]);
  if (memory) facts.push([words.memory, words.memoryOf(megabytes(memory.bytes))]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {probe.map((step) => (
        <div key={`${step.activations} ${step.subgroups} ${step.outcome}`} data-outcome={step.outcome}>
          <dt>{words.probe}</dt>
          <dd>
            {strings.outcomes[step.outcome]}
            {step.cosine !== null && `, ${strings.cosine(cosine(step.cosine))}`}
            {step.subgroups && `, ${strings.subgroups}`}
            {step.reason !== null && <span class="quiet"> {step.reason}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const isMeasured = (figure: Figure): figure is Measured => figure.skipped === null;

function nameOf(figure: Figure): string {
  if (figure.kind === 'captions') return strings.captions(figure.size ?? 1);
  const tokens = figure.skipped === null && figure.imageTokens > 0 ? figure.imageTokens : figure.size;
  return strings.picture(tokens);
}

/** What our model and the others have in common. */
export function FigureTable({ figures }: { figures: readonly Figure[] }): JSX.Element {
  const measured = figures.filter(isMeasured);
  const most = Math.max(...measured.map(({ milliseconds }) => milliseconds));
  const withStages = measured.filter(({ stages }) => stages.length > 0);
  const shares = measured.some(({ share }) => share !== null);
  const parts = PARTS.filter((part) => measured.some((figure) => figure[part] > 0));
  return (
    <>
      <table class="figures">
        <caption class="visually-hidden">{strings.table.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.table.input}</th>
            <th scope="col">{strings.table.each}</th>
            <th scope="col" class="parts-head">
              {strings.table.parts}
              {parts.length > 0 && (
                <span class="key" aria-hidden="true">
                  {parts.map((part) => (
                    <span key={part}>
                      <i class={part} /> {strings.parts[part]}
                    </span>
                  ))}
                </span>
              )}
            </th>
            {shares && <th scope="col">{strings.table.share}</th>}
          </tr>
        </thead>
        <tbody>
          {figures.map((figure) => (
            <Line key={`${figure.kind} ${figure.size}`} figure={figure} most={most} shares={shares} />
          ))}
        </tbody>
      </table>
      {withStages.length > 0 && (
        <details class="stages">
          <summary>{strings.stages}</summary>
          <p class="quiet">{strings.stageNote}</p>
          <table class="figures">
            <thead>
              <tr>
                <th scope="col">{strings.stage}</th>
                <th scope="col">{strings.inOneCall}</th>
                <th scope="col">{strings.table.share}</th>
              </tr>
            </thead>
            {withStages.map((figure) => (
              <tbody key={`${figure.kind} ${figure.size}`}>
                {figure.stages.map(({ name, milliseconds, share }, i) => (
                  <tr key={name}>
                    <th scope="row">
                      {i === 0 && <span class="of">{nameOf(figure)}</span>}
                      {name}
                    </th>
                    <td>{number(milliseconds)}</td>
                    <td>{percent(share)}</td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </details>
      )}
    </>
  );
}

function Line({ figure, most, shares }: { figure: Figure; most: number; shares: boolean }): JSX.Element {
  if (!isMeasured(figure)) {
    return (
      <tr>
        <th scope="row">{nameOf(figure)}</th>
        <td class="reason" colSpan={shares ? 3 : 2}>
          {figure.skipped}
        </td>
      </tr>
    );
  }
  const { milliseconds, share, runs } = figure;
  const words = PARTS.filter((part) => figure[part] > 0)
    .map((part) => strings.partOf(strings.parts[part], number(figure[part])))
    .join(', ');
  return (
    <tr data-figure={`${figure.kind} ${figure.size}`}>
      <th scope="row">
        {nameOf(figure)}
        {runs === 1 && <span class="quiet note">{strings.single}</span>}
      </th>
      <td class="each">{number(milliseconds)}</td>
      <td class="parts">
        <span class="bar" role="img" aria-label={words} title={words}>
          {PARTS.map((part) => (
            <i key={part} class={part} style={{ width: `${(100 * figure[part]) / most}%` }} />
          ))}
        </span>
      </td>
      {shares && <td>{percent(share)}</td>}
    </tr>
  );
}
