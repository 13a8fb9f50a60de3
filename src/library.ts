/** @file The library of this machine: a browser's own storage, in Node the user's cache. */

import { isNode } from './runtime/environment';
import { browserLibrary, type Library } from './store/library';

export async function openLibrary(): Promise<Library> {
  if (!isNode) return browserLibrary();
  const { folderLibrary } = await import('./store/library.node.js');
  return folderLibrary();
}
