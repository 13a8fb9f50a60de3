/** @file Actions on the selected pictures, whether or not they are shown now. No file is ever changed or deleted. */
import type { JSX } from 'preact';
import { Button, IconButton, toast } from '../shell';
import { actionStrings } from '../strings/actions';
import { searchStrings } from '../strings/search';
import { canShare, canWriteFolders, MOST_SHARED } from './actions/picture-actions';
import { useActions } from './actions/use-actions';
import { nameOf } from './albums/names';
import { NOTHING, selectAll } from './grid/selection';
import { Menu } from './parts/menu';
import { useSearch } from './state';

const strings = searchStrings.selection;
const more = actionStrings.selection;
/** More pictures in one query would only blur what they have in common. */
const MOST_PARTS = 8;

export function SelectionBar(): JSX.Element | null {
  const { selection, library, finder, arrangement, view, viewing, albums } = useSearch();
  const actions = useActions();
  const ids = [...selection.value.ids];
  if (ids.length === 0 || viewing.value) return null;
  const fixed = library.state.value?.readOnly ?? true;
  const album = albums.all.value.find(({ id }) => id === finder.form.value.filter.album);
  const favourites = albums.favourites.value;
  const search = () =>
    library.with(async (index) => {
      const items = (await index.items(ids)).filter((item) => item !== null);
      finder.change({ text: '', pictures: [] });
      for (const { id, name } of items) finder.addPicture({ image: { id }, name });
      selection.value = NOTHING;
      view.value = 'pictures';
      scrollTo({ top: 0 });
    });
  const favourite = async () => {
    const done = await albums.toggleFavourites(ids);
    if (done !== null) toast(done > 0 ? actionStrings.heart.added(done) : actionStrings.heart.removed(-done));
  };
  const takeOut = () =>
    library.with(async (index) => {
      await index.changeAlbum(album!.id, { remove: ids });
      toast(more.takenOut(ids.length, nameOf(album!)));
      selection.value = NOTHING;
      await finder.run();
    });
  const choices = [
    ids.length <= MOST_SHARED &&
      canShare() && { label: actionStrings.actions.share, run: () => void actions.share(ids) },
    ids.length === 1 && { label: actionStrings.actions.save, run: () => void actions.save(ids[0]!) },
    { label: strings.copy, run: () => void actions.copyPaths(ids) },
    { label: actionStrings.actions.savePaths, run: () => void actions.savePaths(ids) },
    ids.length <= MOST_PARTS && { label: strings.search, run: () => void search() },
    album && !fixed && { label: more.takeOut(nameOf(album)), run: () => void takeOut() },
    (view.value === 'pictures' || view.value === 'places') && {
      label: strings.all,
      run: () => (selection.value = selectAll(arrangement.order.value)),
    },
  ].filter((choice) => !!choice);
  return (
    <section class="selection" aria-label={strings.label}>
      <p role="status">
        {strings.count(ids.length)}
        <Hidden />
      </p>
      {!fixed && (
        <>
          <Button icon="heart" aria-pressed={ids.every((id) => favourites.has(id))} onClick={() => void favourite()}>
            {more.favourite}
          </Button>
          <Button icon="album" onClick={() => (albums.picking.value = ids)}>
            {more.album}
          </Button>
        </>
      )}
      {canWriteFolders() && (
        <Button icon="copy" onClick={() => void actions.toFolder(ids)}>
          {actionStrings.actions.toFolder}
        </Button>
      )}
      <Menu label={more.more} choices={choices} />
      <IconButton icon="close" label={strings.none} onClick={() => (selection.value = NOTHING)} />
    </section>
  );
}

/** How many of them are not shown at present; they stay selected. */
function Hidden(): JSX.Element | null {
  const { selection, arrangement, view } = useSearch();
  if (view.value !== 'pictures' && view.value !== 'places') return null;
  const shown = new Set(arrangement.order.value);
  const hidden = [...selection.value.ids].filter((id) => !shown.has(id)).length;
  return hidden > 0 ? <span class="quiet"> · {more.hidden(hidden)}</span> : null;
}
