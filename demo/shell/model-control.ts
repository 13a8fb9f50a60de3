/**
 * @file The model that a page works with: which one was chosen, the progress of loading, and errors. Of loads
 * that supersede each other only the newest counts.
 */
import { computed, signal } from '@preact/signals';
import {
  models,
  VLM2Vec,
  type ModelInfo,
  type ModelSource,
  type OnProgress,
  type ProgressEvent,
} from '../../src/index';
import { shellStrings } from '../strings/shell';
import { latest } from './latest';
import { titleOf } from './words';
import { startModelWorker } from './worker';

const strings = shellStrings.model;

export type DeviceWish = 'auto' | 'webgpu' | 'wasm';

export type ModelChoice =
  | { kind: 'nano' }
  | { kind: 'url'; url: string }
  | { kind: 'stored'; name: string; title: string }
  | { kind: 'folder'; name: string; files: File[] };

/** How long each phase of loading took, in milliseconds. */
export type LoadTimes = Record<string, number>;

export type LoadState =
  | { kind: 'none' }
  | { kind: 'loading'; progress: ProgressEvent | null }
  | { kind: 'ready'; info: ModelInfo; times: LoadTimes }
  | { kind: 'failed'; error: unknown };

export function nameOf(choice: ModelChoice): string {
  if (choice.kind === 'nano') return 'nano';
  if (choice.kind === 'url') return choice.url;
  return choice.kind === 'folder' ? choice.name : choice.title;
}

export class ModelControl {
  readonly choice = signal<ModelChoice>({ kind: 'nano' });
  readonly device = signal<DeviceWish>('auto');
  readonly state = signal<LoadState>({ kind: 'none' });
  /** The loaded model. */
  readonly model = signal<VLM2Vec | null>(null);
  /** The models stored in this browser that are ready. */
  readonly stored = signal<{ name: string; title: string; repo: string | null }[]>([]);
  readonly isLoading = computed(() => this.state.value.kind === 'loading');

  /**
   * Loads the model that the page's address names: `?model=models/my-bundle/&device=wasm`, `?stored=name`, else nano.
   * A requested model that is missing is not replaced by another.
   */
  async start(wishes: URLSearchParams): Promise<void> {
    const device = wishes.get('device');
    if (device === 'webgpu' || device === 'wasm') this.device.value = device;
    const url = wishes.get('model');
    const wished = wishes.get('stored');
    if (wished === null) void this.load(url && url !== 'nano' ? { kind: 'url', url } : { kind: 'nano' });
    else this.state.value = { kind: 'loading', progress: null };
    try {
      await this.refreshStored();
    } catch (error) {
      if (wished !== null) this.state.value = { kind: 'failed', error };
    }
    if (wished === null) return;
    const found = this.stored.value.find(({ name }) => name === wished);
    if (found) return this.load({ kind: 'stored', ...found });
    this.choice.value = { kind: 'stored', name: wished, title: wished };
    this.state.value = { kind: 'failed', error: new Error(strings.gone(wished)) };
  }

  async refreshStored(): Promise<void> {
    const ready = (await models.list()).filter(({ state }) => state === 'ready');
    this.stored.value = ready.map((model) => ({
      name: model.name,
      title: [titleOf(model), model.dtype].filter(Boolean).join(', '),
      repo:
        model.origin?.kind === 'hub' ? model.origin.repo : (model.source?.adapter?.id ?? model.source?.base.id ?? null),
    }));
  }

  /** Loads a choice, in place of the current one. */
  async load(choice: ModelChoice): Promise<void> {
    this.choice.value = choice;
    await this.#load(choice, this.device.value);
  }

  /** The same model on another device. */
  async loadOn(device: DeviceWish): Promise<void> {
    this.device.value = device;
    await this.load(this.choice.value);
  }

  /** Loads the same model again, after its worker died. */
  reload(): Promise<void> {
    return this.load(this.choice.value);
  }

  /** Has no model from now on; one that is being loaded is dropped. */
  unload(): Promise<void> {
    return this.#load(null, this.device.value);
  }

  readonly #load = latest(
    async (signal, choice: ModelChoice | null, device: DeviceWish) => {
      const before = this.model.value;
      this.model.value = null;
      this.state.value = choice ? { kind: 'loading', progress: null } : { kind: 'none' };
      await before?.dispose();
      signal.throwIfAborted();
      if (!choice) return;
      const clock = phaseClock();
      const onProgress: OnProgress = (progress) => {
        clock.see(progress.phase);
        // While loading, the sum over all files is shown, since single files would make the bar jump.
        if (signal.aborted || (progress.phase === 'load' && progress.status === 'progress')) return;
        this.state.value = { kind: 'loading', progress };
      };
      const model = await VLM2Vec.load(sourceOf(choice), { device, signal, onProgress, worker: startModelWorker });
      if (signal.aborted) {
        await model.dispose();
        signal.throwIfAborted();
      }
      this.state.value = { kind: 'ready', info: model.info, times: clock.stop() };
      this.model.value = model;
    },
    (error) => (this.state.value = { kind: 'failed', error }),
  );
}

/** Adds up the time that each phase was the current one. */
function phaseClock() {
  const times: LoadTimes = {};
  let phase = 'start';
  let since = performance.now();
  const see = (next: string) => {
    const now = performance.now();
    times[phase] = (times[phase] ?? 0) + now - since;
    [phase, since] = [next, now];
  };
  return {
    see,
    stop: () => {
      see('done');
      return times;
    },
  };
}

/** The arguments for `load`. Only this site can be read: the page's content security policy enforces that. */
export function sourceOf(choice: ModelChoice): ModelSource {
  if (choice.kind === 'nano') return 'nano';
  if (choice.kind === 'folder') return choice.files;
  if (choice.kind === 'stored') return { name: choice.name };
  if (!URL.canParse(choice.url, document.baseURI)) throw new Error(strings.noAddress(choice.url));
  const url = new URL(choice.url, document.baseURI);
  if (url.origin !== location.origin) throw new Error(strings.otherSite(url.origin));
  return url.href;
}
