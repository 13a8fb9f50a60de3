/** @file `<vlm2vec-rank>`: ranks texts and pictures by how well they fit a text or a picture. */

import type { Ranked } from '../embedder';
import type { InputParts } from '../runtime';
import { make } from './dom';
import { ModelElement } from './model-element';
import { RANK_WORDS, type RankWords } from './words';

/** An item that can be chosen. */
export interface Choice {
  /** The item as a text. */
  text?: string;
  /** The item as a picture: an address or a file. */
  image?: string | Blob;
  /** The value that a form submits. @default the text, or the picture's address */
  value?: string;
  /** The label that is displayed. @default the text, or the value */
  label?: string;
}

/** The `detail` of the event `vlm2vec-results`. */
export interface RankResultsDetail {
  /** The choices, best first. */
  ranking: { choice: Choice; index: number; score: number }[];
}

/**
 * Ranks its children (`<img>` as pictures, others as texts), or {@link choices}, by how well they fit the query.
 * Attributes, events, parts and variables are described in docs/elements.md. In forms its value is that of the best
 * choice.
 */
export class VLM2VecRank extends ModelElement {
  /** @internal */
  static readonly observedAttributes = ['text', 'image', 'label', 'readonly', 'required'];
  #words: RankWords = RANK_WORDS;
  #choices: readonly Choice[] | null = null;
  #file: Blob | null = null;
  #fileUrl: string | null = null;
  #asking = new AbortController();
  readonly #box!: HTMLInputElement;
  readonly #form!: HTMLFormElement;
  readonly #list!: HTMLOListElement;
  readonly #submit!: HTMLButtonElement;
  readonly #picker!: HTMLInputElement;
  readonly #pickerText!: HTMLElement;
  readonly #query!: HTMLElement;
  readonly #picture!: HTMLImageElement;
  readonly #remove!: HTMLButtonElement;

