/**
 * @file Keys of the whole page: `/` goes to the search box from anywhere, and Down goes from the box to the pictures.
 */

/** @returns stops listening */
export function watchKeys(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (event.key === '/' && !isTyping(target) && !document.querySelector('dialog[open]')) {
      const box = document.querySelector<HTMLInputElement>('#query');
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === 'ArrowDown' && target.id === 'query') {
      event.preventDefault();
      focusResults();
    }
  };
  addEventListener('keydown', onKeyDown);
  return () => removeEventListener('keydown', onKeyDown);
}

/** Goes to the picture that Tab would reach, or to the map. */
export function focusResults(): void {
  document.querySelector<HTMLElement>('.cell-open[tabindex="0"], .map canvas, .groups .member')?.focus();
}

const NO_TEXT = ['radio', 'checkbox', 'range', 'file', 'button'];

function isTyping(target: HTMLElement): boolean {
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type);
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName);
}
