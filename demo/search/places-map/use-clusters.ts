/** @file Where the pictures shown were taken, as clusters: by their places at once, with names as soon as those are known. */
import { useEffect, useState } from 'preact/hooks';
import type { PhotoIndex, PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { buildApart } from './build-apart';
import { Clusters } from './clusters';

/** How long to wait for names, in milliseconds, so that nothing is done twice. */
const HASTE = 250;

export interface Located {
  /** // [ids] */
  ids: Uint32Array;
  places: PhotoPlaces;
  clusters: Clusters;
}

/** @returns `located`: null before it is known; then that of the previous `ids` until the new ones are known */
export function useClusters(index: PhotoIndex | undefined, ids: Uint32Array | null) {
  const [located, setLocated] = useState<Located | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (!index || !ids) return;
    const stop = new AbortController();
    const { signal } = stop;
    const show = async (places: PhotoPlaces, names: PhotoPlaceNames | null) => {
      const built = await buildApart(places, names, { signal });
      if (!signal.aborted) setLocated({ ids, places, clusters: new Clusters(built, names) });
    };
    const look = async () => {
      const naming = index.placeNames(ids, { signal });
      naming.catch(() => undefined); // awaited below
      const places = await index.places(ids);
      const soon = await Promise.race([naming.catch(() => null), sleep(HASTE)]);
      if (signal.aborted) return;
      await show(places, soon);
      const names = await naming;
      if (!soon && names.names.length > 0) await show(places, names);
    };
    setError(null);
    look().catch((reason: unknown) => !signal.aborted && setError(reason));
    return () => stop.abort();
  }, [index, ids]);
  return { located, error };
}

function sleep(milliseconds: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));
}
