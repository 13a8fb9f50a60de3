/** @file The focus, for what a key or a click is about to bring onto the page. */

/**
 * Focuses what a change just made will have rendered. Preact renders in the microtask after the change, so this comes
 * after it and before the next key, which a frame would not.
 */
export function focusNext(find: () => HTMLElement | null | undefined): void {
  queueMicrotask(() => find()?.focus());
}
