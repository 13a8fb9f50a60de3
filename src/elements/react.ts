/** @file The elements as React components, and a hook that holds a model as long as a component is mounted. */

'use client';

import {
  createElement,
  useCallback,
  useEffect,
  useRef,
  useState,
  version,
  type ReactElement,
  type ReactNode,
  type Ref,
} from 'react';
import type { VLM2Vec } from '../embedder';
import type { ProgressEvent } from '../runtime';
import type { ModelSource } from '../sources/spec';
import './index';
import type { Choice, RankResultsDetail, VLM2VecRank as RankElement } from './rank-element';
import type {
  OpenDetail,
  SearchReadyDetail,
  SearchResultsDetail,
  VLM2VecSearch as SearchElement,
} from './search-element';
import { holdModel, type SharedLoadOptions } from './shared-model';
import { contentKey } from './same-content';
import type { RankWords, SearchWords } from './words';

/** The result of {@link useVLM2Vec}. */
export interface HeldModel {
  /** The model; null until it is loaded. It is shared and disposed of automatically: do not dispose of it yourself. */
  model: VLM2Vec | null;
  /** `idle`: no source was given. */
  status: 'idle' | 'loading' | 'ready' | 'failed';
  /** The most recent progress event of loading. */
  progress: ProgressEvent | null;
  /** Why loading failed. */
  error: Error | null;
  /** Aborted when the component unmounts; pass it to calls of the model: `model.rank(query, texts, { signal })`. */
  signal: AbortSignal | undefined;
  /** Tries to load again after a failure. */
  retry: () => void;
}

type State = Omit<HeldModel, 'retry'>;
const IDLE: State = { model: null, status: 'idle', progress: null, error: null, signal: undefined };
const LOADING: State = { ...IDLE, status: 'loading' };

/**
 * Loads a model, once for all components and elements in the page that name the same one, and releases it when the
 * component unmounts. A second mount (strict mode) does not load it again. On a server nothing is loaded.
 * @param source null: load nothing yet
 * @param options options of `VLM2Vec.load`; plain data is compared by content, functions are not compared
 */
export function useVLM2Vec(source: ModelSource | null, options: SharedLoadOptions = {}): HeldModel {
  const [{ of, state }, setLoaded] = useState<{ of: string | null; state: State }>({ of: null, state: IDLE });
  const [tries, setTries] = useState(0);
  const given = useRef({ source, options });
  given.current = { source, options };
  // Objects written in place are new ones with each rendering.
  const key = source === null ? null : contentKey([source, options], { functions: false });
  useEffect(() => {
    const { source: wanted, options: settings } = given.current;
    if (wanted === null) return;
    const life = new AbortController();
    const { signal } = life;
    const update = (change: Partial<State>) => {
      if (!signal.aborted) setLoaded(({ state: before }) => ({ of: key, state: { ...before, ...change } }));
    };
    update({ ...LOADING, signal });
    const held = holdModel(wanted, settings, (progress) => update({ progress }));
    held.model.then(
      (model) => update({ model, status: 'ready' }),
      (error: Error) => update({ error, status: 'failed' }),
    );
    return () => {
      life.abort();
      held.release();
    };
  }, [key, tries]);
  const retry = useCallback(() => setTries((count) => count + 1), []);
  // A different model was just named, so the one that was loaded no longer applies.
  const current = key === null ? IDLE : of === key ? state : LOADING;
  return { ...current, retry };
}

/** Properties of both components. */
export interface ElementProps {
  /** The model to load, in a form that `VLM2Vec.load` accepts. */
  model?: string;
  /** Further options of `VLM2Vec.load`. */
  modelOptions?: SharedLoadOptions;
  /** Name in a form. */
  name?: string;
  /** Label of the input box. */
  label?: string;
  /** Disables the element: nothing can be entered or chosen. */
  disabled?: boolean;
  /** Class of the element. */
  className?: string;
  /** Id of the element. */
  id?: string;
  /** Called while a model is being loaded. */
  onProgress?: (event: ProgressEvent) => void;
  /** Called with an error, which the element also shows. */
  onError?: (error: Error) => void;
}

/** Properties of {@link VLM2VecSearch}. */
export interface VLM2VecSearchProps extends ElementProps {
  /** Address of the index's folder. */
  src: string;
  /** Address of the folder of originals. */
  originals?: string;
  /** Address of `places.bin`, or of its folder: names of places filter. */
  places?: string;
  /** Number of results shown at first. */
  limit?: number;
  /** Shows the newest pictures before the first search. */
  browse?: boolean;
  /** Number of megabytes that are downloaded without asking. */
  askAbove?: number;
  /** Placeholder of the input box. */
  placeholder?: string;
  /** Texts of the element. */
  words?: Partial<SearchWords>;
  /** Called when the index is open. */
  onReady?: (info: SearchReadyDetail) => void;
  /** Called when a search is done. */
  onResults?: (found: SearchResultsDetail) => void;
  /** Called when a picture was chosen. Return false to prevent the browser from following the link. */
  onOpen?: (opened: OpenDetail) => void | false;
  /** The element itself. */
  ref?: Ref<SearchElement>;
}

