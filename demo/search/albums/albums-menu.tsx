/** @file Favourites and albums behind one button of the toolbar: to be shown, renamed, deleted. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FAVOURITES, type Album } from '../../../src/search';
import { Button, Dialog, Icon, IconButton, toast } from '../../shell';
import { actionStrings } from '../../strings/actions';
import { searchStrings } from '../../strings/search';
import { Popover } from '../parts/popover';
import { useSearch } from '../state';
import { nameOf } from './names';
import { AlbumName } from './new-album';

const strings = actionStrings.albums;

export function AlbumsMenu(): JSX.Element {
  const { albums, finder, view, library } = useSearch();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<{ what: 'rename' | 'delete'; album: Album } | null>(null);
  const all = albums.all.value;
  const { filter } = finder.form.value;
  const fixed = library.state.value?.readOnly ?? true;
  const show = (id: number) => {
    finder.change({ filter: { ...finder.form.value.filter, album: id === filter.album ? null : id } });
    view.value = 'pictures';
    setOpen(false);
  };
  return (
    <>
      <Popover class="albums-menu" icon="heart" label={strings.label} open={open} onToggle={setOpen}>
        <ul class="album-list" aria-label={strings.label}>
          {all.map((album) => (
            <li key={album.id}>
              <button
                type="button"
                class="album-show"
                aria-pressed={album.id === filter.album}
                aria-label={(album.id === filter.album ? strings.shown : strings.show)(nameOf(album), album.pictures)}
                onClick={() => show(album.id)}
              >
                <Icon name={album.id === FAVOURITES ? 'heart' : 'album'} />
                <span class="album-title">{nameOf(album)}</span>
                <span class="quiet">{searchStrings.number(album.pictures)}</span>
              </button>
              {album.id !== FAVOURITES && !fixed && (
                <>
                  <IconButton
                    icon="edit"
                    label={strings.rename(album.name)}
                    onClick={() => setAsked({ what: 'rename', album })}
                  />
                  <IconButton
                    icon="bin"
                    label={strings.delete(album.name)}
                    onClick={() => setAsked({ what: 'delete', album })}
                  />
                </>
              )}
            </li>
          ))}
        </ul>
        {all.length === 1 && <p class="quiet">{strings.none}</p>}
        <p class="quiet">{strings.hint}</p>
      </Popover>
      <Dialog title={strings.renameTitle} open={asked?.what === 'rename'} onClose={() => setAsked(null)}>
        {asked && (
          <AlbumName
            label={strings.newName}
            action={strings.save}
            start={asked.album.name}
            onName={async (name) => {
              await library.open.value?.index.renameAlbum(asked.album.id, name);
              setAsked(null);
            }}
          />
        )}
      </Dialog>
      <Dialog
        title={strings.deleteTitle(asked?.album.name ?? '')}
        open={asked?.what === 'delete'}
        onClose={() => setAsked(null)}
      >
        <p>{strings.deleteText(asked?.album.pictures ?? 0)}</p>
        <p class="dialog-actions">
          <Button
            kind="danger"
            onClick={() => {
              const { id, name } = asked!.album;
              setAsked(null);
              void library.with(async (index) => {
                await index.deleteAlbum(id);
                toast(strings.deleted(name));
              });
            }}
          >
            {strings.deleteConfirm}
          </Button>
          <Button onClick={() => setAsked(null)}>{strings.keep}</Button>
        </p>
      </Dialog>
    </>
  );
}
