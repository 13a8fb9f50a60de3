/** @file Measures how long photos take with a model: the page's own, or one that is loaded for this and disposed of. */
import { signal } from '@preact/signals';
import { VLM2Vec, type ModelSource } from '../../src/index';
import { measurePhotos } from '../../src/measure';
import { startModelWorker } from '../shell/worker';
import { progressInWords } from '../shell/words';
import { cardStrings as strings } from '../strings/cards';
import { drawPhotos } from './photos';
import { recordTimes, type PhotoRecord } from './times';

export interface MeasuringNow {
  subject: string;
  text: string;
  /** 0 to 1; null if the end is not known. */
  share: number | null;
}

export class Measuring {
  /** Null while nothing is being measured. */
  readonly now = signal<MeasuringNow | null>(null);
  readonly error = signal<{ subject: string; error: unknown } | null>(null);
  #abort = new AbortController();

  /** A model that is already loaded stays loaded; what it embeds here is discarded. */
  loaded(model: VLM2Vec, subject: string): Promise<void> {
    return this.#run(subject, (abort) => this.#measure(model, subject, abort));
  }

  /** Loads a model beside any other, and disposes of it afterwards. */
  stored(source: ModelSource, subject: string): Promise<void> {
    return this.#run(subject, async (abort) => {
      const model = await VLM2Vec.load(source, {
        worker: startModelWorker,
        signal: abort,
        onProgress: (event) => (this.now.value = { subject, ...progressInWords(event) }),
      });
      try {
        await this.#measure(model, subject, abort);
      } finally {
        await model.dispose();
      }
    });
  }

  stop(): void {
    this.#abort.abort();
  }

  async #measure(model: VLM2Vec, subject: PhotoRecord['subject'], abort: AbortSignal): Promise<void> {
    this.now.value = { subject, text: strings.drawing, share: null };
    const photos = await drawPhotos();
    const times = await measurePhotos(model, {
      photos,
      signal: abort,
      onProgress: (done, total) =>
        (this.now.value = { subject, text: strings.measuring(done, total), share: done / total }),
    });
    recordTimes(model.info, subject, times);
  }

  async #run(subject: string, work: (abort: AbortSignal) => Promise<void>): Promise<void> {
    if (this.now.value) return;
    this.#abort = new AbortController();
    const { signal: abort } = this.#abort;
    this.error.value = null;
    this.now.value = { subject, text: strings.drawing, share: null };
    try {
      await work(abort);
    } catch (error) {
      if (!abort.aborted) this.error.value = { subject, error };
    } finally {
      this.now.value = null;
    }
  }
}
