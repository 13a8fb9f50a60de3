/** @file The evaluation page: P@1 of a model on this device. Everything is computed here; nothing is sent. */
import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { REGIMES, type RegimeName } from '../../src/eval';
import {
  Button,
  Choice,
  ErrorBox,
  FileButton,
  keepOffline,
  ModelBar,
  ModelControl,
  mount,
  Page,
  Progress,
} from '../shell';
import { evalStrings as strings } from '../strings/eval';
import { described, fetchExpected, fetchMmeb, MINI, openFolder, type OpenData } from './data';
import { DocumentOutcomeView } from './document-outcome';
import { OutcomeView } from './outcome';
import { EvalRun } from './run';

const MINI_SETS = 12;
const MINI_QUERIES = 20;

const wishes = new URLSearchParams(location.search);
/** `?data=` names another folder of this site, `?sets=CIRR,GQA` some sets of it. */
const address = wishes.get('data') ?? MINI;
const sets = wishes.get('sets')?.split(',');

const control = new ModelControl();
const run = new EvalRun();
const source = signal<'mini' | 'folder'>('mini');
const folder = signal<OpenData | null>(null);
const refusal = signal<unknown>(null);
const regime = signal<RegimeName>('native');
/** Queries of each set; null for all. */
const limit = signal<number | null>(null);

const isReady = () => control.model.value !== null && (source.value === 'mini' || folder.value !== null);

function start(): void {
  const model = control.model.value;
  if (!model) return;
  const own = source.value === 'folder' ? folder.value : null;
  const isExpected = !own && address === MINI && control.choice.value.kind === 'nano' && regime.value === 'native';
  void run.start({
    model,
    data: async (abort) => own ?? { kind: 'mmeb', data: await fetchMmeb(address, abort) },
    regime: regime.value,
    limit: limit.value ?? undefined,
    sets: own ? undefined : sets,
    expected: isExpected ? fetchExpected : undefined,
  });
}

async function choose(files: File[]): Promise<void> {
  refusal.value = null;
  try {
    folder.value = await openFolder(files);
  } catch (error) {
    folder.value = null;
    refusal.value = error;
  }
}

function EvalPage(): JSX.Element {
  const state = run.state.value;
  const chosen = folder.value && described(folder.value);
  return (
    <Page current="models" title={strings.title} lead={strings.lead}>
      <ModelBar control={control} />
      <section class="settings">
        <Choice
          legend={strings.data.legend}
          options={[
            { value: 'mini', label: strings.data.mini },
            { value: 'folder', label: strings.data.folder },
          ]}
          value={source.value}
          onChange={(value) => (source.value = value)}
        />
        <Choice
          legend={strings.regime.legend}
          options={[...REGIMES].reverse().map((value) => ({ value, label: strings.regime.names[value] }))}
          value={regime.value}
          onChange={(value) => (regime.value = value)}
        />
        <label class="limit">
          <span>{strings.limit}</span>
          <input
            id="limit"
            type="number"
            min={1}
            placeholder={strings.limitAll}
            value={limit.value ?? ''}
            onInput={({ currentTarget: { valueAsNumber } }) =>
              (limit.value = valueAsNumber >= 1 ? Math.floor(valueAsNumber) : null)
            }
          />
        </label>
        <p class="quiet">
          {source.value === 'mini' ? strings.data.miniNote(MINI_SETS, MINI_QUERIES) : strings.data.folderNote}
        </p>
        {source.value === 'folder' && (
          <p>
            <FileButton id="data-folder" folder onFiles={(files) => void choose(files)}>
              {strings.data.choose}
            </FileButton>{' '}
            {chosen && <span id="data-name">{strings.data.chosen(chosen.label, chosen.sets)}</span>}
          </p>
        )}
        <div class="run">
          {state.kind === 'running' ? (
            <Button onClick={() => run.stop()}>{strings.stop}</Button>
          ) : (
            <Button kind="main" disabled={!isReady()} onClick={start}>
              {strings.run}
            </Button>
          )}
          {state.kind === 'running' && state.progress && (
            <>
              <Progress share={shareOf(state.progress)} label={strings.label} />
              <span class="quiet" role="status">
                {strings.busy(state.progress.set.name, state.progress.done, state.progress.sets)}
              </span>
            </>
          )}
        </div>
      </section>
      <ErrorBox error={refusal.value ?? (state.kind === 'failed' ? state.error : null)} />
      {state.kind === 'done' &&
        (state.outcome.kind === 'mmeb' ? (
          <OutcomeView outcome={state.outcome} />
        ) : (
          <DocumentOutcomeView outcome={state.outcome} />
        ))}
    </Page>
  );
}

/** All sets count the same; within a set, progress is what is embedded. */
function shareOf({ done, sets, loaded, total }: { done: number; sets: number; loaded: number; total: number }): number {
  return (done + (total > 0 ? loaded / total : 0)) / sets;
}

mount(<EvalPage />);
void control.start(wishes);
effect(() => {
  const { model } = control;
  if (model.value) void keepOffline(model.value.info.build);
});
