/** @file Renders a page into its document. */
import { render, type ComponentChild } from 'preact';

/** Renders into `#app`, in place of the content shown while the script loads. */
export function mount(page: ComponentChild): void {
  const app = document.getElementById('app');
  if (!app) throw new Error('The page lacks #app');
  app.replaceChildren();
  render(page, app);
}
