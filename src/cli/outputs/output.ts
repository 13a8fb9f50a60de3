/** @file Where results go, and how far they have got, so that a run that was killed can continue. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { InvalidInputError } from '../../errors';
import { makeFolder } from '../../store/write-errors.node.js';
import { lockFile } from '../../store/lock-file.node.js';
import { InputsHash } from '../inputs/read';
import type { AnyRecord } from '../inputs/record';
import { errorsName, openSink, publishPlace, stateName, type SinkPlace } from './places';
import { expectSame, readRun, removeRun, writeRun, type RunFacts, type RunState } from './run-file';
import type { OutputRow, Sink, SinkShape } from './sink';

/** Seconds of work that a kill may cost, unless the output says otherwise. */
const SECONDS_BETWEEN = 1;

export interface OutputOptions {
  shape: SinkShape;
  facts: RunFacts;
  resume?: boolean;
  overwrite?: boolean;
  /** Takes results that go nowhere. */
  otherwise: Sink;
}

/**
 * Opens the output; with `resume`, where an earlier run left it.
 * @throws InvalidInputError for an unfinished run that is neither resumed nor given up, and for one that is a different
 */
export async function openOutput(place: SinkPlace | null, options: OutputOptions): Promise<Output> {
  const { shape, resume = false, overwrite = false, otherwise } = options;
  if (!place) return new Output(otherwise, null, null, async () => undefined);
  const file = stateName(place);
  if (file === null) {
    if (resume)
      throw new InvalidInputError('--resume keeps its state next to the output, so the database must be a folder.');
    return new Output(await openSink(place, shape, null, overwrite), null, place, async () => undefined);
  }
  const unlock = await locked(file, place);
  try {
    const facts = { ...options.facts, format: place.kind };
    const before = await readRun(file);
    if (!resume && !overwrite && before && before.status !== 'done' && before.inputs > 0) {
      throw new InvalidInputError(
        `${file} records a run that ended after ${before.inputs} inputs: continue with --resume, or start over with --overwrite.`,
        { file },
      );
    }
    const state = resume && before && isWhole(place, before) ? before : null;
    if (state) expectSame(file, state.facts, facts);
    if (state && state.status !== 'running') return new Output(null, { file, facts, state }, place, unlock);
    const sink = await openSink(place, shape, state?.sink ?? null, overwrite);
    const begun: RunState = state ?? {
      status: 'running',
      inputs: 0,
      errors: 0,
      inputsHash: new InputsHash().value(),
      sink: null,
    };
    if (!state) await writeRun(file, facts, begun);
    return new Output(sink, { file, facts, state: begun }, place, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function locked(file: string, place: SinkPlace): Promise<() => Promise<void>> {
  const folder = path.dirname(path.resolve(file));
  if (place.kind === 'lance') await makeFolder(folder);
  else if (!existsSync(folder)) {
    throw new InvalidInputError(`There is no folder ${folder} to write ${path.basename(place.file)} into.`, { file });
  }
  return lockFile(`${file}.lock`, file).catch((error: unknown) => {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(`Another process is writing the run recorded in ${file}.`, { file }, { cause: error });
  });
}

/** A finished run counts for nothing if its output was removed. */
function isWhole(place: SinkPlace, { status }: RunState): boolean {
  return status !== 'done' || place.kind === 'lance' || existsSync(place.file);
}

interface Run {
  file: string;
  facts: RunFacts;
  state: RunState;
}

/** Results in transit, and what was read for them. */
export class Output {
  readonly #sink: Sink | null;
  readonly #run: Run | null;
  readonly #place: SinkPlace | null;
  readonly #unlock: () => Promise<void>;
  readonly #hash = new InputsHash();
  /** Inputs written; `#run.state` may not know about all of them yet. */
  #inputs: number;
  #errors: number;
  #committed = performance.now();
  /** A write has begun that may not have ended: whatever it left must not be committed. */
  #torn = false;

  /** @param sink null if the run is already complete */
  constructor(sink: Sink | null, run: Run | null, place: SinkPlace | null, unlock: () => Promise<void>) {
    this.#sink = sink;
    this.#run = run;
    this.#place = place;
    this.#unlock = unlock;
    this.#inputs = run?.state.inputs ?? 0;
    this.#errors = run?.state.errors ?? 0;
  }

  /** The number of inputs written. */
  get inputs(): number {
    return this.#inputs;
  }

  get errors(): number {
    return this.#errors;
  }

  /** The file that holds the inputs that could not be embedded; null for stdout. */
  get errorsIn(): string | null {
    return this.#place?.kind === 'jsonl' ? this.#place.file : this.#place && errorsName(this.#place);
  }

  /**
   * Reads past the inputs that are already written.
   * @throws InvalidInputError if they are not those of the earlier run
   */
  async skip(records: AsyncIterator<AnyRecord>): Promise<void> {
    if (!this.#run) return;
    const { state } = this.#run;
    for (let i = 0; i < state.inputs; i++) {
      const { done, value } = await records.next();
      if (!done) this.#hash.add(value as AnyRecord);
      else throw this.#other(`there are only ${i} now, but ${state.inputs} have been written.`);
    }
    if (this.#hash.value() !== state.inputsHash) {
      throw this.#other(`some of the ${state.inputs} that have been written were changed, removed or moved.`);
    }
  }

  /** @throws InvalidInputError if a complete run meets another input */
  expectUnfinished(): void {
    if (!this.#sink) throw this.#other(`all ${this.#inputs} of that run have been written, and there are more now.`);
  }

  /** @param records the inputs of `rows`, in order */
  async write(records: readonly AnyRecord[], rows: readonly OutputRow[]): Promise<void> {
    const sink = this.#sink!;
    this.#torn = true;
    await sink.write(rows);
    this.#torn = false;
    for (const record of records) this.#hash.add(record);
    this.#inputs += rows.length;
    this.#errors += rows.reduce((sum, { error }) => sum + (error === undefined ? 0 : 1), 0);
    const seconds = (performance.now() - this.#committed) / 1000;
    if (sink.isDue?.() || seconds >= (sink.secondsBetween ?? SECONDS_BETWEEN)) await this.#commit();
  }

  /** Everything is written: gives the files their names. */
  async finish(): Promise<void> {
    const { status } = this.#run?.state ?? { status: 'running' };
    if (this.#sink) {
      this.#torn = true; // from here on, the end of the file belongs to no row
      const state = await this.#sink.complete();
      await this.#note('complete', state);
      await this.#sink.close();
    }
    if (this.#place && status !== 'done') {
      await publishPlace(this.#place, this.#errors > 0);
      await this.#note('done', null);
    }
    await this.#unlock();
  }

  /**
   * Ends the run early. What was written is kept for `--resume`, unless it is nothing.
   * @returns how many inputs are written
   */
  async fail(): Promise<number> {
    try {
      if (!this.#sink) return 0;
      if (!this.#run) {
        await this.#sink.discard();
        return 0;
      }
      if (!this.#torn) await this.#commit().catch(() => undefined); // the reason for ending has been reported already
      const { inputs } = this.#run.state;
      if (inputs > 0) {
        await this.#sink.close();
        return inputs;
      }
      await this.#sink.discard();
      await removeRun(this.#run.file);
      return 0;
    } finally {
      await this.#unlock();
    }
  }

  async #commit(): Promise<void> {
    const state = await this.#sink!.commit();
    await this.#note('running', state);
    await this.#sink!.committed?.();
    this.#committed = performance.now();
  }

  async #note(status: RunState['status'], sink: RunState['sink']): Promise<void> {
    if (!this.#run) return;
    const { file, facts } = this.#run;
    const state = { status, inputs: this.#inputs, errors: this.#errors, inputsHash: this.#hash.value(), sink };
    await writeRun(file, facts, state);
    this.#run.state = state;
  }

  #other(what: string): InvalidInputError {
    const { file } = this.#run!;
    return new InvalidInputError(
      `--resume: the inputs are not those of the run in ${file}: ${what} Start over with --overwrite.`,
      { file },
    );
  }
}
