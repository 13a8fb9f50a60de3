/** @file The state of a photo index's worker while the index is open. */

import type { Attempts } from '../indexing/attempts';
import type { Indexer } from '../indexing/indexer';
import type { BrowserStorage } from './browser-storage';
import type { Library } from './library';

export interface Opened {
  storage: BrowserStorage;
  library: Library;
  /** Null if another tab writes, as is the indexer. */
  attempts: Attempts | null;
  indexer: Indexer | null;
}
