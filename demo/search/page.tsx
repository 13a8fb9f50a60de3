/** @file The search page, put together. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Choice, isDragging, ModelBar, nameOf, Page, toast, watchFiles } from '../shell';
import { searchStrings as strings } from '../strings/search';
import { Groups } from './groups/groups';
import { LibraryBar } from './library/library-bar';
import { readDrop } from './library/sources';
import { Welcome } from './library/welcome';
import { LazyMap } from './map/lazy-map';
import { CopyByHand } from './parts/copy';
import { Privacy } from './privacy';
import { Advanced, type AdvancedProps } from './query/advanced';
import { Filters } from './query/filters';
import { QueryBar } from './query/query-bar';
import { ResultLine, Results } from './results';
import { SelectionBar } from './selection-bar';
import { StateProvider, useSearch, type SearchState, type ViewName } from './state';
import { Viewer } from './viewer/viewer';

const VIEWS: ViewName[] = ['pictures', 'groups', 'map'];

export interface SearchPageProps extends AdvancedProps {
  state: SearchState;
}

export function SearchPage({ state, ...advanced }: SearchPageProps): JSX.Element {
  return (
    <StateProvider value={state}>
      <Page current="search" title={strings.title} lead={strings.lead}>
        <Content {...advanced} />
      </Page>
    </StateProvider>
  );
}

function Content(advanced: AdvancedProps): JSX.Element {
  const { library, view } = useSearch();
  const state = library.state.value;
  const started = state !== null && (state.folders.length > 0 || state.indexed > 0);
  useDrops();
  return (
    <div class="search-page">
      <div class="facts">
        <Model />
        <Privacy />
      </div>
      {started ? <LibraryBar /> : <Welcome />}
      {started && (
        <>
          <QueryBar />
          <div class="refine">
            <Filters />
            <Advanced {...advanced} />
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
      )}
      <Viewer />
      <SelectionBar />
      <CopyByHand />
      {isDragging.value && <p class="drop-veil">{strings.library.dropHint}</p>}
    </div>
  );
}

/** Which model it is, and what another one would mean. Open where something is to be done about it. */
function Model(): JSX.Element {
  const { control } = useSearch();
  const name = nameOf(control.choice.value);
  const { kind } = control.state.value;
  return (
    <details class="model-choice" open={kind === 'failed'}>
      <summary>
        {kind === 'failed' ? strings.model.failed(name) : kind === 'ready' ? strings.model.summary(name) : strings.model.loading(name)}
      </summary>
      <ModelBar control={control} />
      <p class="quiet">{strings.model.switching}</p>
    </details>
  );
}

/** Folders and pictures dropped anywhere, pictures pasted. */
function useDrops(): void {
  const { library, finder, view } = useSearch();
  useEffect(
    () =>
      watchFiles((files, origin, data) => {
        const lookFor = (file: File, name: string) => {
          view.value = 'pictures';
          finder.addPicture({ image: file, name });
        };
        if (!library.open.value) return toast(strings.library.wait);
        if (origin === 'pasted') {
          for (const file of files.filter(({ type }) => type.startsWith('image/'))) lookFor(file, strings.query.pasted);
          return;
        }
        void library.with(async () => {
          const dropped = await readDrop(data, strings.library.dropped);
          if (dropped.kind === 'picture') lookFor(dropped.file, dropped.file.name);
          else if (dropped.kind === 'folders') await library.add(dropped.sources);
          else toast(strings.library.dropNothing);
        });
      }),
    [],
  );
}