/** Properties of {@link VLM2VecRank}. */
export interface VLM2VecRankProps extends ElementProps {
  /** Text to compare with. */
  text?: string;
  /** Address of a picture to compare with. */
  image?: string;
  /** The choices to rank. */
  choices?: readonly Choice[];
  /** No input box is shown. */
  readOnly?: boolean;
  /** The form cannot be submitted before there is a ranking. */
  required?: boolean;
  /** Texts of the element. */
  words?: Partial<RankWords>;
  /** Called when a ranking is done. */
  onResults?: (found: RankResultsDetail) => void;
  /** The choices, if `choices` is not given. */
  children?: ReactNode;
  /** The element itself. */
  ref?: Ref<RankElement>;
}

type Handlers = Record<string, ((detail: never) => unknown) | undefined>;

/**
 * Sets the properties and events of the element. React 18 sets only attributes, and knows only its own events.
 * @returns the ref to pass to it
 */
function useElement<T extends HTMLElement>(
  ref: Ref<T> | undefined,
  properties: Partial<T>,
  handlers: Handlers,
): (element: T | null) => void {
  const latest = useRef({ ref, properties, handlers });
  latest.current = { ref, properties, handlers };
  const own = useRef<T | null>(null);
  const leave = useRef<() => void>(undefined);
  const assigned = useRef(new Set<string>());
  useEffect(() => assignGiven(own.current, properties, assigned.current));
  return useCallback((element: T | null) => {
    leave.current?.();
    leave.current = undefined;
    own.current = element;
    if (!element) return;
    // Immediately, because the element is in the page and about to start.
    assignGiven(element, latest.current.properties, assigned.current);
    const { ref: outer, handlers: named } = latest.current;
    const life = new AbortController();
    const letGo = attach(outer, element);
    leave.current = () => {
      life.abort();
      letGo();
    };
    for (const name of Object.keys(named)) {
      const hear = (event: Event) => {
        const { detail } = event as CustomEvent<never>;
        if (latest.current.handlers[name]?.(detail) === false) event.preventDefault();
      };
      element.addEventListener(name, hear, { signal: life.signal });
    }
  }, []);
}

/** @param before properties that were given before are set even if they are not given any more */
function assignGiven<T extends object>(element: T | null, properties: Partial<T>, before: Set<string>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (!element || (value === undefined && !before.has(name))) continue;
    before.add(name);
    Object.assign(element, { [name]: value });
  }
}

/** Passes an element to a ref. @returns a function that takes it back */
function attach<T>(ref: Ref<T> | undefined, element: T): () => void {
  if (typeof ref === 'function') {
    const cleanup = ref(element);
    return typeof cleanup === 'function' ? cleanup : () => void ref(null);
  }
  if (ref) ref.current = element;
  return () => {
    if (ref) ref.current = null;
  };
}

const attributesOf = ({ model, name, label, disabled, className, id }: ElementProps) => ({
  ...{ model, name, label, class: className, id },
  disabled: flag(disabled),
});
/** React 19 sets the property, if there is one of that name; before, an attribute, which may not be there at all. */
const SETS_PROPERTIES = Number.parseInt(version, 10) >= 19;
const flag = (on = false) => (SETS_PROPERTIES ? on : on ? '' : undefined);
const errorHandler = (handle: ElementProps['onError']) => handle && (({ error }: { error: Error }) => handle(error));

/** The element `<vlm2vec-search>` as a component. */
export function VLM2VecSearch(props: VLM2VecSearchProps): ReactElement {
  const { src, originals, places, limit, browse, askAbove, placeholder, words, modelOptions } = props;
  const ref = useElement<SearchElement>(props.ref, { words, modelOptions } as Partial<SearchElement>, {
    'vlm2vec-ready': props.onReady,
    'vlm2vec-results': props.onResults,
    'vlm2vec-open': props.onOpen,
    'vlm2vec-progress': props.onProgress,
    'vlm2vec-error': errorHandler(props.onError),
  });
  const attributes = {
    ...attributesOf(props),
    src,
    originals,
    places,
    limit,
    placeholder,
    'ask-above': askAbove,
    browse: flag(browse),
  };
  return createElement('vlm2vec-search', { ...attributes, ref });
}

/** The element `<vlm2vec-rank>` as a component. */
export function VLM2VecRank(props: VLM2VecRankProps): ReactElement {
  const { text, image, choices, readOnly, required, words, modelOptions, children } = props;
  const ref = useElement<RankElement>(props.ref, { words, modelOptions, choices } as Partial<RankElement>, {
    'vlm2vec-results': props.onResults,
    'vlm2vec-progress': props.onProgress,
    'vlm2vec-error': errorHandler(props.onError),
  });
  const attributes = { ...attributesOf(props), text, image, readonly: flag(readOnly), required: flag(required) };
  return createElement('vlm2vec-rank', { ...attributes, ref }, children);
}
