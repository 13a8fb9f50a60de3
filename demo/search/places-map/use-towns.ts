/** @file The largest towns of what a map shows, requested when it comes to rest. */
import { useEffect, useState } from 'preact/hooks';
import type { AreaBox, PhotoIndex, Town } from '../../../src/search';

/** From this step of zoom on; further away there are countries. */
const FROM = 4;
/** After the last movement, in milliseconds. */
const REST = 120;
/** Most of them would have no room. */
const MOST = 120;

export function useTowns(index: PhotoIndex | undefined, box: AreaBox, step: number): readonly Town[] {
  const [towns, setTowns] = useState<readonly Town[]>([]);
  const { south, west, north, east } = box;
  useEffect(() => {
    if (!index || step < FROM) return setTowns([]);
    let current = true;
    const timer = setTimeout(() => {
      index.towns({ box: { south, west, north, east }, limit: MOST }).then(
        (found) => current && setTowns(found),
        () => undefined, // the map does without; an unreadable file is reported elsewhere
      );
    }, REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [index, south, west, north, east, step < FROM]);
  return towns;
}
