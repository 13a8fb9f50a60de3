/**
 * @file What both elements have in common: a shared model that is loaded on demand, a status line, events, and form
 * participation.
 */

import type { VLM2Vec } from '../embedder';
import type { ProgressEvent } from '../runtime';
import { make } from './dom';
import { holdModel, type SharedLoadOptions, type SharedModel } from './shared-model';
import { applyStyle } from './style';

/** Without a page (in server-side rendering) the classes exist but do nothing. */
export const PageElement = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** The base class of {@link VLM2VecRank} and {@link VLM2VecSearch}. */
export abstract class ModelElement extends PageElement {
  /** The element participates in forms. */
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

  /** The model to load, in a form that `VLM2Vec.load` accepts; see the element for its default. */
  get model(): string {
    return this.getAttribute('model') ?? '';
  }
  set model(value: string) {
    this.reflect('model', value);
  }

  /** Further options of `VLM2Vec.load`. Set them before the model is needed. @default `{ vision: 'later' }` */
  get modelOptions(): SharedLoadOptions {
    return this.#options;
  }
  set modelOptions(options: SharedLoadOptions) {
    this.#options = options ?? {};
  }

  /** Name of the element in a form. */
  get name(): string {
    return this.getAttribute('name') ?? '';
  }
  set name(value: string) {
    this.reflect('name', value);
  }

  /** The value that a form submits; null as long as there is none. */
  get value(): string | null {
    return this.#value;
  }

  /** Whether the element is disabled: nothing can be entered or chosen, and forms omit its value. */
  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }
  set disabled(value: boolean) {
    this.toggleAttribute('disabled', Boolean(value));
  }

  /** The form that the element belongs to. */
  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  /**
   * Sets an attribute. Frameworks take a property back by setting it to undefined or null.
   * @internal
   */
  protected reflect(name: string, value: string | number | null | undefined): void {
    if (value === null || value === undefined) this.removeAttribute(name);
    else this.setAttribute(name, String(value));
  }

  /**
   * Applies properties that were set before the element was defined, since they would otherwise hide its accessors.
   * @internal
   */
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

  /**
   * Loads the model, or returns it if it is loaded: once for all elements in the page that name the same model.
   * @internal
   */
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

  /** Shows an error and dispatches an event for it; an abort is not an error. @internal */
  protected fail(error: unknown): void {
    if ((error as Error | null)?.name === 'AbortError' || (error as Error | null)?.name === 'DisposedError') return;
    this.progressBar.hidden = true;
    this.say(error instanceof Error ? error.message : String(error), true);
    this.tell('vlm2vec-error', { error });
  }

  /** Dispatches an event. @returns whether the default action may follow, since no listener prevented it @internal */
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
