/** @file The ranking page: texts against pictures. Everything is computed here; nothing is sent. */
import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import {
  Button,
  Choice,
  DropVeil,
  ErrorBox,
  focusNext,
  keepOffline,
  latest,
  ModelBar,
  ModelControl,
  mount,
  nameOf,
  Page,
  Progress,
  progressInWords,
  startModelWorkerEarly,
  watchFiles,
} from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { shellStrings } from '../strings/shell';
import { Figures } from './figures';
import { Fold } from './fold';
import { Focus } from './focus';
import { LiveRanking } from './live-ranking';
import { Matrix } from './matrix';
import { loadSamples, type Sample } from './samples';
import { isPicture, readable } from './readable';
import { SamplesNote, SampleStrip } from './sample-strip';
import { TEMPERATURE } from './scores';
import { expectedShape } from './examples';
import { fromHash } from './share';
import { MOST_PICTURES, RankState } from './state';
import { Take } from './take';
import { Instruction, TaskPanel } from './task-panel';
import type { TaskId } from './tasks';

startModelWorkerEarly();
const state = new RankState();
const control = new ModelControl();
const ranking = new LiveRanking(state, control);
/** Errors with what the visitor added; the ranking and the model have their own. */
const refusal = signal<unknown>(null);

const refuse = (error: unknown) => (refusal.value = error);
const chooseTask = latest((abort, task: TaskId) => state.choose(task, abort), refuse);
const openLink = latest(async (abort) => {
  const shared = fromHash(location.hash);
  if (shared) await state.open(shared, abort);
  else await state.choose('caption', abort);
}, refuse);
const useSample = latest(async (abort, sample: Sample) => {
  refusal.value = null;
  await state.toggleSample(sample, abort);
}, refuse);

async function addFiles(files: readonly File[], origin: 'chosen' | 'pasted' | 'dropped'): Promise<void> {
  refusal.value = null;
  const found = files.filter(isPicture);
  const other = files.find((file) => !isPicture(file));
  const pictures = await Promise.all(found.slice(0, MOST_PICTURES + 1).map(readable));
  if (pictures.length > 0 && !state.addPictures(pictures)) refuse(strings.tooMany(MOST_PICTURES));
  else if (other) refuse(shellStrings.files.notPicture(other.name));
  else if (files.length === 0) refuse(shellStrings.files.nothing[origin]);
}

function RankPage(): JSX.Element {
  return (
    <Page current="rank" title={strings.title} lead={strings.lead} compact>
      <DropVeil hint={strings.dropNow} />
      <TaskPanel state={state} onTask={(task) => void chooseTask(task)} />
      <SampleStrip
        state={state}
        onSample={(sample) => void useSample(sample)}
        onFiles={(files) => void addFiles(files, 'chosen')}
      />
      <ErrorBox error={refusal.value} onDismiss={() => (refusal.value = null)} />
      <ErrorBox
        error={ranking.error.value}
        action={{ label: shellStrings.model.again, run: () => void control.reload() }}
      />
      <div class="board">
        <div class="table-side">
          <Values />
          <Matrix state={state} ranking={ranking} />
          <NewText />
          <Legend />
        </div>
        <Focus state={state} ranking={ranking} />
      </div>
      <div class="end">
        <Fold id="settings-title" title={strings.settings} class="settings">
          <ModelBar control={control} />
          <Instruction state={state} />
          <SamplesNote state={state} />
        </Fold>
        <Figures control={control} ranking={ranking} />
        <Take state={state} control={control} ranking={ranking} />
      </div>
    </Page>
  );
}

function Values(): JSX.Element {
  const task = state.task.value;
  const over = task.boxes
    ? strings.values.overBoxes
    : task.queries === 'texts'
      ? strings.values.overPictures
      : strings.values.overTexts;
  return (
    <div class="values">
      <Choice
        legend={strings.values.legend}
        hideLegend
        options={[
          { value: 'cosine', label: strings.values.cosine },
          { value: 'softmax', label: strings.values.softmax },
        ]}
        value={state.values.value}
        onChange={(values) => (state.values.value = values)}
      />
      <p id="values-note" class="quiet">
        {state.values.value === 'cosine' ? strings.values.cosineNote : strings.values.softmaxNote(TEMPERATURE, over)}
      </p>
      <LoadLine />
    </div>
  );
}

function NewText(): JSX.Element {
  const focus = (id: number) => focusNext(() => document.getElementById(`text-${id}`));
  return (
    <p class="new-text">
      <Button icon="add" onClick={() => focus(state.addText(''))}>
        {strings.newRow[state.taskId.value]}
      </Button>
      <span class="quiet">{strings.newRowHint}</span>
    </p>
  );
}

/** The model in one line, which is there from the start, so that nothing moves when it is loaded. */
function LoadLine(): JSX.Element {
  const { value } = control.state;
  const words = value.kind === 'loading' && value.progress ? progressInWords(value.progress) : null;
  return (
    <p class="load-line quiet">
      {value.kind === 'failed' ? (
        <a href="#model">{strings.notLoaded}</a>
      ) : value.kind === 'ready' ? (
        nameOf(control.choice.value)
      ) : (
        (words?.text ?? shellStrings.model.starting)
      )}
      {value.kind === 'loading' && <Progress share={words?.share ?? null} label={shellStrings.model.loading} />}
    </p>
  );
}

function Legend(): JSX.Element {
  const task = state.task.value;
  return (
    <p class="legend quiet">
      <span class="scale" aria-hidden="true" />
      <span>
        <span class="key best" aria-hidden="true" />{' '}
        {task.queries === 'pictures' ? strings.legendBest : strings.legendBestText}
      </span>
      {!task.boxes && (
        <span>
          <span class="key label" aria-hidden="true">
            ✓
          </span>{' '}
          {strings.legendLabel}
        </span>
      )}
    </p>
  );
}

void control.start(new URLSearchParams(location.search));
state.expected.value = expectedShape(fromHash(location.hash));
mount(<RankPage />);
watchFiles((files, origin) => void addFiles(files, origin));
void loadSamples()
  .then((samples) => {
    state.samples.value = samples;
    return openLink();
  }, refuse)
  .finally(() => (state.expected.value = null));
addEventListener('hashchange', () => void openLink());
effect(() => {
  const { model } = control;
  if (!model.value) return;
  state.useRecipe(model.value.info.recipe);
  void keepOffline(model.value.info.build);
});
