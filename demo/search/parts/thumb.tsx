/** @file A thumbnail that loads when it is in the page and is given up when it leaves; and what is known of its picture. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PhotoItem } from '../../../src/search';
import { useSearch } from '../state';

/** The picture's own text stands beside it or in the label of what holds it: here it is decoration. */
export function Thumb({ id, fit = 'cover' }: { id: number; fit?: 'cover' | 'contain' }): JSX.Element {
  const open = useSearch().library.open.value;
  const [url, setUrl] = useState<string | null | undefined>();
  useEffect(() => {
    setUrl(undefined);
    return open?.thumbnails.watch(id, setUrl);
  }, [open, id]);
  if (!url) return <span class={url === null ? 'thumb missing' : 'thumb'} aria-hidden="true" />;
  return <img class={`thumb ${fit}`} src={url} alt="" decoding="async" draggable={false} />;
}

/** Undefined before it is known, null where there is no such picture. */
export function useItem(id: number | null): PhotoItem | null | undefined {
  const { library } = useSearch();
  const open = library.open.value;
  const revision = library.state.value?.contentRevision;
  const [item, setItem] = useState<PhotoItem | null | undefined>();
  useEffect(() => {
    let current = true;
    if (id === null) setItem(null);
    else
      open?.items.get(id).then(
        (found) => current && setItem(found),
        () => current && setItem(null),
      );
    return () => void (current = false);
  }, [open, revision, id]);
  return item?.id === id || item === null ? item : undefined;
}
