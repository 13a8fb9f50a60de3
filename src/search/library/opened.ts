/** @file What the worker of a photo index has while the index is open. */

import type { Attempts } from '../indexing/attempts';
import type { Indexer } from '../indexing/indexer';
import type { BrowserStorage } from './browser-storage';
import type { Library } from './library';

export interface Opened {
  storage: BrowserStorage;
  library: Library;
  /** Null where another tab writes, as is the indexer. */
  attempts: Attempts | null;
  indexer: Indexer | null;
}
