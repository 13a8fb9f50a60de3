/** @file The second model of the page: which one was chosen, whether it may work in the background, and the index that uses it. */
import { computed, effect, signal, untracked } from '@preact/signals';
import type { PhotoIndex } from '../../../src/search';
import { ModelControl, type ModelChoice } from '../../shell/model-control';
import { embedderOf } from '../library/embedder';
import type { Library } from '../library/library';

const CHOICE = 'search-deep';
const PAUSED = 'search-deep-paused';

/** `none`, `nano`, or `stored:` and a name. */
export type DeepChoice = 'none' | 'nano' | `stored:${string}`;

export class DeepControl {
  readonly control = new ModelControl();
  readonly choice = signal<DeepChoice>('none');
  /** Whether it is paused. */
  readonly paused = signal(recall(PAUSED) === 'yes');
  /** Why the index did not accept it. */
  readonly error = signal<unknown>(null);
  /** Null until it is loaded. */
  readonly info = computed(() => (this.choice.value === 'none' ? null : (this.control.model.value?.info ?? null)));

  /** Restores the choice of the last visit, if it is still available. */
  async start(library: Library): Promise<void> {
    this.#follow(library);
    await this.control.refreshStored().catch(() => undefined);
    const known = recall(CHOICE) as DeepChoice | null;
    if (known && known !== 'none') await this.choose(known);
  }

  async choose(choice: DeepChoice): Promise<void> {
    const wanted = this.#modelOf(choice);
    this.choice.value = wanted ? choice : 'none';
    this.error.value = null;
    keep(CHOICE, this.choice.value);
    await (wanted ? this.control.load(wanted) : this.control.unload());
  }

  /** Lets it work in the background, or pauses it. */
  async rest(index: PhotoIndex, paused: boolean): Promise<void> {
    this.paused.value = paused;
    keep(PAUSED, paused ? 'yes' : 'no');
    await (paused ? index.pauseDeep() : index.startDeep());
  }

  #modelOf(choice: DeepChoice): ModelChoice | null {
    if (choice === 'nano') return { kind: 'nano' };
    const found = this.control.stored.value.find(({ name }) => choice === `stored:${name}`);
    return found ? { kind: 'stored', ...found } : null;
  }

  /** The open index uses it as soon as it is loaded, and continues without it if it is no longer there. */
  #follow(library: Library): void {
    let used: string | null = null;
    effect(() => {
      const open = library.open.value;
      const info = this.info.value;
      const isSame = info !== null && info.id === open?.modelId;
      const id = open && info && !isSame ? `${open.modelId} ${info.id}` : null;
      if (id === used) return;
      const had = used;
      used = id;
      if (!open) return;
      untracked(() => {
        if (id !== null && info) void this.#use(open.index, info);
        else if (had !== null) void open.index.useDeep(null).catch((error: unknown) => (this.error.value = error));
      });
    });
  }

  async #use(index: PhotoIndex, info: Parameters<typeof embedderOf>[1]): Promise<void> {
    try {
      await index.useDeep({ embedder: embedderOf(this.control, info) });
      if (!this.paused.value && !index.state.readOnly) await index.startDeep();
    } catch (error) {
      if (index.state.deep === null) this.error.value = error;
    }
  }
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it has to be chosen again on the next visit.
  }
}
