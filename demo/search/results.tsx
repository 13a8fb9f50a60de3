/** @file The pictures: all of them, or the results with the less relevant ones folded, and their number. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Button, ErrorBox, Select, timeInWords } from '../shell';
import { searchStrings } from '../strings/search';
import { passInWords } from './deep/deep-words';
import { Grid, type GridSection } from './grid/grid';
import type { GridLayout } from './grid/layout';
import { extend, NOTHING, selectAll, toggle } from './grid/selection';
import { FilterChips } from './query/filter-chips';
import type { Found } from './query/finder';
import { toFilter } from './query/form';
import { useSearch } from './state';
import { SORTS, type Arranged, type Sort } from './time/arrangement';
import { Scrubber } from './time/scrubber';
import type { TimeSection } from './time/sections';
import { titleOf } from './time/words';

const strings = searchStrings.results;
/** Height of a date's heading, in pixels. */
const DATE = 32;
/** Height of the bar between pictures that stand out and the rest, in pixels. */
const FOLD = 56;

export function Results(): JSX.Element | null {
  const state = useSearch();
  const { finder, selection, showScores, arrangement } = state;
  const arranged = arrangement.arranged.value;
  const order = arrangement.order.value;
  const unfolded = finder.unfolded.value;
  const laid = useSignal<Laid | null>(null);
  const sections = useMemo(() => (arranged ? sectionsOf(arranged, unfolded) : []), [arranged, unfolded]);
  if (!arranged) return <ErrorBox error={finder.error.value} />;

  const { found, timeline } = arranged;
  const isStale = finder.stale.value || found !== finder.found.value;
  const filtered = toFilter(finder.form.value.filter) !== undefined;
  const isBusy = state.library.state.value?.phase !== 'idle';
  const scores = showScores.value ? found.hits : null;
  const scoreOf = (id: number) => {
    const hit = scores?.get(id);
    return hit ? strings.score(hit.score, hit.z) : null;
  };
  const mixed = found.deep ? found.hits : null;
  const markOf = (id: number) => (mixed?.get(id)?.pass === 'first' ? searchStrings.deep.mark : null);
  return (
    <section class="results" aria-label={strings.label} aria-busy={isStale}>
      <ErrorBox error={finder.error.value} onDismiss={() => (finder.error.value = null)} />
      {finder.outdated.value && (
        <p class="notice">
          {strings.outdated} <Button onClick={() => void finder.run()}>{strings.refresh}</Button>
        </p>
      )}
      {finder.reordered.value && (
        <p class="notice">
          {searchStrings.deep.reordered} <Button onClick={() => finder.reorder()}>{searchStrings.deep.reorder}</Button>
        </p>
      )}
      {found.weak && found.relevant > 0 && <p class="notice">{strings.weak}</p>}
      {found.query && found.relevant === 0 && found.candidates > 0 && (
        <div class="empty">
          <h2>{strings.none}</h2>
          {found.ids.length > 0 && <p>{strings.noneHint}</p>}
        </div>
      )}
      {found.candidates === 0 && (
        <p class="empty">{filtered ? strings.noneFiltered : isBusy ? strings.noneYet : strings.noneAtAll}</p>
      )}
      <div class={timeline ? 'grid-frame dated' : 'grid-frame'}>
        <Grid
          label={strings.label}
          ids={order}
          sections={sections}
          selected={selection.value.ids}
          viewed={state.viewing.value?.ids === order ? state.viewing.value.at : null}
          scoreOf={scoreOf}
          markOf={markOf}
          onOpen={(at) => (state.viewing.value = { ids: order, at })}
          onMark={(index, range) => {
            const id = order[index]!;
            selection.value = range ? extend(selection.value, id, order) : toggle(selection.value, id);
          }}
          onMarkAll={() => (selection.value = selectAll(order))}
          onMoreLike={(index) => {
            const id = order[index]!;
            void state.library.open.value?.items.get(id).then((item) => state.moreLike(id, item?.name ?? String(id)));
          }}
          onClear={() => (selection.value = NOTHING)}
          onLayout={(layout, grid) => (laid.value = { layout, grid })}
        />
        {timeline && laid.value && <Scrubber timeline={timeline} {...laid.value} />}
      </div>
      {finder.hasMore.value && finder.unfolded.value && (
        <p class="more">
          <Button onClick={() => finder.more()}>{strings.more}</Button>
        </p>
      )}
    </section>
  );
}

