/** @file Where this code runs, and a way to let other events in. */

/** True in Node (and things that call themselves so), false in pages and workers. */
export const isNode: boolean = typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/** Lets queued events (an abort message, say) be handled: WASM sessions run without ever yielding to them. */
export function letEventsIn(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
