/** @file The elements as Vue components, and a composable that holds a model as long as its scope exists. */

import {
  defineComponent,
  h,
  onScopeDispose,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type PropType,
  type ShallowRef,
} from 'vue';
import type { VLM2Vec } from '../embedder';
import type { ProgressEvent } from '../runtime';
import type { ModelSource } from '../sources/spec';
import './index';
import type { Choice } from './rank-element';
import { holdModel, type SharedLoadOptions } from './shared-model';
import { contentKey } from './same-content';
import type { RankWords, SearchWords } from './words';

/** The result of {@link useVLM2Vec}. */
export interface HeldModel {
  /** The model; null until it is loaded. It is shared and disposed of automatically: do not dispose of it yourself. */
  model: Readonly<ShallowRef<VLM2Vec | null>>;
  /** `idle`: no source was given. */
  status: Readonly<ShallowRef<'idle' | 'loading' | 'ready' | 'failed'>>;
  /** The most recent progress event of loading. */
  progress: Readonly<ShallowRef<ProgressEvent | null>>;
  /** Why loading failed. */
  error: Readonly<ShallowRef<Error | null>>;
  /**
   * Aborted when the scope ends or another model is named; pass it to calls of the model: `model.rank(query, texts, {
   * signal })`.
   */
  signal: Readonly<ShallowRef<AbortSignal | undefined>>;
  /** Tries to load again after a failure. */
  retry: () => void;
}

/**
 * Loads a model, once for all components and elements in the page that name the same one, and releases it when the
 * scope ends. On a server nothing is loaded.
 * @param source the source, or a ref or getter of it; null: load nothing yet
 * @param options options of `VLM2Vec.load`
 */
export function useVLM2Vec(
  source: MaybeRefOrGetter<ModelSource | null>,
  options: MaybeRefOrGetter<SharedLoadOptions> = {},
): HeldModel {
  const model = shallowRef<VLM2Vec | null>(null);
  const status = shallowRef<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const progress = shallowRef<ProgressEvent | null>(null);
  const error = shallowRef<Error | null>(null);
  const signal = shallowRef<AbortSignal>();
  let leave = () => {};
  const load = () => {
    leave();
    const wanted = toValue(source);
    [model.value, progress.value, error.value] = [null, null, null];
    status.value = wanted === null ? 'idle' : 'loading';
    signal.value = undefined;
    // On a server, the page shows what the browser shows at first.
    if (wanted === null || !globalThis.document) return;
    const life = new AbortController();
    const ifHere = (work: () => void) => {
      if (!life.signal.aborted) work();
    };
    signal.value = life.signal;
    const held = holdModel(wanted, toValue(options), (event) => ifHere(() => (progress.value = event)));
    held.model.then(
      (loaded) => ifHere(() => ([model.value, status.value] = [loaded, 'ready'])),
      (reason: Error) => ifHere(() => ([error.value, status.value] = [reason, 'failed'])),
    );
    leave = () => {
      life.abort();
      held.release();
      leave = () => {};
    };
  };
  const key = () => contentKey([toValue(source), toValue(options)], { functions: false });
  watch(key, load, { immediate: true });
  onScopeDispose(() => leave());
  return { model, status, progress, error, signal, retry: load };
}

const COMMON = {
  model: String,
  modelOptions: Object as PropType<SharedLoadOptions>,
  name: String,
  label: String,
  disabled: Boolean,
};

/**
 * The element `<vlm2vec-search>` as a component. Events: `ready`, `results`, `open`, `progress`, `error`, with the
 * element's event.
 */
export const VLM2VecSearch = defineComponent({
  name: 'VLM2VecSearch',
  props: {
    ...COMMON,
    src: { type: String, required: true },
    originals: String,
    places: String,
    limit: Number,
    browse: Boolean,
    askAbove: Number,
    placeholder: String,
    words: Object as PropType<Partial<SearchWords>>,
  },
  emits: ['ready', 'results', 'open', 'progress', 'error'],
  setup: (props, { emit }) => {
    const on = listeners(['ready', 'results', 'open', 'progress', 'error'], emit as Emit);
    return () => {
      const { src, originals, places, limit, browse, askAbove, placeholder, words } = props;
      const attributes = { src, originals, places, limit, placeholder, 'ask-above': askAbove, browse: flag(browse) };
      return h('vlm2vec-search', {
        ...attributesOf({ ...commonOf(props), ...attributes }),
        ...propertiesOf({ words, modelOptions: props.modelOptions }),
        ...on,
      });
    };
  },
});

/**
 * The element `<vlm2vec-rank>` as a component. Events: `results`, `progress`, `error`, with the element's event. The
 * slot holds the choices.
 */
export const VLM2VecRank = defineComponent({
  name: 'VLM2VecRank',
  props: {
    ...COMMON,
    text: String,
    image: String,
    choices: Array as PropType<readonly Choice[]>,
    readOnly: Boolean,
    required: Boolean,
    words: Object as PropType<Partial<RankWords>>,
  },
  emits: ['results', 'progress', 'error'],
  setup: (props, { emit, slots }) => {
    const on = listeners(['results', 'progress', 'error'], emit as Emit);
    return () => {
      const { text, image, choices, readOnly, required, words, modelOptions } = props;
      const attributes = { text, image, readonly: flag(readOnly), required: flag(required) };
      const given = {
        ...attributesOf({ ...commonOf(props), ...attributes }),
        ...propertiesOf({ words, choices, modelOptions }),
        ...on,
      };
      return h('vlm2vec-rank', given, slots.default?.());
    };
  },
});

type Emit = (name: string, event: CustomEvent) => void;
const flag = (on: boolean | undefined) => (on ? '' : undefined);
const commonOf = ({
  model,
  name,
  label,
  disabled,
}: {
  model?: string;
  name?: string;
  label?: string;
  disabled?: boolean;
}) => ({
  ...{ model, name, label },
  disabled: flag(disabled),
});

/**
 * Sets attributes (`^`) and properties (`.`) explicitly, whatever Vue would treat them as; values that are not given
 * are omitted.
 */
const attributesOf = (given: Record<string, unknown>) => prefixed('^', given);
const propertiesOf = (given: Record<string, unknown>) => prefixed('.', given);
function prefixed(sign: '^' | '.', given: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined || sign === '^');
  return Object.fromEntries(entries.map(([name, value]) => [`${sign}${name}`, value ?? null]));
}

function listeners(names: readonly string[], emit: Emit): Record<string, (event: CustomEvent) => void> {
  return Object.fromEntries(names.map((name) => [`onVlm2vec-${name}`, (event) => emit(name, event)]));
}
