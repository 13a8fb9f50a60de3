/** @file The library of this machine: a browser's own storage, in Node the user's cache. */

import { isNode } from '../environment';
import { browserLibrary, type Library } from '../store/model-store';

export async function openLibrary(): Promise<Library> {
  if (!isNode) return browserLibrary();
  const { folderLibrary } = await import('../store/model-store.node.js');
  return folderLibrary();
}
