/** @file The page's network requests since it was opened, so that everyone can see that pictures stay here. */
import { signal, type ReadonlySignal } from '@preact/signals';

export interface RequestCount {
  /** To this site: the page's own files and the model. */
  own: number;
  /** Addresses of all others, oldest first. */
  foreign: readonly string[];
}

/** Addresses that are not requests: pictures in memory and in the page itself. */
const LOCAL = /^(blob|data):/;

export function countRequests(before: RequestCount, addresses: readonly string[], origin: string): RequestCount {
  const sent = addresses.filter((address) => !LOCAL.test(address));
  const foreign = sent.filter((address) => new URL(address).origin !== origin);
  return { own: before.own + sent.length - foreign.length, foreign: [...before.foreign, ...foreign] };
}

/** Counts from the page's first request on, for as long as it is open. */
export function watchRequests(): ReadonlySignal<RequestCount> {
  const count = signal<RequestCount>({ own: 0, foreign: [] });
  const add = (entries: PerformanceEntryList) => {
    count.value = countRequests(
      count.value,
      entries.map(({ name }) => name),
      location.origin,
    );
  };
  new PerformanceObserver((list) => add(list.getEntries())).observe({ type: 'resource', buffered: true });
  return count;
}
