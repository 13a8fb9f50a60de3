/** @file Ranks whenever something has changed: the newest state counts, earlier runs are aborted. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { InputParts, VLM2Vec } from '../../src/index';
import { debounced, latest, type ModelControl } from '../shell';
import { inPixels, type Box } from './boxes';
import { PairRanker, type Entry, type Ranking } from './embed';
import type { Picture, RankState, TextLine } from './state';
import { needsText, type Task } from './tasks';
import { queryInput, targetInput, type AskedBy } from './wording';
import { rankStrings as strings } from '../strings/rank';

/** Long enough to continue typing, short enough to feel immediate. */
const PAUSE_MS = 150;

/** A column of the table: a picture, or a box on one. */
export interface Column {
  id: number;
  name: string;
  alt: string;
  picture: Picture;
  box: Box | null;
}

/** A ranking with what was ranked. */
export interface Shown extends Ranking {
  task: Task;
  instruction: string;
  question: string;
  texts: TextLine[];
  columns: Column[];
  recipe: AskedBy;
  /** The boxes in pixels of their picture. */
  pixels: Box[];
}

export class LiveRanking {
  readonly shown = signal<Shown | null>(null);
  readonly isBusy = signal(false);
  readonly error = signal<unknown>(null);
  readonly columns: ReadonlySignal<Column[]>;
  readonly #state: RankState;
  #ranker: { model: VLM2Vec; pairs: PairRanker } | null = null;

  constructor(state: RankState, control: ModelControl) {
    this.#state = state;
    this.columns = computed(() => columnsOf(state));
    const soon = debounced(() => void this.#rank(control.model.value), PAUSE_MS);
    let first = true;
    effect(() => {
      const { task, instruction, question, texts } = state;
      void [task.value, instruction.value, question.value, texts.value, this.columns.value];
      const model = control.model.value;
      this.isBusy.value = model !== null;
      if (first || model !== this.#ranker?.model) void this.#rank(model);
      else soon();
      first = false;
    });
  }

  readonly #rank = latest(
    async (signal, model: VLM2Vec | null) => {
      this.error.value = null;
      if (!model) {
        this.#ranker = null;
        this.isBusy.value = false;
        return;
      }
      if (this.#ranker?.model !== model) this.#ranker = { model, pairs: new PairRanker(model) };
      this.isBusy.value = true;
      const { task, instruction, question, texts, picture } = this.#state;
      const settings = { task: task.value, instruction: instruction.value, question: question.value.trim() };
      const { recipe } = model.info;
      const asked = { ...settings, recipe, texts: texts.value, columns: this.columns.value };
      if (recipe.isRaw && needsText(asked.task) && !asked.instruction.includes('{text}'))
        throw new Error(strings.needsText);
      if (asked.texts.length === 0 || asked.columns.length === 0) {
        this.shown.value = null;
        this.isBusy.value = false;
        return;
      }
      const { entries, pixels } = await columnEntries(asked.task, asked, signal);
      const rows = rowEntries(asked.task, asked, picture.value);
      const ranking = await this.#ranker.pairs.rank(rows, entries, { signal, queries: asked.task.queries });
      this.shown.value = { ...ranking, ...asked, pixels };
      this.isBusy.value = false;
    },
    (error) => {
      this.isBusy.value = false;
      this.shown.value = null;
      this.error.value = error;
    },
  );
}

function columnsOf(state: RankState): Column[] {
  const picture = state.picture.value;
  if (!state.task.value.boxes) {
    return state.pictures.value.map((each) => ({
      id: each.id,
      name: each.name,
      alt: each.alt,
      picture: each,
      box: null,
    }));
  }
  if (!picture) return [];
  return state.boxes.value.map(({ id, ...box }, i) => {
    const name = strings.boxes.name(i + 1);
    return { id, name, alt: name, picture, box };
  });
}

interface Asked {
  recipe: AskedBy;
  instruction: string;
  question: string;
  texts: TextLine[];
  columns: Column[];
}

function rowEntries(task: Task, { instruction, recipe, texts }: Asked, picture: Picture | null): Entry[] {
  return texts.map((line) => {
    const said = line.text.trim();
    const image = task.boxes ? picture : null;
    const side = { text: said, ...(image && { image: image.blob }) };
    const input =
      task.queries === 'texts' ? queryInput(task, recipe, instruction, side) : targetInput(task, recipe, side);
    const isBlank = said === '' || (task.boxes && !image);
    return { key: isBlank ? null : JSON.stringify(['text', image?.id ?? 0, wordsOf(input)]), input };
  });
}

/** The text that is read with a picture. */
const wordsOf = ({ text, role, instruction }: InputParts) => [text, role, instruction];

async function columnEntries(task: Task, { instruction, question, recipe, columns }: Asked, signal: AbortSignal) {
  const inputOf = (image: Blob | ImageBitmap): InputParts =>
    task.queries === 'pictures'
      ? queryInput(task, recipe, instruction, { image, text: task.asks ? question : '' })
      : targetInput(task, recipe, { image });
  const pixels: Box[] = [];
  const entries: Entry[] = [];
  for (const { picture, box } of columns) {
    if (!box) {
      const input = inputOf(picture.blob);
      entries.push({ key: JSON.stringify(['picture', picture.id, wordsOf(input)]), input });
      continue;
    }
    const whole = await createImageBitmap(picture.blob);
    const part = inPixels(box, whole);
    whole.close();
    signal.throwIfAborted();
    const { x, y, width, height } = part;
    // As in the code on the page; pixels are as stored, like everything that is embedded.
    const image = await createImageBitmap(picture.blob, x, y, width, height, { colorSpaceConversion: 'none' });
    pixels.push(part);
    const input = inputOf(image);
    entries.push({ key: JSON.stringify(['box', picture.id, part, wordsOf(input)]), input });
  }
  return { entries, pixels };
}
