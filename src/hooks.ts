/** @file What accompanies a call: how it is ended, and who is told of what. */

import { InvalidInputError } from './errors';

/** Options of a call that are no data. */
export interface Hooks {
  signal?: unknown;
  onProgress?: unknown;
  onUsage?: unknown;
  onSkip?: unknown;
}

/** Options are an object, or left out. @throws InvalidInputError */
export function expectOptions(call: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const given = options === null ? 'null' : Array.isArray(options) ? 'an array' : `a ${typeof options}`;
  throw new InvalidInputError(`${call} takes its options as an object, not as ${given}.`, { option: 'options' });
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
      {
        option: 'signal',
      },
    );
  }
  for (const option of ['onProgress', 'onUsage', 'onSkip'] as const) {
    const value = hooks[option];
    if (value === undefined || typeof value === 'function') continue;
    throw new InvalidInputError(`${option} is ${named(value)}; it must be a function.`, { option });
  }
}

/** Of another frame's realm too, for which `instanceof` would not hold. */
function isSignal(value: unknown): value is AbortSignal {
  const signal = value as AbortSignal | null;
  return (
    typeof signal === 'object' && typeof signal?.throwIfAborted === 'function' && typeof signal.aborted === 'boolean'
  );
}

const named = (value: unknown) =>
  value === null || typeof value !== 'object' ? String(value) : `of class ${value.constructor?.name ?? 'Object'}`;