  constructor() {
    super();
    if (!globalThis.HTMLElement) return;
    this.#box = make('input', { type: 'text', part: 'input', autocomplete: 'off' });
    this.#picker = make('input', { type: 'file', accept: 'image/*' });
    this.#pickerText = make('span');
    this.#submit = make('button', { type: 'submit', part: 'button' });
    this.#picture = make('img', { part: 'picture', alt: '' });
    this.#remove = make('button', { type: 'button', part: 'remove' });
    this.#query = make('div', { className: 'query', part: 'query', hidden: true }, this.#picture, this.#remove);
    const file = make('label', { className: 'file', part: 'file' }, this.#picker, this.#pickerText);
    this.#form = make('form', { part: 'form' }, this.#query, this.#box, file, this.#submit);
    this.#list = make('ol', { className: 'ranking', part: 'results' });
    this.root.append(this.#form, this.statusLine, this.progressBar, this.#list);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.rank();
    });
    this.#picker.addEventListener('change', () => this.#take(this.#picker.files?.[0] ?? null));
    this.#remove.addEventListener('click', () => {
      this.#take(null);
      this.removeAttribute('image');
      this.#box.focus();
    });
    this.addEventListener('paste', (event) => this.#onFiles(event, event.clipboardData));
    this.addEventListener('drop', (event) => this.#onFiles(event, event.dataTransfer));
    this.addEventListener('dragover', (event) => event.preventDefault());
    this.#label();
  }

  /** The text to compare with; it is replaced by what the user types. */
  get text(): string {
    return this.#box.value;
  }
  set text(value: string) {
    this.reflect('text', value);
  }

  /** Address of a picture to compare with. */
  get image(): string {
    return this.getAttribute('image') ?? '';
  }
  set image(value: string) {
    this.reflect('image', value);
  }

  /** Whether only the page sets the query, so that no input box is shown. */
  get readOnly(): boolean {
    return this.hasAttribute('readonly');
  }
  set readOnly(value: boolean) {
    this.toggleAttribute('readonly', Boolean(value));
  }

  /** Whether the form cannot be submitted before there is a ranking. */
  get required(): boolean {
    return this.hasAttribute('required');
  }
  set required(value: boolean) {
    this.toggleAttribute('required', Boolean(value));
  }

  /** The choices to rank. @default the element's children */
  get choices(): readonly Choice[] {
    return this.#choices ?? Array.from(this.children, choiceOf);
  }
  set choices(choices: readonly Choice[]) {
    this.#choices = choices;
  }

  /** The element's texts, for other languages; texts that are omitted stay English. */
  get words(): RankWords {
    return this.#words;
  }
  set words(words: Partial<RankWords>) {
    this.#words = { ...RANK_WORDS, ...words };
    this.#label();
  }

  /** @internal */
  connectedCallback(): void {
    this.adopt([
      'text',
      'image',
      'model',
      'modelOptions',
      'choices',
      'words',
      'readOnly',
      'required',
      'name',
      'disabled',
    ]);
    this.#validate();
  }

  /** @internal */
  override disconnectedCallback(): void {
    this.#asking.abort();
    this.#take(null);
    super.disconnectedCallback();
  }

  /** @internal */
  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'text') this.#box.value = now ?? '';
    if (name === 'image') this.#showPicture();
    if (name === 'readonly') this.#form.hidden = now !== null;
    this.#label();
    this.#validate();
  }

  /** @internal */
  override formResetCallback(): void {
    super.formResetCallback();
    this.#box.value = this.getAttribute('text') ?? '';
    this.#take(null);
    this.#list.replaceChildren();
    this.say('');
    this.#validate();
  }

  /**
   * Ranks the choices and shows the ranking. A new call aborts earlier ones.
   * @returns the ranking, best first; null if there is nothing to compare, or if the call was aborted or failed:
   *   `vlm2vec-error` says why
   */
  async rank(): Promise<RankResultsDetail | null> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { choices } = this;
    const image = this.#file ?? this.image;
    const text = this.text.trim();
    if (this.disabled || choices.length === 0 || (!image && text === '')) return null;
    this.say(this.#words.ranking);
    try {
      const model = await this.loadedModel();
      signal.throwIfAborted();
      const query: InputParts = { ...(image && { image }), ...(text && { text }) };
      const ranked: Ranked<InputParts>[] = await model.rank(
        query,
        choices.map((choice) => ({
          ...(choice.image && { image: choice.image }),
          ...(choice.text && { text: choice.text }),
        })),
        { signal },
      );
      const ranking = ranked.map(({ index, score }) => ({ choice: choices[index]!, index, score }));
      this.#show(ranking);
      const detail: RankResultsDetail = { ranking };
      this.tell('vlm2vec-results', detail);
      return detail;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
      return null;
    }
  }

  /** Aborts the ranking in progress. */
  abort(): void {
    this.#asking.abort();
  }

  #show(ranking: RankResultsDetail['ranking']): void {
    const number = new Intl.NumberFormat(this.closest('[lang]')?.getAttribute('lang') || undefined, {
      minimumFractionDigits: 3,
      maximumFractionDigits: 3,
    });
    const lines = ranking.map(({ choice, score }) => {
      const picture =
        typeof choice.image === 'string'
          ? [make('img', { src: choice.image, alt: '', part: 'thumbnail' })]
          : [make('span')];
      const bar = make('span');
      bar.style.inlineSize = `${Math.min(1, Math.max(0, score)) * 100}%`;
      return make(
        'li',
        { part: 'item' },
        ...picture,
        make('span', { part: 'name', textContent: labelOf(choice) }),
        make('span', { part: 'score', className: 'score', textContent: number.format(score) }),
        make('div', { part: 'bar', className: 'bar', ariaHidden: 'true' }, bar),
      );
    });
    this.#list.replaceChildren(...lines);
    const [best] = ranking;
    this.say(best ? this.#words.best(labelOf(best.choice)) : '');
    this.setValue(best ? valueOf(best.choice) : null);
    this.#validate();
  }

  #onFiles(event: Event, data: DataTransfer | null): void {
    const file = Array.from(data?.files ?? []).find(({ type }) => type.startsWith('image/'));
    if (!file || this.readOnly || this.disabled) return;
    event.preventDefault();
    this.#take(file);
  }

  #take(file: Blob | null): void {
    if (this.#fileUrl) URL.revokeObjectURL(this.#fileUrl);
    this.#file = file;
    this.#fileUrl = file && URL.createObjectURL(file);
    this.#picker.value = '';
    this.#showPicture();
  }

  #showPicture(): void {
    const url = this.#fileUrl ?? this.image;
    this.#query.hidden = url === '';
    if (url === '') this.#picture.removeAttribute('src');
    else this.#picture.src = url;
  }

  #validate(): void {
    const missing = this.required && this.value === null;
    this.internals.setValidity(missing ? { valueMissing: true } : {}, missing ? this.#words.missing : '', this.#box);
  }

  #label(): void {
    const label = this.getAttribute('label') ?? this.#words.label;
    this.#box.ariaLabel = label;
    this.#box.placeholder = label;
    this.#submit.textContent = this.#words.button;
    this.#pickerText.textContent = this.#words.picture;
    this.#remove.textContent = this.#words.remove;
    this.#list.ariaLabel = this.#words.results;
  }
}

function choiceOf(element: Element): Choice {
  const value = element.getAttribute('value') ?? element.getAttribute('data-value') ?? undefined;
  if (element instanceof HTMLImageElement) return { image: element.src, value, label: element.alt || undefined };
  return { text: element.textContent.trim(), value };
}

const valueOf = ({ value, text, image }: Choice) => value ?? text ?? (typeof image === 'string' ? image : '');
const labelOf = (choice: Choice) => choice.label ?? choice.text ?? valueOf(choice);
