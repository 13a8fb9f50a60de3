/** @file The page of models as data: what the form asks for, what that costs, what is under way, what is kept. */
import { signal } from '@preact/signals';
import { models, type Estimate, type EstimateOptions, type ModelSource, type StoredModel, type WeightDtype } from '../../src/index';
import { latest, startModelWorker, titleOf } from '../shell';
import { allowedUrl } from '../shell/hosts';
import { modelsStrings as strings } from '../strings/models';
import type { PickedFolder } from './folder';
import { Jobs } from './jobs';

export type Kind = keyof typeof strings.kinds;

/** What the form asks for. */
export interface Wish {
  title: string;
  source: ModelSource;
  options: Pick<EstimateOptions, 'dtype' | 'base' | 'hubUrl' | 'accessToken'>;
  fromDisk: boolean;
}

export interface Cost {
  wish: Wish;
  estimate: Estimate;
}

const REPO = /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/;
const IN_REPO = /^[\w.-]+(\/[\w.-]+){2,}(@[\w./-]+)?$/;

export class ModelsState {
  readonly kind = signal<Kind>('hub');
  readonly dtype = signal<WeightDtype>('q4');
  readonly repo = signal('');
  /** Kept here only. */
  readonly token = signal('');
  readonly url = signal('');
  readonly folder = signal<PickedFolder | null>(null);
  readonly base = signal<PickedFolder | null>(null);

  readonly isLooking = signal(false);
  readonly cost = signal<Cost | null>(null);
  readonly error = signal<unknown>(null);

  /** null until it is known. */
  readonly stored = signal<StoredModel[] | null>(null);
  /** Bytes; null where the browser does not tell. */
  readonly free = signal<number | null>(null);
  /** The model that came last: the one to go on with. */
  readonly newest = signal<string | null>(null);

  readonly jobs = new Jobs(
    { add: (source, options) => models.add(source, { ...options, worker: startModelWorker }), delete: (name) => models.delete(name) },
    (name, outcome) => {
      if (outcome === 'done') this.newest.value = name;
      void this.refresh();
    },
  );
  readonly #hubUrl: string;

  /** @param hubUrl the Hub, or a mirror of it that the page names */
  constructor(hubUrl: string) {
    this.#hubUrl = hubUrl;
  }

  readonly look = latest(
    async (abort) => {
      this.error.value = null;
      this.cost.value = null;
      const wish = this.#wish();
      this.isLooking.value = true;
      const estimate = await models.estimate(wish.source, { ...wish.options, store: true, signal: abort });
      abort.throwIfAborted();
      this.isLooking.value = false;
      this.cost.value = { wish, estimate };
    },
    (error) => {
      this.isLooking.value = false;
      this.error.value = error;
    },
  );

  /** Gets what the cost was told of. */
  confirm(): void {
    const { wish, estimate } = this.cost.value!;
    this.cost.value = null;
    const { title, source, options } = wish;
    if (estimate.name !== null) this.jobs.add({ name: estimate.name, title, source, options });
    void this.refresh();
  }

  /** Goes on with an unfinished model, which knows where it came from. */
  resume(model: StoredModel): void {
    const { name, origin } = model;
    this.error.value = null;
    try {
      if (origin?.kind === 'hub') allowedUrl(origin.hubUrl);
      if (origin?.kind === 'url') allowedUrl(origin.url);
    } catch (error) {
      this.error.value = error;
      return;
    }
    this.jobs.add({ name, title: titleOf(model), source: { name }, options: this.#access() });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    try {
      const [list, { usage, quota }] = await Promise.all([
        models.list(),
        (navigator.storage?.estimate?.() ?? Promise.resolve({})) as Promise<StorageEstimate>,
      ]);
      this.stored.value = list.filter(({ name, state }) => state !== 'unfinished' || !this.jobs.has(name));
      this.free.value = usage === undefined || quota === undefined ? null : Math.max(0, quota - usage);
    } catch (error) {
      this.error.value = error;
    }
  }

  /** A folder that was dropped goes where one is missing. */
  takeFolder(folder: PickedFolder): void {
    const place = this.kind.value === 'folder' && this.folder.value ? this.base : this.folder;
    this.kind.value = 'folder';
    place.value = folder;
    this.cost.value = null;
  }

  /** @throws in words where something is missing */
  #wish(): Wish {
    const dtype = this.dtype.value;
    const { errors } = strings;
    switch (this.kind.value) {
      case 'hub': {
        const repo = this.repo.value.trim() || strings.repoExample;
        if (IN_REPO.test(repo)) throw new Error(errors.subfolder(repo));
        if (!REPO.test(repo)) throw new Error(errors.repo(repo));
        return { title: repo, source: repo, options: { dtype, ...this.#hub() }, fromDisk: false };
      }
      case 'url': {
        const text = this.url.value.trim();
        if (!text) throw new Error(errors.noAddress);
        return { title: text, source: allowedUrl(text).href, options: {}, fromDisk: false };
      }
      case 'folder': {
        const folder = this.folder.value;
        if (!folder) throw new Error(errors.noFolder);
        const base = this.base.value ? { base: this.base.value.source } : {};
        return { title: folder.name, source: folder.source, options: { dtype, ...this.#hub(), ...base }, fromDisk: true };
      }
    }
  }

  #hub() {
    return { hubUrl: allowedUrl(this.#hubUrl).href, ...this.#access() };
  }

  #access(): { accessToken?: string } {
    const token = this.token.value.trim();
    return token ? { accessToken: token } : {};
  }
}
