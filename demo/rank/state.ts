/**
 * @file The state of the ranking page: task, texts, pictures, boxes, and the selected one. All changes go through here.
 */
import { batch, computed, signal } from '@preact/signals';
import type { Box } from './boxes';
import { EXAMPLES } from './examples';
import { fetchSample, type Sample } from './samples';
import type { Shared } from './share';
import { queryInstruction, taskOf, type TaskId } from './tasks';
import type { AskedBy } from './wording';

export const MOST_PICTURES = 24;
export const MOST_TEXTS = 100;

export interface Picture {
  id: number;
  blob: Blob;
  name: string;
  /** What it shows, if known. */
  alt: string;
  /** For `<img>`. */
  url: string;
  sample: Sample | null;
}

export interface TextLine {
  id: number;
  text: string;
}

let count = 0;
const nextId = () => ++count;
const lines = (texts: readonly string[]): TextLine[] => texts.map((text) => ({ id: nextId(), text }));

export class RankState {
  readonly taskId = signal<TaskId>('caption');
  readonly task = computed(() => taskOf(this.taskId.value));
  /** Of the loaded model; null before there is one. */
  readonly recipe = signal<(AskedBy & { title: string }) | null>(null);
  /** null: MMEB's own, or the recipe's. */
  readonly editedInstruction = signal<string | null>(null);
  readonly instruction = computed(() => this.editedInstruction.value ?? this.#ownInstruction());
  readonly question = signal('');
  readonly texts = signal<TextLine[]>([]);
  readonly pictures = signal<Picture[]>([]);
  /** On the selected picture. */
  readonly boxes = signal<(Box & { id: number })[]>([]);
  readonly samples = signal<Sample[]>([]);
  readonly values = signal<'cosine' | 'softmax'>('cosine');
  readonly selectedPicture = signal<number | null>(null);
  readonly selectedText = signal<number | null>(null);
  /** The current picture: the selected one, or the first. */
  readonly picture = computed(
    () => this.pictures.value.find(({ id }) => id === this.selectedPicture.value) ?? this.pictures.value[0] ?? null,
  );
  /** How large the table will be once its example is there; null when it is, or if it will not come. */
  readonly expected = signal<{ columns: number; rows: number } | null>(null);
  /** Whether the visitor wrote texts of their own: those are never replaced. */
  #ownTexts = false;
  #ownPictures = false;

  #ownInstruction(): string {
    const recipe = this.recipe.value;
    return recipe && !recipe.isRaw ? (recipe.instruction?.default ?? '') : queryInstruction(this.task.value);
  }

  /** Instructions for models with other prompts mean nothing to this one. */
  useRecipe(recipe: AskedBy & { title: string }): void {
    const before = this.recipe.value;
    if (before?.title === recipe.title) return;
    if (before) this.editedInstruction.value = null;
    this.recipe.value = recipe;
  }

