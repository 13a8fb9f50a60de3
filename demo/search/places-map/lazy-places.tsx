/** @file Loads the map of places when it is first looked at: few visitors use it, and it needs libraries of its own. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorBox } from '../../shell';

export function LazyPlaces(): JSX.Element | null {
  const [View, setView] = useState<ComponentType | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    import('./places-view').then(({ default: loaded }) => setView(() => loaded), setError);
  }, []);
  return View ? <View /> : <ErrorBox error={error} />;
}
