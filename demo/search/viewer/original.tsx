/**
 * @file The picture itself, from its file; its thumbnail until that is read, and instead of it if it cannot be read.
 */
import type { JSX, RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PhotoItem } from '../../../src/search';
import { uprightPicture } from '../../../src/search/indexing/upright';
import { Button, errorInWords } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useFolders } from '../library/use-folders';
import { Thumb } from '../parts/thumb';
import { useSearch } from '../state';
import { Zoomable, type ZoomHandle } from './zoomable';

const strings = searchStrings.viewer;

/** `undrawable`: the file is there, but neither the browser nor the decoder here can show it. */
type Picture = { url: string; file: File | null } | 'opening' | 'undrawable' | { error: unknown };

export interface OriginalProps {
  id: number;
  /** Undefined while unknown. */
  item: PhotoItem | null | undefined;
  zoom: RefObject<ZoomHandle | null>;
  onSwipe: (step: 1 | -1) => void;
}

export function Original({ id, item, zoom, onSwipe }: OriginalProps): JSX.Element {
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
        setPicture({ url, file });
      },
      (error: unknown) => current && setPicture({ error }),
    );
    return () => {
      current = false;
      if (url) URL.revokeObjectURL(url);
    };
  }, [open, id, access]);

  const url = typeof picture === 'object' && 'url' in picture ? picture.url : null;
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  /** The browser does not know the format (HEIC in most), or shows it in a different orientation from the index. */
  const decodeHere = (file: File | null) => {
    if (!file) return setPicture('undrawable');
    setPicture('opening');
    uprightPicture(file).then(
      (blob) => setPicture((now) => (now === 'opening' ? { url: URL.createObjectURL(blob), file: null } : now)),
      () => setPicture('undrawable'),
    );
  };
  const isAsIndexed = ({ naturalWidth, naturalHeight }: HTMLImageElement) =>
    !item || (naturalWidth === item.width && naturalHeight === item.height);

  return (
    <figure class="original">
      <Zoomable size={item ?? null} handle={zoom} onSwipe={onSwipe}>
        {!drawn && <Thumb id={id} fit="contain" />}
        {typeof picture === 'object' && 'url' in picture && (
          <img
            class={drawn ? 'drawn' : 'coming'}
            src={picture.url}
            alt={item?.name ?? ''}
            onLoad={({ currentTarget }) => {
              if (picture.file && !isAsIndexed(currentTarget)) decodeHere(picture.file);
              else setDrawn(true);
            }}
            onError={() => decodeHere(picture.file)}
            draggable={false}
          />
        )}
      </Zoomable>
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
