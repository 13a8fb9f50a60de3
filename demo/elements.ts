/** @file The elements of a page: those that its HTML has, and new ones. What comes from outside is set as text. */

/** @throws where the page has no such element: page and script do not belong together */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page lacks #${id}`);
  return element;
}

export function newElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text: string,
  className = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

export function newButton(text: string, onClick: () => void, className = ''): HTMLButtonElement {
  const button = newElement('button', text, className);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}
