/** @file What can be done with the selected pictures. Nothing is ever deleted: what can be done is to take the list along. */
import type { JSX } from 'preact';
import { Button } from '../shell';
import { searchStrings } from '../strings/search';
import { NOTHING, selectAll } from './grid/selection';
import { copyText } from './parts/copy';
import { useSearch } from './state';

const strings = searchStrings.selection;
/** More pictures in one query would only blur what they have in common. */
const MOST_PARTS = 8;

export function SelectionBar(): JSX.Element | null {
  const { selection, library, finder, arrangement, view, viewing } = useSearch();
  const ids = [...selection.value.ids];
  if (ids.length === 0 || viewing.value) return null;
  const copy = () =>
    library.with(async (index) => {
      const paths = (await index.items(ids)).flatMap((item) => (item ? [item.path] : []));
      await copyText(paths.join('\n'), strings.copied(paths.length));
    });
  const search = () =>
    library.with(async (index) => {
      const items = (await index.items(ids)).filter((item) => item !== null);
      finder.change({ text: '', pictures: [] });
      for (const { id, name } of items) finder.addPicture({ image: { id }, name });
      selection.value = NOTHING;
      view.value = 'pictures';
      scrollTo({ top: 0 });
    });
  return (
    <section class="selection" aria-label={strings.label}>
      <p role="status">{strings.count(ids.length)}</p>
      <Button kind="main" icon="copy" onClick={() => void copy()}>
        {strings.copy}
      </Button>
      {ids.length <= MOST_PARTS && <Button onClick={() => void search()}>{strings.search}</Button>}
      {view.value === 'pictures' && (
        <Button onClick={() => (selection.value = selectAll(arrangement.order.value))}>{strings.all}</Button>
      )}
      <Button onClick={() => (selection.value = NOTHING)}>{strings.none}</Button>
    </section>
  );
}
