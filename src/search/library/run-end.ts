/** @file Waits for the end of a run, by following the state that the index reports. */

import { InvalidInputError } from '../../errors';
import type { IndexState, Pass } from '../types';

/** The source of the state. */
export interface Told {
  state(): IndexState;
  subscribe(listener: (state: IndexState) => void): () => void;
}

export const noDeepModel = () =>
  new InvalidInputError('The index has no deep model: give it one with useDeep.', { option: 'pass' });

/** Resolves to the state in which it ended. @throws the error that paused it, or the signal's reason */
export function runEnd({ state, subscribe }: Told, pass: Pass, signal: AbortSignal): Promise<IndexState> {
  return new Promise<IndexState>((resolve, reject) => {
    signal.throwIfAborted();
    const end = (settle: () => void) => {
      stop();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const look = (now: IndexState) => {
      const { error } = pass === 'deep' ? (now.deep ?? { error: noDeepModel() }) : now;
      if (error) end(() => reject(error));
      else if (!isRunning(now, pass)) end(() => resolve(now));
    };
    const abort = () => end(() => reject(signal.reason as Error));
    const stop = subscribe(look);
    signal.addEventListener('abort', abort);
    look(state());
  });
}

/** @param pass `deep`: that pass, or the first one, for which it waits */
function isRunning({ phase, deep }: IndexState, pass: Pass): boolean {
  if (phase === 'walking' || phase === 'indexing') return true;
  return pass === 'deep' && (deep?.phase === 'running' || deep?.phase === 'waiting');
}
