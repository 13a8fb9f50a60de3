/**
 * @file Asks before a run that will or may take long: shows the time and the picture size, and asks whether to start.
 */
import { signal } from '@preact/signals';
import type { ModelInfo } from '../../../src/index';
import type { FolderSource } from '../../../src/search';
import { secondsFor } from '../../cards/time-words';
import { timesOf } from '../../cards/times';
import { countPhotos, type PhotoCount } from './count';
import type { PhotoSizeChoice } from './photo-sizes';

/** Shorter runs start at once. */
const LONG_SECONDS = 600;
/** This many photos may take long if nothing was measured. */
const MANY = 300;

export interface Question extends PhotoCount {
  answer: (begin: boolean) => void;
}

export class BeforeRun {
  /** Null while nothing is being asked. */
  readonly question = signal<Question | null>(null);
  readonly #sizes: PhotoSizeChoice;
  readonly #model: () => ModelInfo | null;

  constructor(sizes: PhotoSizeChoice, model: () => ModelInfo | null) {
    this.#sizes = sizes;
    this.#model = model;
  }

  /** @returns whether to begin */
  async ask(sources: readonly FolderSource[]): Promise<boolean> {
    const info = this.#model();
    if (!info) return true;
    const count = await countPhotos(sources);
    if (!mayTakeLong(count, info, this.#sizes)) return true;
    this.question.value?.answer(false);
    return new Promise((resolve) => {
      this.question.value = {
        ...count,
        answer: (begin) => {
          this.question.value = null;
          resolve(begin);
        },
      };
    });
  }
}

function mayTakeLong({ photos, more }: PhotoCount, info: ModelInfo, sizes: PhotoSizeChoice): boolean {
  const size = sizes.of(info);
  const time = timesOf(info)?.times.find((each) => each.size === size.name);
  return time ? more || secondsFor(time, photos).seconds > LONG_SECONDS : more || photos >= MANY;
}
