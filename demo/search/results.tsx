/** @file The pictures: all of them, or what was found with the less relevant folded away, and how many that is. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Button, ErrorBox, timeInWords } from '../shell';
import { searchStrings } from '../strings/search';
import { passInWords } from './deep/deep-words';
import { Grid, type GridSection } from './grid/grid';
import { extend, NOTHING, selectAll, toggle } from './grid/selection';
import { FilterChips } from './query/filter-chips';
import type { Found } from './query/finder';
import { toFilter } from './query/form';
import { useSearch } from './state';

const strings = searchStrings.results;
/** Height of the bar between what stands out and the rest, in pixels. */
const FOLD = 56;

export function Results(): JSX.Element | null {
  const state = useSearch();
  const { finder, selection, showScores } = state;
  const found = finder.found.value;
  const order = finder.order.value;
  const sections = useMemo<GridSection[]>(() => {
    if (!found) return [];
    const less = found.ids.length - found.relevant;
    if (less === 0) return [{ count: found.relevant, heading: 0, title: null }];
    return [
      { count: found.relevant, heading: 0, title: null },
      { count: finder.unfolded.value ? less : 0, heading: FOLD, title: <Fold less={less} /> },
    ];
  }, [found, order]);
  if (!found) return <ErrorBox error={finder.error.value} />;

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
    <section class="results" aria-label={strings.label} aria-busy={finder.stale.value}>
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
      />
      {finder.hasMore.value && finder.unfolded.value && (
        <p class="more">
          <Button onClick={() => finder.more()}>{strings.more}</Button>
        </p>
      )}
    </section>
  );
}

/** The bar between what stands out and the rest. */
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

/** What is shown, what it is narrowed by. */
export function ResultBar(): JSX.Element {
  return (
    <div class="result-bar">
      <ResultLine />
      <FilterChips />
    </div>
  );
}

/** How many pictures are shown and what that took; read out when it changes. */
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
