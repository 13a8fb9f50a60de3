/**
 * @file The currently loaded stages of one engine: created and freed in one place, and all freed when the engine ends.
 */

import { DisposedError } from '../errors';
import { ortQueue } from './queue';
import { Stage, type StageOptions, type StagePart } from './stage';

export class LiveStages {
  readonly #options: Omit<StageOptions, 'signal' | 'keepOnGpu'>;
  readonly #live = new Set<Stage>();
  #ended = false;

  constructor(options: Omit<StageOptions, 'signal' | 'keepOnGpu'>) {
    this.#options = options;
  }

  /** How many there are. */
  get count(): number {
    return this.#live.size;
  }

  /** @throws DisposedError if all were released, by dispose or for a new device, while it was loading */
  async load(
    part: StagePart,
    weights: string | Blob | Uint8Array,
    { keepOnGpu, signal }: Pick<StageOptions, 'signal' | 'keepOnGpu'>,
  ): Promise<Stage> {
    const stage = await Stage.load(part, weights, { ...this.#options, keepOnGpu, signal });
    this.#live.add(stage);
    if (!this.#ended) return stage;
    await this.release(stage);
    signal?.throwIfAborted();
    throw new DisposedError('The model was disposed of while it was loading.');
  }

  /**
   * Frees a stage; freeing it twice does no harm. A session of a lost device may fail to clean up, but there is nothing
   * left to save.
   */
  async release(stage: Stage): Promise<void> {
    if (!this.#live.delete(stage)) return;
    await ortQueue.add(() => stage.release().catch(() => undefined));
  }

  /** Frees all stages, and those still loading as soon as they have loaded. */
  async releaseAll(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#live].map((stage) => this.release(stage)));
    await ortQueue.add(async () => undefined); // waits for those already being freed
  }
}
