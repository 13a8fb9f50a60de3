/** @file The search page, put together. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Choice, isDragging, ModelBar, nameOf, Page, Progress, progressInWords, toast, watchFiles } from '../shell';
import { searchStrings as strings } from '../strings/search';
import { BeforeDialog } from './before/before-dialog';
import { SizeChoice } from './before/size-choice';
import { DeepChoice } from './deep/deep-choice';
import { Groups } from './groups/groups';
import { LibraryBar } from './library/library-bar';
import { readDrop } from './library/sources';
import { Welcome } from './library/welcome';
import { LazyMap } from './map/lazy-map';
import { CopyByHand } from './parts/copy';
import { Privacy } from './privacy';
import { Advanced } from './query/advanced';
import { Filters } from './query/filters';
import { QueryBar } from './query/query-bar';
import { ResultLine, Results } from './results';
import { SelectionBar } from './selection-bar';
import { StateProvider, useSearch, type SearchState, type ViewName } from './state';
import { Viewer } from './viewer/viewer';

const VIEWS: ViewName[] = ['pictures', 'groups', 'map'];

export function SearchPage({ state }: { state: SearchState }): JSX.Element {
  const { library } = state;
  const shown = library.state.value;
  const started = shown !== null && (shown.folders.length > 0 || shown.indexed > 0);
  const returning =
    shown === null && rememberStarted(null) && !library.error.value && state.control.state.value.kind !== 'failed';
  if (shown) rememberStarted(started);
  return (
    <StateProvider value={state}>
      <Page current="search" title={strings.title} lead={started ? undefined : strings.lead}>
        <div class={started ? 'search-page started' : 'search-page'}>
          <Drops />
          {started ? <Started /> : returning ? <Opening /> : <Empty />}
          <Viewer />
          <SelectionBar />
          <CopyByHand />
          <BeforeDialog />
        </div>
      </Page>
    </StateProvider>
  );
}

/** Before there are pictures. */
function Empty(): JSX.Element {
  return (
    <>
      <Welcome />
      <div class="facts">
        <Model />
        <Privacy />
      </div>
    </>
  );
}

const STARTED = 'search-started';

/** Whether there were pictures at the last visit; null asks, true and false tell. Where it cannot be kept: none. */
function rememberStarted(now: boolean | null): boolean {
  try {
    if (now) localStorage.setItem(STARTED, 'yes');
    if (now === false) localStorage.removeItem(STARTED);
    return localStorage.getItem(STARTED) !== null;
  } catch {
    return false;
  }
}

/** For those who come back: their pictures are here as soon as the model is. */
function Opening(): JSX.Element {
  return (
    <>
      <div class="facts">
        <Model />
        <Privacy />
      </div>
      <div class="opening" role="status">
        <p>{strings.opening}</p>
        <Progress label={strings.opening} share={null} />
      </div>
    </>
  );
}

function Started(): JSX.Element {
  const { view } = useSearch();
  return (
    <>
      <LibraryBar>
        <Model />
        <Privacy />
      </LibraryBar>
      <QueryBar />
      <div class="refine">
        <Filters />
        <Advanced />
      </div>
      <div class="views">
        <Choice
          legend={strings.views.legend}
          hideLegend
          options={VIEWS.map((value) => ({ value, label: strings.views[value] }))}
          value={view.value}
          onChange={(next) => (view.value = next)}
        />
        <ResultLine />
      </div>
      {view.value === 'pictures' && <Results />}
      {view.value === 'groups' && <Groups />}
      {view.value === 'map' && <LazyMap />}
    </>
  );
}

/** Which model it is, and what another one would mean. Open where something is to be done about it. */
function Model(): JSX.Element {
  const { control } = useSearch();
  const name = nameOf(control.choice.value);
  const state = control.state.value;
  const progress = state.kind === 'loading' && state.progress ? progressInWords(state.progress).share : null;
  return (
    <details class="model-choice" open={state.kind === 'failed'}>
      <summary>
        {state.kind === 'failed'
          ? strings.model.failed(name)
          : state.kind === 'ready'
            ? strings.model.summary(name)
            : strings.model.loading(name, progress)}
      </summary>
      <ModelBar control={control} />
      <SizeChoice />
      <DeepChoice />
      <p class="quiet">
        {strings.model.switching} <a href="models.html">{strings.model.indexes}</a>
      </p>
    </details>
  );
}

/** Folders and pictures dropped anywhere, pictures pasted. */
function Drops(): JSX.Element | null {
  const { library, finder, view } = useSearch();
  useEffect(
    () =>
      watchFiles((files, origin, data) => {
        const lookFor = (file: File, name: string) => {
          view.value = 'pictures';
          finder.addPicture({ image: file, name });
        };
        if (origin === 'pasted') {
          for (const file of files.filter(({ type }) => type.startsWith('image/'))) lookFor(file, strings.query.pasted);
          return;
        }
        void library.attempt(async () => {
          const dropped = await readDrop(data, strings.library.dropped);
          if (dropped.kind === 'picture') lookFor(dropped.file, dropped.file.name);
          else if (dropped.kind === 'folders') await library.add(dropped.sources);
          else toast(strings.library.dropNothing);
        });
      }),
    [],
  );
  return isDragging.value ? <p class="drop-veil">{strings.library.dropHint}</p> : null;
}
