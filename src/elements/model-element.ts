/** @file What both elements have in common: a model that is shared and loaded late, a line of state, events, and a place in forms. */

import type { VLM2Vec } from '../embedder';
import type { ProgressEvent } from '../runtime';
import { make } from './dom';
import { holdModel, type SharedLoadOptions, type SharedModel } from './shared-model';
import { applyStyle } from './style';

/** Where there is no page (a server that renders) the classes exist and do nothing. */
export const PageElement = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** A base of {@link VLM2VecRank} and {@link VLM2VecSearch}. */
export abstract class ModelElement extends PageElement {
  /** Takes part in forms. */
  static formAssociated = true;
  #held: SharedModel | null = null;
  #heldFor = '';
  #options: SharedLoadOptions = {};
  #value: string | null = null;
  /** @internal */
  protected readonly root!: ShadowRoot;
  /** @internal */
  protected readonly internals!: ElementInternals;
  /** @internal */
  protected readonly statusLine!: HTMLElement;
  /** @internal */
  protected readonly progressBar!: HTMLProgressElement;

  constructor() {
    super();
    if (!globalThis.HTMLElement) return;
    this.root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    this.internals = this.attachInternals();
    applyStyle(this.root);
    this.statusLine = make('p', { className: 'status', part: 'status', attributes: { role: 'status' } });
    this.progressBar = make('progress', { part: 'progress', hidden: true });
  }

  /** The model, as `VLM2Vec.load` takes it; see the element for its default. */
  get model(): string {
    return this.getAttribute('model') ?? '';
  }
  set model(value: string) {
    this.setAttribute('model', value);
  }

  /** Further options of `VLM2Vec.load`. Set them before the model is needed. @default `{ vision: 'later' }` */
  get modelOptions(): SharedLoadOptions {
    return this.#options;
  }
  set modelOptions(options: SharedLoadOptions) {
    this.#options = options;
  }

  /** In forms. */
  get name(): string {
    return this.getAttribute('name') ?? '';
  }
  set name(value: string) {
    this.setAttribute('name', value);
  }

  /** What a form sends; null before there is anything. */
  get value(): string | null {
    return this.#value;
  }

  /** Nothing can be asked or chosen, and a form leaves it out. */
  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }
  set disabled(value: boolean) {
    this.toggleAttribute('disabled', value);
  }

  /** The form that it is in. */
  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  /** Properties that were set before the element was defined would hide what is to hear of them. @internal */
  protected adopt(names: readonly (keyof this & string)[]): void {
    for (const name of names) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  /** @internal */
  disconnectedCallback(): void {
    this.releaseModel();
  }

  /** @internal */
  formDisabledCallback(disabled: boolean): void {
    for (const control of this.root.querySelectorAll<HTMLInputElement>('input, button')) control.disabled = disabled;
  }

  /** @internal */
  formResetCallback(): void {
    this.setValue(null);
  }

  /** @internal */
  protected setValue(value: string | null): void {
    this.#value = value;
    this.internals.setFormValue(value);
  }

  /** @internal */
  protected sourceOfModel(): string {
    return this.model || 'nano';
  }

  /** Loads it, or gives what is loaded: once for all elements of the page that name the same one. @internal */
  protected async loadedModel(): Promise<VLM2Vec> {
    const source = this.sourceOfModel();
    const options: SharedLoadOptions = { vision: 'later', ...this.#options };
    if (!this.#held || this.#heldFor !== source) {
      this.releaseModel();
      this.#heldFor = source;
      this.#held = holdModel(source, options, (event) => this.#progress(event));
    }
    const held = this.#held;
    try {
      return await held.model;
    } catch (error) {
      if (this.#held === held) this.releaseModel();
      throw error;
    } finally {
      this.progressBar.hidden = true;
    }
  }

  /** @internal */
  protected releaseModel(): void {
    this.#held?.release();
    this.#held = null;
  }

  /** @internal */
  protected say(text: string, isError = false): void {
    this.statusLine.textContent = text;
    this.statusLine.classList.toggle('error', isError);
  }

  /** Shows an error and tells the page; what was only aborted is none. @internal */
  protected fail(error: unknown): void {
    if ((error as Error | null)?.name === 'AbortError' || (error as Error | null)?.name === 'DisposedError') return;
    this.progressBar.hidden = true;
    this.say(error instanceof Error ? error.message : String(error), true);
    this.tell('vlm2vec-error', { error });
  }

  /** @returns whether nobody prevented what follows @internal */
  protected tell(name: string, detail: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
  }

  #progress(event: ProgressEvent): void {
    const { loaded, total } = event as { loaded?: number; total?: number };
    this.progressBar.hidden = false;
    if (loaded !== undefined && total) {
      this.progressBar.max = total;
      this.progressBar.value = loaded;
    } else this.progressBar.removeAttribute('value');
    this.tell('vlm2vec-progress', event);
  }
}
