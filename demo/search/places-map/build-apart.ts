/** @file Builds clusters without holding up the page. */
import type { PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { buildClusters, type BuiltClusters } from './built';
import type { ClustersRequest } from './clusters.worker';

/** So many are built sooner than a worker has started: within a few milliseconds. */
const FEW = 2000;

/**
 * @param start starts the worker
 * @throws the reason of the signal; Error where the worker cannot be had, or fails
 */
export async function buildApart(
  places: PhotoPlaces,
  names: PhotoPlaceNames | null,
  { signal, start = startWorker }: { signal: AbortSignal; start?: () => Worker },
): Promise<BuiltClusters> {
  if (places.latitude.length <= FEW) return buildClusters(places, names);
  const worker = start();
  try {
    return await new Promise<BuiltClusters>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      signal.throwIfAborted();
      worker.onmessage = ({ data }: MessageEvent<BuiltClusters>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message || 'The worker for the map could not be started.'));
      worker.postMessage({ places, names } satisfies ClustersRequest);
    });
  } finally {
    worker.terminate();
  }
}

function startWorker(): Worker {
  return new Worker(new URL('./clusters.worker.ts', import.meta.url), { type: 'module' });
}
