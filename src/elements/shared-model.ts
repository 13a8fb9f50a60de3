/**
 * @file Models shared by the parts of a page: everyone who names the same model gets the same instance. It is disposed
 * of shortly after its last user has released it, so that moving an element, or React's second mount in strict mode,
 * does not load it again.
 */

import type { VLM2Vec } from '../embedder';
import { importing } from '../net';
import type { LoadOptions } from '../load-options';
import type { ProgressEvent } from '../runtime';
import type { ModelSource } from '../sources/spec';
import { contentKey } from './same-content';

/** Options of `VLM2Vec.load`, except those that each user of a shared model has separately. */
export type SharedLoadOptions = Omit<LoadOptions, 'signal' | 'onProgress'>;

/** A hold on a model. */
export interface SharedModel {
  /**
   * Rejects with the error of loading, but never with the model's `DisposedError`, because the model is kept as long as
   * it is held.
   */
  readonly model: Promise<VLM2Vec>;
  /** Releases the model. Calling it twice does no harm. */
  release(): void;
}

type Load = (source: ModelSource, options: LoadOptions) => Promise<VLM2Vec>;

interface Entry {
  model: Promise<VLM2Vec>;
  holders: number;
  listeners: Set<(event: ProgressEvent) => void>;
  stop: AbortController;
  timer?: ReturnType<typeof setTimeout>;
}

/** How long a model that nobody holds is kept before it is disposed of, in milliseconds. */
const LINGER = 1000;
const entries = new Map<string, Entry>();

const loadModel: Load = async (source, options) => {
  const { VLM2Vec } = await importing(() => import('../embedder'));
  return VLM2Vec.load(source, options);
};

/**
 * @param options files, workers and functions are the same only if they are the same objects
 * @param load for tests
 */
export function holdModel(
  source: ModelSource,
  options: SharedLoadOptions = {},
  onProgress?: (event: ProgressEvent) => void,
  load: Load = loadModel,
): SharedModel {
  const key = contentKey([source, options], { functions: true });
  const entry = entries.get(key) ?? begin(key, source, options, load);
  clearTimeout(entry.timer);
  entry.holders++;
  if (onProgress) entry.listeners.add(onProgress);
  let held = true;
  return {
    model: entry.model,
    release() {
      if (!held) return;
      held = false;
      if (onProgress) entry.listeners.delete(onProgress);
      if (--entry.holders === 0) entry.timer = setTimeout(() => end(key, entry), LINGER);
    },
  };
}

function begin(key: string, source: ModelSource, options: SharedLoadOptions, load: Load): Entry {
  const stop = new AbortController();
  const listeners: Entry['listeners'] = new Set();
  const onProgress = (event: ProgressEvent) => listeners.forEach((listener) => listener(event));
  const entry: Entry = {
    model: load(source, { ...options, signal: stop.signal, onProgress }),
    holders: 0,
    listeners,
    stop,
  };
  entries.set(key, entry);
  // The next caller retries a failed load.
  entry.model.catch(() => forget(key, entry));
  return entry;
}

/** If it failed, another one may have taken its place. */
function forget(key: string, entry: Entry): void {
  if (entries.get(key) === entry) entries.delete(key);
}

function end(key: string, entry: Entry): void {
  forget(key, entry);
  entry.stop.abort();
  void entry.model.then(
    (loaded) => loaded.dispose(),
    () => undefined,
  );
}
