/** @file The size to which photos are resized for a model: chosen per model, stored in this browser. */
import { signal } from '@preact/signals';
import type { ModelInfo } from '../../../src/index';
import { photoSizes, type PhotoSize } from '../../../src/measure';
import { sizeInWords } from '../../cards/time-words';

const KEY = 'photo-sizes';

type Sized = Pick<ModelInfo, 'id' | 'image' | 'recipe'>;

export class PhotoSizeChoice {
  /** Names of sizes by models' ids; a model that is not among them has its own size. */
  readonly #chosen = signal<Readonly<Record<string, string>>>(recall());

  /**
   * The size that photos have for a model; the model's own if no other was chosen, or the choice is no longer offered.
   */
  of(info: Sized): PhotoSize {
    const sizes = photoSizes(info);
    return sizes.find(({ name }) => name === this.#chosen.value[info.id]) ?? sizes[0]!;
  }

  choose(info: Sized, name: string): void {
    const { [info.id]: _, ...others } = this.#chosen.value;
    this.#chosen.value = name === 'own' ? others : { ...others, [info.id]: name };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#chosen.value));
    } catch {
      // Then it is chosen again at the next visit.
    }
  }
}

/** Identifies an index: vectors of one model and one picture size. */
export const indexId = ({ id }: Pick<ModelInfo, 'id'>, { name }: PhotoSize): string =>
  name === 'own' ? id : `${id} ${name}`;

/** Its name in lists of indexes. */
export const indexName = (model: string, { name }: PhotoSize): string =>
  [model, sizeInWords(name)].filter(Boolean).join(', ');

function recall(): Record<string, string> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof found === 'object' && found !== null ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}
