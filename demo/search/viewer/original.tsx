/** @file The picture itself, from its file; its thumbnail until that is read, and in its place where it cannot be. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PhotoItem } from '../../../src/search';
import { Button, errorInWords } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useFolders } from '../library/use-folders';
import { Thumb } from '../parts/thumb';
import { useSearch } from '../state';

const strings = searchStrings.viewer;

/** `undrawable`: the file is there, but the browser does not know its format (HEIC in most). */
type Picture = { url: string } | 'opening' | 'undrawable' | { error: unknown };

/** @param props.item undefined while it is not known */
export function Original({ id, item }: { id: number; item: PhotoItem | null | undefined }): JSX.Element {
  const { library } = useSearch();
  const { reconnect } = useFolders();
  const open = library.open.value;
  const folder = library.state.value?.folders.find((each) => each.id === item?.folderId);
  const access = folder?.access;
  const [picture, setPicture] = useState<Picture>('opening');
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    let url: string | null = null;
    let current = true;
    setPicture('opening');
    setDrawn(false);
    open?.index.file(id).then(
      (file) => {
        if (!current) return;
        url = URL.createObjectURL(file);
        setPicture({ url });
      },
      (error: unknown) => current && setPicture({ error }),
    );
    return () => {
      current = false;
      if (url) URL.revokeObjectURL(url);
    };
  }, [open, id, access]);

  return (
    <figure class="original">
      {!drawn && <Thumb id={id} fit="contain" />}
      {typeof picture === 'object' && 'url' in picture && (
        <img
          class={drawn ? 'drawn' : 'coming'}
          src={picture.url}
          alt={item?.name ?? ''}
          onLoad={() => setDrawn(true)}
          onError={() => setPicture('undrawable')}
        />
      )}
      {picture === 'undrawable' && <figcaption>{strings.notShown}</figcaption>}
      {typeof picture === 'object' && 'error' in picture && (
        <figcaption>
          {strings.thumbnailOnly} {errorInWords(picture.error)}{' '}
          {folder?.access === 'ask' && <Button onClick={() => void reconnect([folder])}>{strings.reconnect}</Button>}
        </figcaption>
      )}
    </figure>
  );
}
