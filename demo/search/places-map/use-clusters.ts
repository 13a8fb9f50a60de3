/** @file Where the pictures shown were taken, as clusters: by their places at once, with names as soon as those are known. */
import { useEffect, useState } from 'preact/hooks';
import type { PhotoIndex, PhotoPlaces } from '../../../src/search';
import { Clusters } from './clusters';

export interface Located {
  /** // [ids] */
  ids: Uint32Array;
  places: PhotoPlaces;
  clusters: Clusters;
}

/** @returns `located`: null before it is known, and then of the `ids` before until those are */
export function useClusters(index: PhotoIndex | undefined, ids: Uint32Array | null) {
  const [located, setLocated] = useState<Located | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (!index || !ids) return;
    const stop = new AbortController();
    const { signal } = stop;
    const look = async () => {
      const places = await index.places(ids);
      if (signal.aborted) return;
      setLocated({ ids, places, clusters: new Clusters(places, null) });
      const names = await index.placeNames(ids, { signal });
      if (!signal.aborted && names.names.length > 0) {
        setLocated({ ids, places, clusters: new Clusters(places, names) });
      }
    };
    setError(null);
    look().catch((reason: unknown) => !signal.aborted && setError(reason));
    return () => stop.abort();
  }, [index, ids]);
  return { located, error };
}
