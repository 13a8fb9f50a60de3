/** @file Which albums pictures are in: boxes to tick, and a field for a new album. Changes take effect at once. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button, Dialog, toast } from '../../shell';
import type { Album } from '../../../src/search';
import { actionStrings } from '../../strings/actions';
import { useSearch } from '../state';
import { nameOf } from './names';
import { AlbumName } from './new-album';

const strings = actionStrings.picker;

/** Rendered once in the page. */
export function AlbumPicker(): JSX.Element {
  const { picking } = useSearch().albums;
  const ids = picking.value;
  return (
    <Dialog title={strings.title(ids?.length ?? 0)} open={ids !== null} onClose={() => (picking.value = null)}>
      {ids && <Boxes ids={ids} />}
    </Dialog>
  );
}

function Boxes({ ids }: { ids: readonly number[] }): JSX.Element {
  const { library, albums } = useSearch();
  const revision = library.state.value?.albumRevision;
  const [all, setAll] = useState<readonly Album[]>([]);
  useEffect(() => {
    let current = true;
    void library.with((index) => index.albums({ of: ids })).then((found) => current && found && setAll(found));
    return () => void (current = false);
  }, [revision, ids]);
  const set = (album: Album, isIn: boolean) =>
    void library.with(async (index) => {
      await index.changeAlbum(album.id, isIn ? { add: ids } : { remove: ids });
      toast(isIn ? strings.added(ids.length, nameOf(album)) : strings.removed(ids.length, nameOf(album)));
    });
  return (
    <div class="album-picker">
      <ul>
        {all.map((album) => (
          <li key={album.id}>
            <label>
              <input
                type="checkbox"
                checked={album.contains === ids.length}
                ref={(box) => {
                  if (box) box.indeterminate = album.contains > 0 && album.contains < ids.length;
                }}
                onChange={(event) => set(album, event.currentTarget.checked)}
              />
              <span class="album-title">{nameOf(album)}</span>
              {album.contains > 0 && album.contains < ids.length && (
                <span class="quiet">{strings.of(album.contains, ids.length)}</span>
              )}
            </label>
          </li>
        ))}
      </ul>
      <AlbumName
        label={strings.create}
        action={strings.add}
        placeholder={strings.placeholder}
        onName={async (name) => {
          const index = library.open.value?.index;
          if (!index) return;
          const made = await index.createAlbum(name, ids);
          toast(strings.created(made.name, ids.length));
        }}
      />
      <p class="dialog-actions">
        <Button kind="main" onClick={() => (albums.picking.value = null)}>
          {strings.done}
        </Button>
      </p>
    </div>
  );
}
