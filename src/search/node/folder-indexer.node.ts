/**
 * @file Indexes folders on disk into a folder: it is the same indexer as in the page, applied to files on this machine.
 */

import { mkdir, readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { InvalidInputError, SourceNotFoundError } from '../../errors';
import { Attempts } from '../indexing/attempts';
import { Folders } from '../indexing/folders';
import { Indexer } from '../indexing/indexer';
import { PICTURE_LIMITS } from '../indexing/limits';
import { makeThumbnail } from '../indexing/thumbnail.node.js';
import { compact, isWasteful } from '../library/compact';
import { EmbedGate } from '../library/embed-gate';
import { listProblems } from '../library/find';
import { LOCAL_FOLDER, MANIFEST_NAME } from '../library/folder-manifest';
import { importIndex } from '../library/import';
import { Library } from '../library/library';
import { closedOnError } from '../library/storage';
import { forgetProblems } from '../library/retry';
import type { FolderInfo, PhotoEmbedder, PhotoProblem, PictureLimits, RunProgress } from '../types';
import { writing } from '../../store/write-errors.node.js';
import { diskFolder, isDiskFolder } from './disk-folder.node.js';
import { lockFolder } from './folder-lock.node.js';
import { FolderStorage } from './folder-storage.node.js';

export interface FolderIndexerOptions {
  embedder: PhotoEmbedder;
  /** How a later search finds the model; kept beside the index, for this machine. */
  model: string;
  limits?: Partial<PictureLimits>;
  /** Whether thumbnails are made. @default true */
  thumbnails?: boolean;
  /** Called when there is something new to show. */
  onChange?: (indexer: FolderIndexer) => void;
}

/** Files that may exist before an index does: those that a crash leaves before the first run ends. */
const OURS = new Set([LOCAL_FOLDER, 'vectors', `${MANIFEST_NAME}.new`]);

export class FolderIndexer {
  readonly library: Library;
  readonly #attempts: Attempts;
  readonly #folders = new Folders();
  readonly #indexer: Indexer;
  readonly #unlock: () => Promise<void>;
  #onSettled: () => void = () => undefined;

  private constructor(
    library: Library,
    attempts: Attempts,
    unlock: () => Promise<void>,
    options: FolderIndexerOptions,
  ) {
    const { embedder, thumbnails = true, onChange } = options;
    const limits = { ...PICTURE_LIMITS, ...options.limits };
    const gate = new EmbedGate(embedder, limits);
    this.library = library;
    this.#attempts = attempts;
    this.#unlock = unlock;
    this.#indexer = new Indexer({
      library,
      attempts,
      limits,
      makeThumbnail: thumbnails ? makeThumbnail : async () => null,
      takesPixels: embedder.takesPixels ?? false,
      transparency: embedder.recipe?.transparency ?? 'drop',
      streamed: embedder.weights === 'streamed',
      embed: (inputs) => gate.index(inputs),
      abortEmbeddings: () => gate.abortIndexing(),
      onDecoding: () => undefined,
      onCommit: () => undefined,
      onChange: () => {
        onChange?.(this);
        if (!this.#indexer.isRunning) this.#onSettled();
      },
      sources: () => this.#folders.sources(library.catalog),
      onWalked: (folderId, walk) => this.#folders.walked(folderId, walk, library.catalog),
      checkFolder: (folderId) => this.#folders.check(folderId, library.catalog),
    });
  }

  /**
   * Opens the index in a folder, or starts one.
   * @throws InvalidInputError if another process is writing it, or the folder holds something else
   * @throws UnsupportedError for an index of another model; IndexFormatError, IntegrityError for a damaged one
   */
  static async open(folder: string, options: FolderIndexerOptions): Promise<FolderIndexer> {
    await refuseForeign(folder);
    const unlock = await lockFolder(folder);
    try {
      const { id, dims, name = null } = options.embedder;
      const storage = await FolderStorage.open(folder, { writable: true, model: { id, name, dims } });
      const place = { place: folder, name: nameOf(folder), modelId: id, modelName: name, dims };
      const library = await Library.open(place, storage, true);
      return await closedOnError({ close: () => library.close().catch(() => undefined) }, async () => {
        if (storage.model !== options.model) await storage.setModel(options.model);
        if (isWasteful(library)) await compact(library);
        // A process that was killed cannot be told from one that crashed, so what it had in progress is merely tried
        // alone.
        const attempts = await Attempts.open(storage, (keys) => ({ keys, alone: false }));
        const indexer = new FolderIndexer(library, attempts, unlock, options);
        await indexer.#folders.refresh(library.catalog);
        await indexer.#folders.checkAll(library.catalog);
        return indexer;
      });
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** The state of the run in progress, or of the last one. */
  get progress(): RunProgress | null {
    return this.#indexer.progress;
  }

  get phase(): Indexer['phase'] {
    return this.#indexer.phase;
  }

  get folders(): FolderInfo[] {
    return this.#folders.describe(this.library.catalog);
  }

  get problems(): PhotoProblem[] {
    return listProblems(this.library.catalog);
  }

  /** Adds a folder on disk; one that is already in the index is left as it is. @throws SourceNotFoundError */
  async add(path: string): Promise<void> {
    const handle = diskFolder(path);
    try {
      await handle.keys().next();
    } catch (cause) {
      throw new SourceNotFoundError(`${path} cannot be scanned: ${(cause as Error).message}.`, { path }, { cause });
    }
    const row = await this.#folders.add({ handle }, this.library.catalog);
    const before = this.library.catalog.folders.get(row.id)?.handle ?? null;
    if (isDiskFolder(before) && before.path === handle.path) return;
    await this.library.commit({ folders: { put: [row] } });
  }

  /** Forgets what could not be indexed, so that {@link run} tries it again. */
  async retry(): Promise<void> {
    await forgetProblems(this.library, this.#attempts);
  }

  /**
   * Scans all folders and indexes what is new or changed. Resolves when nothing is left.
   * @throws the error of the model or the disk; the signal's reason, once what was in progress is committed
   */
  async run(signal?: AbortSignal): Promise<RunProgress> {
    signal?.throwIfAborted();
    const stop = () => void this.#indexer.pause();
    signal?.addEventListener('abort', stop);
    try {
      const settled = new Promise<void>((resolve) => (this.#onSettled = resolve));
      await this.#indexer.start();
      await settled;
      await this.#indexer.pause();
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    if (this.#indexer.error) throw this.#indexer.error as Error;
    signal?.throwIfAborted();
    return this.#indexer.progress!;
  }

  /** Replaces everything with an exported index. Folders are recognised by their names. */
  async import(blob: Blob, signal?: AbortSignal): Promise<void> {
    await importIndex(this.library, blob, signal);
    await this.library.storage.clearAttempts();
    this.#folders.clear();
    await this.#folders.refresh(this.library.catalog);
  }

  /** Ends the run, writes what is left to write, and releases the lock. */
  async close(): Promise<void> {
    try {
      await this.#indexer.pause();
      await this.library.close();
    } finally {
      await this.#unlock();
    }
  }
}

/** The name of the library, which any index may have. */
export function nameOf(folder: string): string {
  return basename(resolve(folder)).slice(0, 64) || 'photos';
}

/** @throws InvalidInputError for a file, or a folder that holds anything other than an index */
async function refuseForeign(folder: string): Promise<void> {
  const making = mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST' && cause.code !== 'ENOTDIR') throw cause;
    throw new InvalidInputError(
      `${folder} is a file; name a folder that is new, empty, or has an index.`,
      {},
      { cause },
    );
  });
  await writing(folder, () => making);
  const names = await readdir(folder);
  if (names.includes(MANIFEST_NAME)) return;
  const foreign = names.find((name) => !OURS.has(name));
  if (foreign === undefined) return;
  throw new InvalidInputError(
    `${folder} contains ${foreign} and no index, so it is left alone. Name a folder that is new, empty, or has an index.`,
    { folder },
  );
}
