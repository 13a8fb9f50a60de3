/** @file The search page, put together. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { isDragging, Page, Progress, toast, watchFiles } from '../shell';
import { searchStrings as strings } from '../strings/search';
import { BeforeDialog } from './before/before-dialog';
import { DeepRun } from './deep/deep-run';
import { Groups } from './groups/groups';
import { Notices } from './library/notices';
import { Run } from './library/run';
import { readDrop } from './library/sources';
import { Welcome } from './library/welcome';
import { LazyMap } from './map/lazy-map';
import { modelInWords, ModelSettings } from './model-menu';
import { CopyingDialog } from './actions/copying';
import { AlbumPicker } from './albums/album-picker';
import { CopyByHand } from './parts/copy';
import { LazyPlaces } from './places-map/lazy-places';
import { Privacy } from './privacy';
import { ResultBar, Results } from './results';
import { SelectionBar } from './selection-bar';
import { StateProvider, useSearch, type SearchState } from './state';
import { Toolbar } from './toolbar';
import { Viewer } from './viewer/viewer';

export function SearchPage({ state }: { state: SearchState }): JSX.Element {
  const { library } = state;
  const shown = library.state.value;
  const started = shown !== null && (shown.folders.length > 0 || shown.indexed > 0);
  const returning =
    shown === null && rememberStarted(null) && !library.error.value && state.control.state.value.kind !== 'failed';
  if (shown) rememberStarted(started);
  const hasPictures = started || returning;
  return (
    <StateProvider value={state}>
      <Page
        current="search"
        title={strings.title}
        hideTitle={hasPictures}
        lead={hasPictures ? undefined : strings.lead}
      >
        <div class={hasPictures ? 'search-page started' : 'search-page'}>
          <Drops />
          {hasPictures ? <Started /> : <Empty />}
          <Viewer />
          <SelectionBar />
          <AlbumPicker />
          <CopyingDialog />
          <CopyByHand />
          <BeforeDialog />
        </div>
      </Page>
    </StateProvider>
  );
}

/** The page before there are pictures. */
function Empty(): JSX.Element {
  const { control } = useSearch();
  return (
    <>
      <Welcome />
      <div class="facts">
        <details class="model-choice" open={control.state.value.kind === 'failed'}>
          <summary>{modelInWords(control)}</summary>
          <ModelSettings />
        </details>
        <Privacy />
      </div>
    </>
  );
}

const STARTED = 'search-started';

/** Whether there were pictures at the last visit; null reads, true and false store. If it cannot be stored: none. */
function rememberStarted(now: boolean | null): boolean {
  try {
    if (now) localStorage.setItem(STARTED, 'yes');
    if (now === false) localStorage.removeItem(STARTED);
    return localStorage.getItem(STARTED) !== null;
  } catch {
    return false;
  }
}

/** For returning visitors nothing moves when the index opens: what was typed before is searched for then. */
function Started(): JSX.Element {
  const { view, library } = useSearch();
  const isOpen = library.state.value !== null;
  return (
    <>
      <Toolbar />
      <Notices />
      <Run />
      <DeepRun />
      {isOpen ? (
        <>
          <ResultBar />
          {view.value === 'pictures' && <Results />}
          {view.value === 'groups' && <Groups />}
          {view.value === 'places' && <LazyPlaces />}
          {view.value === 'map' && <LazyMap />}
        </>
      ) : (
        <div class="opening" role="status">
          <p>{strings.opening}</p>
          <Progress label={strings.opening} share={null} />
        </div>
      )}
    </>
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
