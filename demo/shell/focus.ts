/** @file Sets the focus on something that a key or a click is about to add to the page. */

/**
 * Focuses an element that the last change will render. Preact renders in the microtask after the change, so this comes
 * after it and before the next key, which a frame would not.
 */
export function focusNext(find: () => HTMLElement | null | undefined): void {
  queueMicrotask(() => find()?.focus());
}