  /** Another task: its example, unless the visitor brought something of their own. */
  async choose(id: TaskId, signal: AbortSignal): Promise<void> {
    batch(() => {
      this.taskId.value = id;
      this.editedInstruction.value = null;
    });
    const example = EXAMPLES[id];
    if (!this.question.value) this.question.value = example.question ?? '';
    if (this.#ownPictures || this.#ownTexts) return;
    const pictures = await this.#samplePictures(example.samples, signal);
    // What the visitor did while they were loading is kept.
    if (!this.#ownPictures) this.#setPictures(pictures);
    this.#suggestTexts();
    batch(() => {
      if (example.captions && !this.#ownTexts) this.texts.value = lines(example.captions);
      if (example.boxes && !this.#ownPictures)
        this.boxes.value = example.boxes.map((box) => ({ ...box, id: nextId() }));
    });
  }

  /** Applies a shared link; one with only a task opens its example. */
  async open(shared: Shared, signal: AbortSignal): Promise<void> {
    if (shared.captions.length + shared.samples.length === 0) return this.choose(shared.task, signal);
    batch(() => {
      this.taskId.value = shared.task;
      this.editedInstruction.value = shared.instruction;
      this.question.value = shared.question;
      this.texts.value = lines(shared.captions);
      this.#ownTexts = shared.captions.length > 0;
    });
    await this.showSamples(shared.samples, signal);
  }

  /** Replaces the current samples with these. A visitor's own pictures are kept. */
  async showSamples(files: readonly string[], signal: AbortSignal): Promise<void> {
    const added = await this.#samplePictures(files, signal);
    this.#setPictures([...this.pictures.value.filter(({ sample }) => !sample), ...added]);
    this.#suggestTexts();
  }

  /** Samples in the order of `files`; those already shown are left unchanged. */
  async #samplePictures(files: readonly string[], signal: AbortSignal): Promise<Picture[]> {
    const known = this.samples.value.filter(({ file }) => files.includes(file));
    const sorted = known.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file));
    const shown = new Map(
      this.pictures.value.flatMap((picture) => (picture.sample ? [[picture.sample, picture]] : [])),
    );
    const added = await Promise.all(
      sorted.map(
        async (sample) => shown.get(sample) ?? toPicture(await fetchSample(sample.file, signal), sample.file, sample),
      ),
    );
    signal.throwIfAborted();
    return added;
  }

  /** Adds a sample as a column, or removes it. */
  async toggleSample(sample: Sample, signal: AbortSignal): Promise<void> {
    const shown = this.pictures.value.flatMap((picture) => (picture.sample ? [picture.sample.file] : []));
    const isShown = shown.includes(sample.file);
    await this.showSamples(isShown ? shown.filter((file) => file !== sample.file) : [...shown, sample.file], signal);
    if (!isShown) this.selectedPicture.value = this.pictures.value.at(-1)?.id ?? null;
  }

  /** Adds a visitor's pictures; the first of their own replace the samples. @returns whether all fitted */
  addPictures(files: readonly File[]): boolean {
    const kept = this.#ownPictures ? this.pictures.value : [];
    // The samples' captions go with the samples.
    if (!this.#ownPictures && !this.#ownTexts) this.texts.value = lines(['']);
    const room = MOST_PICTURES - kept.length;
    const added = files.slice(0, room).map((file) => toPicture(file, file.name, null));
    this.#ownPictures = true;
    this.#setPictures([...kept, ...added]);
    this.selectedPicture.value = added[0]?.id ?? this.selectedPicture.value;
    return files.length <= room;
  }

  removePicture(id: number): void {
    this.#setPictures(this.pictures.value.filter((picture) => picture.id !== id));
    this.#suggestTexts();
  }

  /** Removes everything except the task. */
  clear(): void {
    this.#ownPictures = true;
    this.#ownTexts = false;
    batch(() => {
      this.#setPictures([]);
      this.texts.value = lines(['']);
      this.boxes.value = [];
    });
  }

  selectPicture(id: number): void {
    if (this.picture.value?.id !== id) this.boxes.value = [];
    this.selectedPicture.value = id;
  }

  /** Changes one line; a list that was pasted into it becomes lines of its own. */
  setText(id: number, text: string): void {
    this.#ownTexts = true;
    const [first = '', ...more] = text.split(/\r?\n/).filter((part, i) => i === 0 || part.trim() !== '');
    const next = this.texts.value.flatMap((line) => (line.id === id ? [{ id, text: first }, ...lines(more)] : [line]));
    this.texts.value = next.slice(0, MOST_TEXTS);
  }

  /** A new line at the end, or after another one. @returns its id */
  addText(text: string, after?: number): number {
    const line = { id: nextId(), text: '' };
    const at = this.texts.value.findIndex(({ id }) => id === after) + 1 || this.texts.value.length;
    if (this.texts.value.length >= MOST_TEXTS) return this.texts.value.at(-1)!.id;
    this.texts.value = this.texts.value.toSpliced(at, 0, line);
    this.setText(line.id, text);
    return line.id;
  }

  removeText(id: number): void {
    this.#ownTexts = true;
    this.texts.value = this.texts.value.filter((line) => line.id !== id);
  }

  addBox(box: Box): number {
    const id = nextId();
    this.boxes.value = [...this.boxes.value, { ...box, id }];
    return id;
  }

  setBox(id: number, box: Box): void {
    this.boxes.value = this.boxes.value.map((old) => (old.id === id ? { ...box, id } : old));
  }

  removeBox(id: number): void {
    this.boxes.value = this.boxes.value.filter((box) => box.id !== id);
  }

  /** The state for the link to share. */
  shared(): Shared {
    return {
      task: this.taskId.value,
      instruction: this.editedInstruction.value,
      question: this.question.value,
      captions: this.texts.value.map(({ text }) => text.trim()).filter(Boolean),
      samples: this.pictures.value.flatMap(({ sample }) => (sample ? [sample.file] : [])),
    };
  }

  #setPictures(pictures: Picture[]): void {
    const stays = new Set(pictures.map(({ id }) => id));
    const before = this.picture.value?.id;
    for (const { id, url } of this.pictures.value) if (!stays.has(id)) URL.revokeObjectURL(url);
    this.pictures.value = pictures;
    if (this.picture.value?.id !== before) this.boxes.value = [];
  }

  /** The samples' own captions, the right ones first, if the visitor wrote none. */
  #suggestTexts(): void {
    if (this.#ownTexts) return;
    const shown = this.pictures.value.flatMap(({ sample }) => sample ?? []);
    if (shown.length === 0) return;
    const right = shown.map(({ captions, truth }) => captions[truth]!);
    const wrong = shown.flatMap(({ captions }) => captions.slice(0, Math.max(2, 6 - shown.length)));
    const next = [...new Set([...right, ...wrong])].slice(0, Math.max(7, right.length));
    if (next.join('\n') !== this.texts.value.map(({ text }) => text).join('\n')) this.texts.value = lines(next);
  }
}

function toPicture(blob: Blob, name: string, sample: Sample | null): Picture {
  return { id: nextId(), blob, name, alt: sample?.alt ?? name, url: URL.createObjectURL(blob), sample };
}
