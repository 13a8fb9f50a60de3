/** @file Reads files over HTTP, and survives what goes wrong on the way. */

export { fetchAnywhere } from './data-url';
export { HttpFile, type HttpFileOptions } from './http-file';
export { importing, whyNotLoaded } from './own-files';
export { isPage, PAGE_START, pageInstead } from './page';
export { isPassing, LONGEST_WAIT, PassingFailure, passingRefusal, retryAfter, retrying, wait } from './retry';
