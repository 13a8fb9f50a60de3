/** @file The one toolbar: the query, the view, and behind buttons everything that is needed less often. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Choice, Select } from '../shell';
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
        <Views />
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

/** Side by side, or as a list if there is no room for that. */
function Views(): JSX.Element {
  const { view } = useSearch();
  const options = VIEWS.map((value) => ({ value, label: strings.views[value] }));
  const props = { options, value: view.value, onChange: (next: ViewName) => void (view.value = next) };
  return (
    <div class="views">
      <Choice legend={strings.views.legend} hideLegend {...props} />
      <Select label={strings.views.legend} {...props} />
    </div>
  );
}
