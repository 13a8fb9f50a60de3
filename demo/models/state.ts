/** @file The state of the models page: the contents of the form, the cost, what is in progress, what is stored. */
import { computed, signal } from '@preact/signals';
import {
  models,
  type Estimate,
  type Effort,
  type EstimateOptions,
  type ModelSource,
  type StoredModel,
  type WeightDtype,
} from '../../src/index';
import { parseRepository } from '../../src/checkpoint/repository-name';
import { listPhotoIndexes, type StoredPhotoIndex } from '../../src/search';
import { addressOf, focusNext, latest, mayReach, startModelWorker, titleOf } from '../shell';
import { modelsStrings as strings } from '../strings/models';
import { Measuring } from '../cards/measuring';
import { holds, type PickedFolder } from './folder';
import { Jobs } from './jobs';
import { leaveFor, pageFor, type Errand } from './reach';

export type Kind = keyof typeof strings.kinds;

/** The contents of the form. */
export interface Wish {
  title: string;
  source: ModelSource;
  options: Pick<EstimateOptions, 'dtype' | 'effort' | 'base' | 'hubUrl' | 'accessToken'>;
  fromDisk: boolean;
  /** What is read over the network first; null if nothing has to be. */
  from: URL | null;
  /** The same for another page, should this one not reach it. */
  errand: Errand;
}

export interface Cost {
  wish: Wish;
  estimate: Estimate;
}

const IN_REPO = /^[\w.-]+(\/[\w.-]+){2,}(@[\w./-]+)?$/;

export class ModelsState {
  readonly kind = signal<Kind>('hub');
  readonly dtype = signal<WeightDtype>('q4');
  /** For conversions to q4. */
  readonly effort = signal<Effort>('fast');
  readonly repo = signal('');
  /** Kept only here. */
  readonly token = signal('');
  readonly url = signal('');
  readonly folder = signal<PickedFolder | null>(null);
  readonly base = signal<PickedFolder | null>(null);

  readonly isLooking = signal(false);
  /** The host that is contacted; null if nothing is read over the network. */
  readonly lookingAt = signal<string | null>(null);
  #stop = new AbortController();
  readonly cost = signal<Cost | null>(null);
  readonly error = signal<unknown>(null);
  /** A way to resolve the error. */
  readonly way = signal<{ label: string; run: () => void } | null>(null);

  /** null until it is known. */
  readonly stored = signal<StoredModel[] | null>(null);
  /** Bytes; null if the browser does not report it. */
  readonly free = signal<number | null>(null);
  /** Indexes of the search page, one for each model. */
  readonly indexes = signal<StoredPhotoIndex[]>([]);
  readonly measuring = new Measuring();
  /** The model that was added last: the one to continue with. */
  readonly newest = signal<string | null>(null);

  readonly jobs = new Jobs(
    {
      add: (source, options) => models.add(source, { ...options, worker: startModelWorker }),
      delete: (name) => models.delete(name),
    },
    (name, outcome) => {
      if (outcome === 'done') this.newest.value = name;
      void this.refresh();
    },
  );
  /** Whether this page may talk to the Hub. */
  readonly reachesHub: boolean;
  /** If the form names something that this page may not reach, the name of the note to show; else null. */
  readonly opensAnew = computed(() => {
    const kind = this.kind.value;
    if (kind === 'hub') return this.reachesHub ? null : kind;
    const text = this.url.value.trim();
    return kind === 'url' && URL.canParse(text, document.baseURI) && !mayReach(new URL(text, document.baseURI))
      ? kind
      : null;
  });
  readonly #hub: readonly string[];
  readonly #hubUrl: URL;

