/** @file Loads the map's code when it is first looked at: with its libraries it is larger than the rest of the page. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorBox } from '../../shell';

export function LazyMap(): JSX.Element | null {
  const [View, setView] = useState<ComponentType | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    import('./map-view').then(({ default: loaded }) => setView(() => loaded), setError);
  }, []);
  return View ? <View /> : <ErrorBox error={error} />;
}