/** The layout of the grid, for parts that follow it. */
interface Laid {
  layout: GridLayout;
  grid: HTMLElement;
}

/** With or without dates, then the less relevant ones below their bar. */
function sectionsOf({ found, timeline }: Arranged, unfolded: boolean): GridSection[] {
  const standing: GridSection[] = timeline
    ? timeline.sections.map((section) => ({
        count: section.count,
        heading: DATE,
        title: <DateHeading title={titleOf(section, timeline.unit)} section={section} />,
      }))
    : [{ count: found.relevant, heading: 0, title: null }];
  const less = found.ids.length - found.relevant;
  if (less === 0) return standing;
  return [...standing, { count: unfolded ? less : 0, heading: FOLD, title: <Fold less={less} /> }];
}

function DateHeading({ title, section: { count, start } }: { title: string; section: TimeSection }): JSX.Element {
  return (
    <div class="date-heading">
      <h2>{title}</h2>
      <span class="quiet">{searchStrings.time.count(count)}</span>
      {start === null && <span class="quiet date-hint">{searchStrings.time.undatedHint}</span>}
    </div>
  );
}

/** The bar between pictures that stand out and the rest. */
function Fold({ less }: { less: number }): JSX.Element {
  const { unfolded } = useSearch().finder;
  return (
    <div class="fold">
      <Button aria-expanded={unfolded.value} onClick={() => (unfolded.value = !unfolded.value)}>
        {unfolded.value ? strings.fold : strings.unfold(less)}
      </Button>
    </div>
  );
}

/** What is shown, by which filters, and in which order. */
export function ResultBar(): JSX.Element {
  const { view, arrangement, finder } = useSearch();
  const found = finder.found.value;
  const sorts = SORTS.filter((sort) => sort !== 'fit' || found?.query);
  return (
    <div class="result-bar">
      <ResultLine />
      <FilterChips />
      {(view.value === 'pictures' || view.value === 'places') && found && (
        <Select<Sort>
          label={searchStrings.time.sort}
          value={arrangement.orderOf(found)}
          options={sorts.map((value) => ({ value, label: searchStrings.time.sorts[value] }))}
          // Without a query, `fit` means newest first; it is kept for the next query.
          onChange={(sort) => (arrangement.sort.value = sort === 'newest' && !found.query ? 'fit' : sort)}
        />
      )}
    </div>
  );
}

/** How many pictures are shown and the time taken; announced when it changes. */
function ResultLine(): JSX.Element {
  const { finder, library } = useSearch();
  const found = finder.found.value;
  const indexed = library.state.value?.indexed ?? 0;
  const pass = found ? passInWords(found, library.state.value?.deep != null) : '';
  const looking = finder.looking.value;
  return (
    <p class="result-line" role="status">
      {finder.onlyExclusions.value
        ? searchStrings.query.onlyExclusions
        : found
          ? inWords(found, toFilter(finder.form.value.filter) !== undefined, indexed)
          : ''}
      {found && !finder.onlyExclusions.value && pass && <span class="pass"> · {pass}</span>}
      <span class="busy" hidden={!finder.searching.value}>
        {looking && looking.total > 0 ? searchStrings.deep.looking(looking.done, looking.total) : strings.searching}
      </span>
    </p>
  );
}

function inWords(found: Found, filtered: boolean, indexed: number): string {
  if (!found.query && filtered) return strings.filtered(found.candidates);
  if (!found.query) return strings.all(found.candidates, indexed);
  const { embed, score } = found.milliseconds!;
  const count = found.weak && found.relevant > 0 ? strings.best : strings.found;
  return `${count(found.relevant, found.candidates)} ${strings.took(timeInWords(embed + score))}`;
}
