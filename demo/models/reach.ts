/**
 * @file Which sites the page of models may reach. It starts with its own only; the Hub or an address is reached by two
 * other pages with different policies, and only once the visitor asks for something there. The request is passed on, to
 * be carried out on arrival.
 */
import type { Effort, WeightDtype } from '../../src/index';
import { mayReach } from '../shell';
import { isAllowed } from '../shell/hosts';

/** What the visitor asked for. Never an access token: what is stored here outlives the page. */
export type Errand =
  | { kind: 'hub'; repo: string; dtype: WeightDtype; effort: Effort }
  | { kind: 'url'; url: string }
  | { kind: 'folder'; dtype: WeightDtype; effort: Effort }
  | { kind: 'resume'; name: string };

const ERRAND = 'models-errand';
/** Read by `public/models-address.js`. */
const ADDRESS = 'models-address';

/**
 * The page that may read a URL; null for this one. @param hub the Hub and the hosts of its files, as policies name them
 */
export function pageFor(url: URL, hub: readonly string[]): string | null {
  if (mayReach(url)) return null;
  return isAllowed(url, hub, location.origin) ? 'models-hub.html' : 'models-address.html';
}

/** Opens that page, to do something there. @throws DOMException if the browser stores nothing for the next page */
export function leaveFor(page: string, url: URL, errand: Errand): void {
  sessionStorage.setItem(ERRAND, JSON.stringify(errand));
  if (page === 'models-address.html') sessionStorage.setItem(ADDRESS, url.origin);
  location.assign(page);
}

/** What this page was opened for; returned only once. */
export function takeErrand(): Errand | null {
  try {
    const text = sessionStorage.getItem(ERRAND);
    sessionStorage.removeItem(ERRAND);
    return text === null ? null : (JSON.parse(text) as Errand);
  } catch {
    return null;
  }
}
