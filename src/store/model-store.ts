/** @file Where this machine keeps bundles by name: the origin-private file system of a browser, else memory. */

import type { BundleReader, BundleWriter } from '../bundle/storage';
import { SourceNotFoundError } from '../errors';
import type { WaitOptions } from './locks';
import { memoryBundle, type MemoryBundle } from './memory';
import {
  checkName,
  deleteOpfsBundle,
  listOpfsBundles,
  listUnfinishedOpfsBundles,
  opfsBundle,
  unfinishedOpfsBundle,
} from './opfs';
import { hasOpfs, openRoot } from './opfs-files';
import { opfsWriter } from './opfs-writer';

export interface ModelStoreEntry {
  name: string;
  /** Bytes on disk. */
  bytes: number;
  finished: boolean;
}

/** Bundles by name. `memory` forgets everything with the page. */
export interface ModelStore {
  readonly kind: 'opfs' | 'folder' | 'memory';
  /** Under one name there may be both a finished bundle and an unfinished one that is to replace it. */
  list(): Promise<ModelStoreEntry[]>;
  /** The finished bundle; reading rejects with {@link SourceNotFoundError} if there is none. */
  bundle(name: string): BundleReader;
  unfinished(name: string): Promise<BundleReader | null>;
  /** Continues an unfinished bundle, if this model store can. Rejects as `opfsWriter` and `folderWriter` do. */
  writer(name: string, options: WaitOptions): Promise<BundleWriter>;
  /** Deletes both. Does nothing if there is neither. */
  delete(name: string): Promise<void>;
}

const opfsStore: ModelStore = {
  kind: 'opfs',
  list: async () => {
    const [finished, unfinished] = await Promise.all([listOpfsBundles(), listUnfinishedOpfsBundles()]);
    return [
      ...finished.map((entry) => ({ ...entry, finished: true })),
      ...unfinished.map((entry) => ({ ...entry, finished: false })),
    ];
  },
  bundle: opfsBundle,
  unfinished: unfinishedOpfsBundle,
  writer: (name, options) => opfsWriter(name, { ...options, resume: true }),
  delete: deleteOpfsBundle,
};

/** A model store that lasts as long as this page or process does. */
export function memoryStore(): ModelStore {
  const bundles = new Map<string, MemoryBundle>();
  return {
    kind: 'memory',
    list: async () => [...bundles.keys()].map((name) => ({ name, bytes: 0, finished: true })),
    bundle: (name) => {
      checkName(name);
      return {
        label: name,
        open: async (path, signal) => {
          const bundle = bundles.get(name);
          if (!bundle) throw new SourceNotFoundError(`No bundle named ${name} is stored here.`, { name });
          return bundle.reader.open(path, signal);
        },
      };
    },
    unfinished: async () => null,
    writer: async (name) => {
      checkName(name);
      const bundle = memoryBundle(name);
      return {
        ...bundle.writer,
        publish: async () => {
          await bundle.writer.publish();
          bundles.set(name, bundle);
        },
      };
    },
    delete: async (name) => void bundles.delete(name),
  };
}

const inMemory = memoryStore();
const REFUSED = ['SecurityError', 'NotAllowedError', 'UnknownError'];

/** This browser's model store. Private windows of some browsers refuse their file system; then it is kept in memory. */
export async function browserStore(): Promise<ModelStore> {
  if (!hasOpfs()) return inMemory;
  try {
    await openRoot();
    return opfsStore;
  } catch (error) {
    if (error instanceof DOMException && REFUSED.includes(error.name)) return inMemory;
    throw error;
  }
}
