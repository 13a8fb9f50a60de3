/** @file The elements as React components, and a hook that holds a model for as long as a component is there. */

'use client';

import {
  createElement,
  useCallback,
  useEffect,
  useRef,
  useState,
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
import type { RankWords, SearchWords } from './words';

/** What {@link useVLM2Vec} gives. */
export interface HeldModel {
  /** Null until it is loaded. It is shared, and disposed of for you: do not. */
  model: VLM2Vec | null;
  /** `idle`: no source was given. */
  status: 'idle' | 'loading' | 'ready' | 'failed';
  /** The last event of loading. */
  progress: ProgressEvent | null;
  /** Why it failed. */
  error: Error | null;
  /** Aborted when the component goes, for calls of the model: `model.rank(query, texts, { signal })`. */
  signal: AbortSignal | undefined;
  /** Tries again what failed. */
  retry: () => void;
}

type State = Omit<HeldModel, 'retry'>;
const IDLE: State = { model: null, status: 'idle', progress: null, error: null, signal: undefined };

/**
 * Loads a model, once for all components and elements of the page that name the same one, and lets go of it when the component goes;
 * a second mount (strict mode) loads nothing anew.
 * @param source null: nothing yet
 * @param options of `VLM2Vec.load`; plain data is compared by what is in it
 */
export function useVLM2Vec(source: ModelSource | null, options: SharedLoadOptions = {}): HeldModel {
  const [state, setState] = useState<State>(IDLE);
  const [tries, setTries] = useState(0);
  const given = useRef({ source, options });
  given.current = { source, options };
  // Objects written in place are new ones with each rendering.
  const key = JSON.stringify([source, options]);
  useEffect(() => {
    const { source: wanted, options: settings } = given.current;
    if (wanted === null) return setState(IDLE);
    const life = new AbortController();
    const { signal } = life;
    const update = (change: Partial<State>) => {
      if (!signal.aborted) setState((before) => ({ ...before, ...change }));
    };
    setState({ ...IDLE, status: 'loading', signal });
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
  return { ...state, retry: useCallback(() => setTries((count) => count + 1), []) };
}

/** Of both components. */
export interface ElementProps {
  /** As `VLM2Vec.load` takes it. */
  model?: string;
  /** Further options of `VLM2Vec.load`. */
  modelOptions?: SharedLoadOptions;
  /** In forms. */
  name?: string;
  /** Of the box. */
  label?: string;
  /** Nothing can be asked or chosen. */
  disabled?: boolean;
  /** Of the element. */
  className?: string;
  /** Of the element. */
  id?: string;
  /** While a model is loaded. */
  onProgress?: (event: ProgressEvent) => void;
  /** What went wrong; the element shows it too. */
  onError?: (error: Error) => void;
}

/** Of {@link VLM2VecSearch}. */
export interface VLM2VecSearchProps extends ElementProps {
  /** Address of the index's folder. */
  src: string;
  /** Address of the folder of originals. */
  originals?: string;
  /** Results at first. */
  limit?: number;
  /** Shows the newest pictures before anything is looked for. */
  browse?: boolean;
  /** Megabytes that are downloaded without asking. */
  askAbove?: number;
  /** Of the box. */
  placeholder?: string;
  /** What it says. */
  words?: Partial<SearchWords>;
  /** The index is open. */
  onReady?: (info: SearchReadyDetail) => void;
  /** A search is done. */
  onResults?: (found: SearchResultsDetail) => void;
  /** A picture was chosen. Return false to prevent what the browser does with a link. */
  onOpen?: (opened: OpenDetail) => void | false;
  /** The element itself. */
  ref?: Ref<SearchElement>;
}

/** Of {@link VLM2VecRank}. */
export interface VLM2VecRankProps extends ElementProps {
  /** Words to compare with. */
  text?: string;
  /** Address of a picture to compare with. */
  image?: string;
  /** What to choose from. */
  choices?: readonly Choice[];
  /** No box is shown. */
  readOnly?: boolean;
  /** A form is not sent before there is a ranking. */
  required?: boolean;
  /** What it says. */
  words?: Partial<RankWords>;
  /** A ranking is done. */
  onResults?: (found: RankResultsDetail) => void;
  /** The choices, where `choices` has none. */
  children?: ReactNode;
  /** The element itself. */
  ref?: Ref<RankElement>;
}

type Handlers = Record<string, ((detail: never) => unknown) | undefined>;

/**
 * The element with its properties and events. React 18 sets attributes alone, and knows no events but its own.
 * @returns the ref to give it
 */
function useElement<T extends HTMLElement>(
  ref: Ref<T> | undefined,
  properties: Partial<T>,
  handlers: Handlers,
): (element: T | null) => void {
  const latest = useRef({ ref, handlers });
  latest.current = { ref, handlers };
  const own = useRef<T | null>(null);
  const leave = useRef<() => void>(undefined);
  useEffect(() => {
    for (const [name, value] of Object.entries(properties)) {
      if (value !== undefined && own.current) Object.assign(own.current, { [name]: value });
    }
  });
  return useCallback((element: T | null) => {
    leave.current?.();
    own.current = element;
    const { ref: outer, handlers: named } = latest.current;
    if (typeof outer === 'function') outer(element);
    else if (outer) outer.current = element;
    if (!element) return;
    const life = new AbortController();
    leave.current = () => life.abort();
    for (const name of Object.keys(named)) {
      const hear = (event: Event) => {
        const { detail } = event as CustomEvent<never>;
        if (latest.current.handlers[name]?.(detail) === false) event.preventDefault();
      };
      element.addEventListener(name, hear, { signal: life.signal });
    }
  }, []);
}

const attributesOf = ({ model, name, label, disabled, className, id }: ElementProps) => ({
  ...{ model, name, label, class: className, id },
  disabled: flag(disabled),
});
const flag = (on: boolean | undefined) => (on ? '' : undefined);
const errorHandler = (handle: ElementProps['onError']) => handle && (({ error }: { error: Error }) => handle(error));

/** `<vlm2vec-search>`. */
export function VLM2VecSearch(props: VLM2VecSearchProps): ReactElement {
  const { src, originals, limit, browse, askAbove, placeholder, words, modelOptions } = props;
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
    limit,
    placeholder,
    'ask-above': askAbove,
    browse: flag(browse),
  };
  return createElement('vlm2vec-search', { ...attributes, ref });
}

/** `<vlm2vec-rank>`. */
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
