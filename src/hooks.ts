/** @file What accompanies a call: its options, how it is ended, and who is told of what. */

import { closestMatch } from 'leven';
import { InvalidInputError } from './errors';

const LISTENERS = ['onProgress', 'onUsage', 'onSkip', 'onWords', 'onFirst'] as const;

/** Options of a call that are no data. */
export type Hooks = { signal?: unknown } & { [Name in (typeof LISTENERS)[number]]?: unknown };

/** Options are an object, or left out. @throws InvalidInputError */
export function expectOptions(call: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const given = options === null ? 'null' : Array.isArray(options) ? 'an array' : `a ${typeof options}`;
  throw new InvalidInputError(`${call} takes its options as an object, not ${given}.`, { option: 'options' });
}

/**
 * An option that is misspelt would otherwise be ignored.
 * @param what takes them, to begin the message with: `embed`
 * @param prefix of the option's name: `filter.`
 * @throws InvalidInputError for keys that are not known, with the one that was probably meant
 */
export function expectKnown(what: string, given: object, known: Iterable<string>, prefix = ''): void {
  const names = [...known];
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (unknown === undefined) return;
  const near = closestMatch(unknown, names, { maxDistance: Math.min(3, Math.ceil(unknown.length / 3)) });
  const meant = near === undefined ? `Known are ${names.join(', ')}.` : `Did you mean '${prefix}${near}'?`;
  const option = `${prefix}${unknown}`;
  throw new InvalidInputError(`${what} has no option '${option}'. ${meant}`, { option });
}

/**
 * What could otherwise fail in the middle of the work, or never be heard of.
 * @throws InvalidInputError for a signal that is none, and for what is to be told and is no function
 */
export function expectHooks(hooks: Hooks): void {
  const { signal } = hooks;
  if (signal !== undefined && !isSignal(signal)) {
    throw new InvalidInputError(
      `signal is ${named(signal)}; it must be an AbortSignal, as \`new AbortController().signal\`.`,
      { option: 'signal' },
    );
  }
  for (const option of LISTENERS) {
    const value = hooks[option];
    if (value === undefined || typeof value === 'function') continue;
    throw new InvalidInputError(`${option} is ${named(value)}; it must be a function.`, { option });
  }
}

/**
 * Makes a call whose listener may throw: the call is then aborted, and rejects with what was thrown. Without this, such an
 * error looks like one of the device in this thread, and is lost in a worker.
 */
export async function heard<Event, Result>(
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (event: Event) => void },
  call: (hooks: { signal?: AbortSignal; onProgress?: (event: Event) => void }) => Promise<Result>,
): Promise<Result> {
  if (!onProgress) return call({ signal });
  const thrown = new AbortController();
  const guarded = (event: Event) => {
    if (thrown.signal.aborted) return;
    try {
      onProgress(event);
    } catch (error) {
      thrown.abort(error);
    }
  };
  const either = signal ? AbortSignal.any([signal, thrown.signal]) : thrown.signal;
  const result = await call({ signal: either, onProgress: guarded });
  thrown.signal.throwIfAborted(); // after the last event there is nothing left to abort
  return result;
}

/** Of another frame's realm too, for which `instanceof` would not hold. */
function isSignal(value: unknown): value is AbortSignal {
  const signal = value as AbortSignal | null;
  return (
    typeof signal === 'object' && typeof signal?.throwIfAborted === 'function' && typeof signal.aborted === 'boolean'
  );
}

/** A value as messages call it, after "is". */
export function named(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : `of class ${value.constructor?.name ?? 'Object'}`;
}
