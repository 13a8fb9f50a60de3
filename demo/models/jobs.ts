/** @file The models in progress: one at a time, the others wait. Their displayed state is held in signals. */
import { signal, type Signal } from '@preact/signals';
import type { AddOptions, ModelSource, ProgressEvent } from '../../src/index';
import { Adding, type AddingState, type ModelStore } from './adding';

export type JobState = Exclude<AddingState, 'done' | 'cancelled'> | 'waiting';

export interface JobRequest {
  /** Its name in the model store: two jobs with the same name are one. */
  name: string;
  title: string;
  source: ModelSource;
  options: AddOptions;
}

export interface Job extends Pick<JobRequest, 'name' | 'title'> {
  state: Signal<JobState>;
  progress: Signal<ProgressEvent | null>;
  error: Signal<unknown>;
  adding: Adding;
}

const AT_WORK: ReadonlySet<JobState> = new Set(['running', 'pausing', 'cancelling']);

export class Jobs {
  readonly all = signal<Job[]>([]);
  readonly #store: ModelStore;
  readonly #onEnd: (name: string, outcome: 'done' | 'cancelled') => void;

  /** @param onEnd called when a model is stored, or when nothing is left of it */
  constructor(store: ModelStore, onEnd: (name: string, outcome: 'done' | 'cancelled') => void) {
    this.#store = store;
    this.#onEnd = onEnd;
  }

  has(name: string): boolean {
    return this.all.value.some((job) => job.name === name);
  }

  /** Whether one is running, or waiting for its turn. */
  isBusy(): boolean {
    return this.all.value.some(({ state }) => AT_WORK.has(state.value) || state.value === 'waiting');
  }

  /** Starts or resumes a model as soon as no other is running. Does nothing if it is already in progress. */
  add({ name, title, source, options }: JobRequest): void {
    if (this.has(name)) return;
    const job: Job = {
      ...{ name, title },
      state: signal<JobState>('waiting'),
      progress: signal<ProgressEvent | null>(null),
      error: signal<unknown>(null),
      adding: new Adding(this.#store, source, options, name, {
        onState: (state, error) => this.#changed(job, state, error),
        onProgress: (event) => (job.progress.value = withFigures(event, job.progress.value)),
      }),
    };
    this.all.value = [...this.all.value, job];
    this.#startNext();
  }

  pause(job: Job): void {
    if (job.state.value === 'waiting') job.state.value = 'paused';
    else job.adding.pause();
  }

  resume(job: Job): void {
    if (job.state.value !== 'paused' && job.state.value !== 'failed') return;
    job.state.value = 'waiting';
    this.#startNext();
  }

  cancel(job: Job): Promise<void> {
    return job.adding.cancel();
  }

  #changed(job: Job, state: AddingState, error: unknown): void {
    job.error.value = error;
    job.progress.value = null;
    if (state === 'done' || state === 'cancelled') {
      this.all.value = this.all.value.filter((other) => other !== job);
      this.#onEnd(job.name, state);
    } else job.state.value = state;
    this.#startNext();
  }

  #startNext(): void {
    const jobs = this.all.value;
    if (jobs.some(({ state }) => AT_WORK.has(state.value))) return;
    jobs.find(({ state }) => state.value === 'waiting')?.adding.start();
  }
}

/** Events for the start of a file or request have no figures: the previous ones of the same phase are kept. */
function withFigures(event: ProgressEvent, before: ProgressEvent | null): ProgressEvent {
  return !event.total && before?.total && before.phase === event.phase ? before : event;
}
