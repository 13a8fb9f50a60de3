/** @file The speed page: what a model costs on this device. Everything is computed here; nothing is sent. */
import type { JSX } from 'preact';
import type { MeasureStep } from '../../src/measure';
import { Button, Choice, ErrorBox, keepOffline, mount, nameOf, Page, Progress, Select } from '../shell';
import { benchStrings as strings } from '../strings/bench';
import { ReportView } from './report-view';
import { Rivals } from './rivals-view';
import { BenchState, rungName } from './state';
import { Take } from './take';

const state = new BenchState(new URLSearchParams(location.search));

function BenchPage(): JSX.Element {
  const running = state.running.value;
  const report = state.report.value;
  const others = state.others.value;
  return (
    <Page current="models" title={strings.title} lead={strings.lead}>
      <section class="settings">
        <ModelSelect />
        <Rungs />
        <Choice
          legend={strings.extent.legend}
          options={(['quick', 'full'] as const).map((value) => ({ value, label: strings.extent.names[value] }))}
          value={state.extent.value}
          onChange={(value) => (state.extent.value = value)}
        />
        <p class="quiet">
          {strings.extent.notes[state.extent.value]} {strings.longest}
        </p>
        <div class="run">
          {running ? (
            <Button onClick={() => state.stop()}>{strings.stop}</Button>
          ) : (
            <Button kind="main" disabled={state.picked.value.size === 0} onClick={() => void state.run()}>
              {strings.run}
            </Button>
          )}
          {running && (
            <>
              <Progress share={running.step ? running.step.done / running.step.total : null} label={strings.label} />
              <span class="quiet" role="status">
                {running.step && stepInWords(running.step)}
              </span>
            </>
          )}
          {!running && state.wasStopped.value && <span class="quiet">{strings.stopped}</span>}
        </div>
      </section>
      <ErrorBox error={state.error.value} />
      {report && <ReportView report={report} />}
      <Rivals state={state} />
      {report && !running && <Take report={{ ...report, others }} />}
    </Page>
  );
}

function ModelSelect(): JSX.Element {
  const choice = state.choice.value;
  const stored = state.stored.value;
  const value = choice.kind === 'stored' ? `stored:${choice.name}` : choice.kind;
  const isListed = choice.kind !== 'stored' || stored.some(({ name }) => name === choice.name);
  return (
    <Select
      id="model"
      label={strings.model}
      value={value}
      options={[
        { value: 'nano', label: strings.nano },
        ...(choice.kind === 'url' || !isListed ? [{ value, label: nameOf(choice) }] : []),
        ...(stored.length > 0
          ? [
              {
                label: strings.stored,
                options: stored.map(({ name, title }) => ({ value: `stored:${name}`, label: title })),
              },
            ]
          : []),
      ]}
      onChange={(chosen) => {
        const found = stored.find(({ name }) => `stored:${name}` === chosen);
        if (found) state.choice.value = { kind: 'stored', ...found };
        else if (chosen === 'nano') state.choice.value = { kind: 'nano' };
      }}
    />
  );
}

function Rungs(): JSX.Element {
  const rungs = state.rungs.value;
  return (
    <fieldset class="choice several">
      <legend>{strings.where}</legend>
      {rungs === null ? (
        <p class="quiet">{strings.looking}</p>
      ) : (
        <div>
          {rungs.map((rung) => (
            <label key={rungName(rung)}>
              <input
                type="checkbox"
                checked={state.picked.value.has(rungName(rung))}
                onChange={() => state.toggle(rung)}
              />
              <span>{strings.rungs[rungName(rung)]}</span>
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}

function stepInWords({ doing, done, total, ...rung }: MeasureStep): string {
  const { busy } = strings;
  const what =
    typeof doing === 'string'
      ? busy[doing]
      : doing.kind === 'captions'
        ? busy.captions(doing.size ?? 1)
        : busy.picture(doing.size);
  return busy.on(strings.rungs[rungName(rung)] ?? rungName(rung), what, done, total);
}

mount(<BenchPage />);
void state.start();
void keepOffline(null);
