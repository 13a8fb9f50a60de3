/** @file Reading files over HTTP, surviving what goes wrong on the way. */

export { fetchAnywhere } from './data-url';
export { HttpFile, type HttpFileOptions } from './http-file';
export { isPassing, retryAfter, wait } from './retry';
