/**
 * @file Recognises pages in disguise: many servers answer with a page, and status 200, for a file that they do not
 * have.
 */

import { SourceNotFoundError } from '../errors';

const PAGE = /^\s*<(!doctype|html|head|body)/i;
/** How many of the first bytes are enough to tell. */
export const PAGE_START = 256;

/** A real file may be sent with the wrong type, so its beginning must look like a page too. */
export function isPage(headers: Headers, start: Uint8Array): boolean {
  return /text\/html/i.test(headers.get('Content-Type') ?? '') && PAGE.test(new TextDecoder().decode(start));
}

export function pageInstead(name: string, url: string, status: number): SourceNotFoundError {
  return new SourceNotFoundError(
    `${name} is not there: the server answered with a page (text/html, HTTP status ${status}), as many do for files that do not exist.`,
    { url, status },
  );
}
