/** @file Land and borders, loaded once for the page. */
import { useEffect, useState } from 'preact/hooks';
import worldUrl from '../../../world/world.bin?url';
import { loadWorld, type World } from './world';
import { WorldPaths } from './world-paths';

export interface DrawnWorld extends World {
  paths: WorldPaths;
}

let loading: Promise<DrawnWorld> | null = null;

async function load(): Promise<DrawnWorld> {
  const world = await loadWorld(new URL(worldUrl, location.href).href);
  return { ...world, paths: new WorldPaths(world) };
}

/** Null until it is loaded. Marks and names of towns do not need it. */
export function useWorld() {
  const [world, setWorld] = useState<DrawnWorld | null>(null);
  const [error, setError] = useState<unknown>(null);
  const look = () => {
    setError(null);
    loading ??= load();
    loading.then(setWorld, (reason: unknown) => {
      loading = null;
      setError(reason);
    });
  };
  useEffect(look, []);
  return { world, error, again: look };
}
