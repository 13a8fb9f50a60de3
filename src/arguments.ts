/** @file Functions check what kinds of values they are given: callers without types get a named error. */

import { InvalidInputError } from './errors';

/** @throws InvalidInputError unless `fits`, saying which argument of which call is what, and `what` it must be */
export function expectArgument(call: string, name: string, value: unknown, what: string, fits: boolean): void {
  if (fits) return;
  throw new InvalidInputError(`${call}: ${name} is ${kindOf(value)}; it must be ${what}.`, { argument: name });
}

/** @throws InvalidInputError */
export function expectString(call: string, name: string, value: unknown): void {
  expectArgument(call, name, value, 'a string', typeof value === 'string');
}

/** An object that is not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An array, typed or not, or anything else with a length and numbered items, but not a string. */
export function isListLike(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { length?: unknown }).length === 'number';
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
