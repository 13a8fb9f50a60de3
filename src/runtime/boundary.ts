/**
 * @file The worker boundary: aborts and progress travel as messages with the number of the call they belong to. Used on
 * both sides.
 */

import type { EmbedInput, ProgressEvent } from './types';

/** Progress of call number `call`, from the worker to the page. */
export type ProgressListener = (call: number, event: ProgressEvent) => void;

/** What the worker exposes. `S`, `L`, `E`, `I`, `R` are the source, settings and results of the service behind it. */
export interface RemoteService<S, L, E, I, R> {
  /** First call: where progress goes, and the name of a Web Lock that the worker holds as long as it lives. */
  connect(listener: ProgressListener, lifeLock: string): Promise<void>;
  load(call: number, source: S, settings: L): Promise<I>;
  add(call: number, source: S, settings: L): Promise<string | null>;
  embed(call: number, inputs: readonly EmbedInput[], settings: E): Promise<R>;
  abort(call: number): void;
  dispose(): Promise<void>;
}
