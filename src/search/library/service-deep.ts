/**
 * @file The deep model's side of the worker: which model is in use, its pass over the library, and what a search needs
 * from it.
 */

import { InvalidInputError } from '../../errors';
import { errorToWire } from '../../remote/error-wire';
import { DeepPass } from '../deep/deep-pass';
import { Elsewhere } from '../deep/elsewhere';
import type { Folders } from '../indexing/folders';
import type { DeepReport, PhotoItem } from '../types';
import type { VectorPart, VectorQuery } from './find';
import { shortlist } from './find-both';
import { slotIn } from './layers';
import type { Committed, Library } from './library';
import type { DeepSettings, PageHooks, WireState } from './protocol';
import type { Opened } from './opened';

export interface ServiceDeepHost {
  /** @throws InvalidInputError while the index is not open */
  opened(): Opened;
  folders: Folders;
  hooks(): PageHooks;
  /** Called when the layer in use has changed. */
  onLayer(): void;
  onCommit(committed: Committed): void;
  onChange(): void;
}

export interface DeepenOptions {
  /** How many of the first pass's best, at most. */
  count: number;
  seconds: number;
  /** The pictures that pass a typed query's filters. */
  only?: (item: PhotoItem) => boolean;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

export class ServiceDeep {
  readonly #host: ServiceDeepHost;
  #settings: DeepSettings | null = null;
  /** Null without a deep model, and if another tab writes. */
  #pass: DeepPass | null = null;
  /** Null while it is being looked for. */
  #elsewhere: Elsewhere | null = null;

  constructor(host: ServiceDeepHost) {
    this.#host = host;
  }

  /** The model in use. */
  get settings(): DeepSettings | null {
    return this.#settings;
  }

  get pass(): DeepPass | null {
    return this.#pass;
  }

  /** @throws InvalidInputError if there is none */
  get running(): DeepPass {
    if (this.#pass) return this.#pass;
    throw new InvalidInputError('The index has no deep model: give it one with useDeep.');
  }

  /** Starts to use a model, or none. If that fails, the previous one stays. */
  async use(settings: DeepSettings | null): Promise<void> {
    const before = this.#settings;
    try {
      await this.attach(settings);
    } catch (error) {
      await this.attach(before).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Called when the index is opened. If that fails, searches use the first pass, and the state says that there is no
   * deep model.
   */
  async resume(settings: DeepSettings | null): Promise<void> {
    if (settings) await this.attach(settings).catch(() => (this.#settings = null));
  }

  async attach(settings: DeepSettings | null): Promise<void> {
    await this.end();
    const { library } = this.#host.opened();
    const begun = await library.attach(settings);
    this.#settings = settings;
    this.#elsewhere = null;
    if (begun) this.#host.onLayer();
    this.begin();
    this.#host.onChange();
    if (settings && library.writable) await this.#findElsewhere(library, settings);
  }

  async #findElsewhere(library: Library, settings: DeepSettings): Promise<void> {
    const { name, place } = library.place;
    const elsewhere = await Elsewhere.open({ name, place, modelId: settings.modelId, dims: settings.dims });
    if (this.#settings !== settings) return;
    this.#elsewhere = elsewhere;
    this.#pass?.wake();
  }

  /** The pass for the layer in use, if this tab writes. */
  begin(): void {
    const { library, attempts, indexer } = this.#host.opened();
    const { folders, onCommit, onChange } = this.#host;
    if (!this.#settings || !attempts || !indexer) return;
    const hooks = this.#host.hooks();
    this.#pass = new DeepPass({
      ...this.#settings,
      library,
      attempts,
      elsewhere: () => this.#elsewhere,
      embed: (inputs, wanted) => hooks.embedDeep([...inputs], wanted),
      abort: () => void hooks.abortDeep(),
      file: (row) => folders.file(row, library.catalog),
      isReady: (folderId) => folders.isReady(folderId),
      isFirstRunning: () => indexer.isRunning,
      onCommit,
      onChange,
    });
  }

  async end(): Promise<void> {
    const pass = this.#pass;
    this.#pass = null;
    await pass?.close();
  }

  /**
   * Embeds the first pass's best, and the pictures in the query.
   * @returns what was done, and whether the model now knows all pictures of the query
   */
  async deepen(
    query: VectorQuery,
    { count, only, ...options }: DeepenOptions,
  ): Promise<DeepReport & { knowsQuery: boolean }> {
    const { catalog } = this.#host.opened().library;
    const { best, lacking } = shortlist(catalog, query, count, only);
    const parts = [...query.include, ...query.exclude].flatMap((part: VectorPart) => ('id' in part ? [part.id] : []));
    const isKnown = (id: number) => slotIn(catalog.picture(id) ?? {}, catalog.deep!.key) !== undefined;
    const wanted = [...new Set([...parts.filter((id) => !isKnown(id)), ...lacking])];
    this.#pass?.matched(best);
    const nothing = { wanted: wanted.length, embedded: 0, left: wanted.length };
    const report = (await this.#pass?.want(wanted, options)) ?? nothing;
    return { ...report, knowsQuery: parts.every(isKnown) };
  }

  describe(): WireState['deep'] {
    const { catalog } = this.#host.opened().library;
    if (!this.#settings || !catalog.deep) return null;
    const { modelId, modelName } = this.#settings;
    const counts = { done: catalog.deepDone, total: catalog.pictures, failed: catalog.deepFailed, unreadable: 0 };
    const state = this.#pass?.describe();
    if (!state) return { modelId, modelName, phase: 'idle', ...counts, rate: null, secondsLeft: null, error: null };
    return { ...state, error: state.error && errorToWire(state.error) };
  }
}
