/** @file The one toolbar: what to look for, how to look at it, and behind buttons everything that is needed more rarely. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Choice } from '../shell';
import { searchStrings as strings } from '../strings/search';
import { focusResults, watchKeys } from './keys';
import { AlbumsMenu } from './albums/albums-menu';
import { LibraryMenu } from './library/library-menu';
import { ModelMenu } from './model-menu';
import { Popover } from './parts/popover';
import { Advanced } from './query/advanced';
import { Filters } from './query/filters';
import { QueryBar } from './query/query-bar';
import { useSearch, type ViewName } from './state';

const VIEWS: ViewName[] = ['pictures', 'groups', 'places', 'map'];

export function Toolbar(): JSX.Element {
  const { view } = useSearch();
  useEffect(() => watchKeys(), []);
  return (
    <div class="toolbar">
      <button type="button" class="skip" onClick={focusResults}>
        {strings.skip}
      </button>
      <div class="query-area">
        <QueryBar />
      </div>
      <div class="toolbar-tools">
        <Choice
          legend={strings.views.legend}
          hideLegend
          options={VIEWS.map((value) => ({ value, label: strings.views[value] }))}
          value={view.value}
          onChange={(next) => (view.value = next)}
        />
        <Popover class="filters-menu" icon="filter" label={strings.filters.label}>
          <Filters />
          <Advanced />
        </Popover>
        <AlbumsMenu />
        <LibraryMenu />
        <ModelMenu />
      </div>
    </div>
  );
}
