/** @file Constants that callers share, which JavaScript could otherwise change for all of them. */

/** Freezes `value` and all it consists of; plain data without cycles. Calls are marked as pure, for bundlers. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
