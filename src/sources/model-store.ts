/** @file The model store of this machine: a browser's own storage, in Node the user's cache. */

import { isNode } from '../environment';
import { browserStore, type ModelStore } from '../store/model-store';

export async function openModelStore(): Promise<ModelStore> {
  if (!isNode) return browserStore();
  const { folderStore } = await import('../store/model-store.node.js');
  return folderStore();
}