  /** @param hub the Hub, or a mirror of it, then the hosts of its files, as policies name them */
  constructor(hub: readonly string[]) {
    this.#hub = hub;
    this.#hubUrl = new URL(hub[0]!);
    this.reachesHub = mayReach(this.#hubUrl);
  }

  /** Puts a repository into the form, and the focus on what comes next. */
  fill({ repo, dtype }: { repo: string; dtype: WeightDtype }): void {
    this.kind.value = 'hub';
    this.repo.value = repo;
    this.dtype.value = dtype;
    this.cost.value = null;
    focusNext(() => document.getElementById('look'));
  }

  /** Continues with what the previous page was asked to do. */
  take(errand: Errand): void {
    if (errand.kind === 'resume') {
      const model = this.stored.value?.find(({ name }) => name === errand.name);
      if (model) this.resume(model, true);
      return;
    }
    this.kind.value = errand.kind;
    if (errand.kind === 'url') this.url.value = errand.url;
    else {
      this.dtype.value = errand.dtype;
      this.effort.value = errand.effort;
    }
    if (errand.kind === 'hub') this.repo.value = errand.repo;
    if (errand.kind !== 'folder') void this.look(true);
  }

  /** @param arrived whether this page was opened for it */
  readonly look = latest(
    async (abort, arrived: boolean = false) => {
      this.#stop = new AbortController();
      this.lookingAt.value = null;
      this.clear();
      const wish = this.#wish();
      if (await this.#lacksBase()) {
        this.error.value = new Error(strings.errors.baseOnHub);
        this.way.value = { label: strings.openHub, run: () => this.#openHub() };
        this.isLooking.value = false;
        return;
      }
      this.isLooking.value = true;
      if (wish.from && !mayReach(wish.from)) return this.#leaveFor(wish.from, wish.errand, arrived);
      if (wish.from && !navigator.onLine && !isLocal(wish.from))
        throw new Error(strings.errors.offline(wish.from.host));
      this.lookingAt.value = wish.from?.host ?? null;
      const signal = AbortSignal.any([abort, this.#stop.signal]);
      const estimate = await models.estimate(wish.source, { ...wish.options, store: true, signal });
      signal.throwIfAborted();
      this.isLooking.value = false;
      this.cost.value = { wish, estimate };
    },
    (error) => {
      this.isLooking.value = false;
      if (!this.#stop.signal.aborted) this.error.value = error;
    },
  );

  /** Stops asking. */
  stopLooking(): void {
    this.#stop.abort();
    this.isLooking.value = false;
  }

  /** Downloads the model whose cost was shown. */
  confirm(): void {
    const { wish, estimate } = this.cost.value!;
    this.cost.value = null;
    const { title, source, options } = wish;
    if (estimate.name !== null) this.jobs.add({ name: estimate.name, title, source, options });
    void this.refresh();
  }

  /** Continues an unfinished model, which knows where it came from. */
  resume(model: StoredModel, arrived = false): void {
    const { name, origin } = model;
    this.clear();
    try {
      const from =
        origin?.kind === 'hub' ? addressOf(origin.hubUrl) : origin?.kind === 'url' ? addressOf(origin.url) : null;
      if (from && !mayReach(from)) return this.#leaveFor(from, { kind: 'resume', name }, arrived);
    } catch (error) {
      this.error.value = error;
      return;
    }
    this.jobs.add({ name, title: titleOf(model), source: { name }, options: this.#access() });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    try {
      const [list, indexes, { usage, quota }] = await Promise.all([
        models.list(),
        listPhotoIndexes(),
        (navigator.storage?.estimate?.() ?? Promise.resolve({})) as Promise<StorageEstimate>,
      ]);
      // Merely opening the search page creates an empty one.
      this.indexes.value = indexes.filter(({ pictures, problems }) => pictures + problems > 0);
      this.stored.value = list.filter(({ name, state }) => state !== 'unfinished' || !this.jobs.has(name));
      this.free.value = usage === undefined || quota === undefined ? null : Math.max(0, quota - usage);
    } catch (error) {
      this.error.value = error;
    }
  }

  /** A dropped folder fills the field that is still empty. */
  takeFolder(folder: PickedFolder): void {
    const place = this.kind.value === 'folder' && this.folder.value ? this.base : this.folder;
    this.kind.value = 'folder';
    place.value = folder;
    this.cost.value = null;
  }

  /** Clears errors and questions. */
  clear(): void {
    this.error.value = null;
    this.way.value = null;
    this.cost.value = null;
  }

  /** Opens the page that reaches a site. @throws with a message to display if that is impossible */
  #leaveFor(site: URL, errand: Errand, arrived: boolean): void {
    const page = pageFor(site, this.#hub);
    if (page === null) return;
    if (arrived) throw new Error(strings.errors.noWay(site.host));
    if (this.jobs.isBusy()) throw new Error(strings.errors.busy(site.host));
    try {
      leaveFor(page, site, errand);
    } catch (cause) {
      throw new Error(strings.errors.noWay(site.host), { cause });
    }
  }

  /** An adapter from this device whose base model would have to come from the Hub, which this page does not reach. */
  async #lacksBase(): Promise<boolean> {
    const folder = this.kind.value === 'folder' && !this.base.value ? this.folder.value : null;
    return folder !== null && !this.reachesHub && holds(folder, 'adapter_config.json');
  }

  #openHub(): void {
    this.clear();
    try {
      this.#leaveFor(this.#hubUrl, { kind: 'folder', dtype: this.dtype.value, effort: this.effort.value }, false);
    } catch (error) {
      this.error.value = error;
    }
  }

  /** @throws with a message to display if something is missing */
  #wish(): Wish {
    const dtype = this.dtype.value;
    const effort = dtype === 'q4' ? this.effort.value : 'fast';
    const { errors } = strings;
    switch (this.kind.value) {
      case 'hub': {
        const repo = this.repo.value.trim() || strings.repoExample;
        if (IN_REPO.test(repo)) throw new Error(errors.subfolder(repo));
        if (!parseRepository(repo)) throw new Error(errors.repo(repo));
        const options = { dtype, effort, hubUrl: this.#hubUrl.href, ...this.#access() };
        return {
          title: repo,
          source: repo,
          options,
          fromDisk: false,
          from: this.#hubUrl,
          errand: { kind: 'hub', repo, dtype, effort },
        };
      }
      case 'url': {
        const text = this.url.value.trim();
        if (!text) throw new Error(errors.noAddress);
        const from = addressOf(text);
        return {
          title: text,
          source: from.href,
          options: {},
          fromDisk: false,
          from,
          errand: { kind: 'url', url: text },
        };
      }
      case 'folder': {
        const folder = this.folder.value;
        if (!folder) throw new Error(errors.noFolder);
        const base = this.base.value ? { base: this.base.value.source } : {};
        const options = { dtype, effort, hubUrl: this.#hubUrl.href, ...this.#access(), ...base };
        return {
          title: folder.name,
          source: folder.source,
          options,
          fromDisk: true,
          from: null,
          errand: { kind: 'folder', dtype, effort },
        };
      }
    }
  }

  #access(): { accessToken?: string } {
    const token = this.token.value.trim();
    return token ? { accessToken: token } : {};
  }
}

/** Available without a network. */
function isLocal({ hostname }: URL): boolean {
  return hostname === location.hostname || hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}
