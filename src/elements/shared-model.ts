/**
 * @file Models that the parts of a page share: whoever names the same one gets the same one. It is disposed of a moment after the last
 * has let go of it, so that an element that is moved, and React's second mount in strict mode, load nothing anew.
 */

import type { VLM2Vec } from '../embedder';
import { importing } from '../net';
import type { LoadOptions } from '../load-options';
import type { ProgressEvent } from '../runtime';
import type { ModelSource } from '../sources/spec';

/** Options of `VLM2Vec.load` but those that every user of a shared model has of their own. */
export type SharedLoadOptions = Omit<LoadOptions, 'signal' | 'onProgress'>;

/** A hold on a model. */
export interface SharedModel {
  /** Rejects with what loading threw; with the model's `DisposedError` never, for it is kept as long as it is held. */
  readonly model: Promise<VLM2Vec>;
  /** Lets go. Twice does no harm. */
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

/** Before a model that nobody holds is disposed of, in milliseconds. */
const LINGER = 1000;
const entries = new Map<string, Entry>();
let unnamed = 0;

const loadModel: Load = async (source, options) => {
  const { VLM2Vec } = await importing(() => import('../embedder'));
  return VLM2Vec.load(source, options);
};

/**
 * @param options with functions or files among them, the model is one's own
 * @param load for tests
 */
export function holdModel(
  source: ModelSource,
  options: SharedLoadOptions = {},
  onProgress?: (event: ProgressEvent) => void,
  load: Load = loadModel,
): SharedModel {
  const key = keyOf(source, options);
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
  // What failed is tried again by the next who asks.
  entry.model.catch(() => {
    if (entries.get(key) === entry) entries.delete(key);
  });
  return entry;
}

function end(key: string, { model, stop }: Entry): void {
  entries.delete(key);
  stop.abort();
  void model.then(
    (loaded) => loaded.dispose(),
    () => undefined,
  );
}

/** One for equal plain data; never the same for what is not. */
function keyOf(source: ModelSource, options: SharedLoadOptions): string {
  const own = () => `own ${++unnamed}`;
  let plain = true;
  const text = JSON.stringify([source, options], (_, value: unknown) => {
    const isPlain =
      typeof value !== 'object' ||
      value === null ||
      Array.isArray(value) ||
      Object.getPrototypeOf(value) === Object.prototype;
    if (typeof value === 'function' || !isPlain) plain = false;
    return value;
  });
  return plain ? text : own();
}
