/**
 * @file A thumbnail that loads when it is in the page and is given up when it leaves; and the facts about its picture.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PhotoItem } from '../../../src/search';
import { inNextFrame } from './scrolling';
import { useSearch } from '../state';

/** The picture's text is beside it or in the label of its container, so here it is decoration. */
export function Thumb({ id, fit = 'cover' }: { id: number; fit?: 'cover' | 'contain' }): JSX.Element {
  const open = useSearch().library.open.value;
  const [arrived, setArrived] = useState<{ id: number; url: string | null } | null>(null);
  // A cell may have shown another picture before.
  const url = arrived?.id === id ? arrived.url : open?.thumbnails.known(id);
  useEffect(() => {
    const show = (arriving: string | null) => arriving !== url && setArrived({ id, url: arriving });
    // Loaded thumbnails appear at once; new arrivals appear together, once per frame.
    let isNow = true;
    const end = open?.thumbnails.watch(id, (arriving) => (isNow ? show(arriving) : inNextFrame(() => show(arriving))));
    isNow = false;
    return end;
  }, [open, id]);
  if (!url) return <span class={url === null ? 'thumb missing' : 'thumb'} aria-hidden="true" />;
  return <img key={id} class={`thumb ${fit}`} src={url} alt="" decoding="async" draggable={false} />;
}

/** Undefined before it is known, null if there is no such picture. */
export function useItem(id: number | null): PhotoItem | null | undefined {
  const { library } = useSearch();
  const open = library.open.value;
  const revision = library.state.value?.contentRevision;
  const [found, setFound] = useState<{ id: number; item: PhotoItem | null } | null>(null);
  const known = id === null ? null : open?.items.known(id);
  useEffect(() => {
    if (id === null || !open) return;
    let current = true;
    const show = (item: PhotoItem | null) => current && item !== known && setFound({ id, item });
    open.items.get(id).then(show, () => show(null));
    return () => void (current = false);
  }, [open, revision, id]);
  return known === undefined && found?.id === id ? found.item : known;
}
