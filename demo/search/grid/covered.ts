/** @file How much of the view the toolbar covers, if it stays in place while scrolling. */

/** @returns CSS pixels from the top of the window */
export function covered(): number {
  const toolbar = document.querySelector('.toolbar');
  return toolbar && getComputedStyle(toolbar).position === 'sticky' ? toolbar.getBoundingClientRect().height : 0;
}
