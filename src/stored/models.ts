/**
 * @file The models stored on this machine: in a browser's origin-private file system, or in Node in the user's cache. A
 * page can list, check and delete them without a worker; the code for that is loaded when it is first used.
 */

import { UnsupportedError } from '../errors';
import { expectHooks, expectKnown, expectOptions, heard } from '../hooks';
import { importing } from '../net';
import type { Estimate } from './estimate';
import { prepareLoad, startBackend, type LoadOptions, type PreparedLoad } from '../load-options';
import { askToPersist } from '../store/persist';
import type { ModelSource } from '../sources/spec';
import type { StoredModel } from './describe';
import type { InternalOptions, OnProgress } from '../runtime/index';

/** Options of `models.add`; see those of `VLM2Vec.load`. */
export type AddOptions = Pick<
  LoadOptions,
  | 'dtype'
  | 'effort'
  | 'base'
  | 'adapter'
  | 'hubUrl'
  | 'accessToken'
  | 'refresh'
  | 'modelsUrl'
  | 'worker'
  | 'wasmPaths'
  | 'numThreads'
  | 'signal'
  | 'onProgress'
> & {
  /** @internal for tests */
  internal?: InternalOptions;
};

/** Options of `models.estimate` and `models.isCached`: those of `VLM2Vec.load` that determine what would be loaded. */
export type EstimateOptions = Pick<
  LoadOptions,
  'dtype' | 'effort' | 'base' | 'adapter' | 'hubUrl' | 'accessToken' | 'store' | 'modelsUrl' | 'signal'
>;

/**
 * Stored models.
 *
 * ```ts
 * const cost = await models.estimate('TIGER-Lab/VLM2Vec-Qwen2VL-2B');  // before the first byte of it
 * await models.add('TIGER-Lab/VLM2Vec-Qwen2VL-2B', { signal, onProgress });
 * for (const { name, bytes, state } of await models.list()) console.log(name, bytes, state);
 * const model = await VLM2Vec.load({ name });
 * ```
 */
export const models = {
  /** Lists all stored models, including unfinished ones, sorted by name. */
  async list(): Promise<StoredModel[]> {
    const { listModels } = await importing(() => import('./describe'));
    return listModels();
  },

  /** Describes one stored model. @throws SourceNotFoundError if there is none with that name */
  async inspect(name: string): Promise<StoredModel> {
    const { inspectModel } = await importing(() => import('./describe'));
    return inspectModel(name);
  },

  /**
   * Reads every byte of a stored model and compares it with its hashes.
   * @throws IntegrityError naming the damaged file; SourceNotFoundError if there is no such model
   */
  async verify(name: string, options: { signal?: AbortSignal; onProgress?: OnProgress } = {}): Promise<void> {
    expectOptions('models.verify', options);
    expectKnown('models.verify', options, ['signal', 'onProgress']);
    expectHooks(options);
    const { verifyModel } = await importing(() => import('./describe'));
    return verifyModel(name, options);
  },

  /**
   * Deletes a model, finished or not; does nothing if there is none. If it is loaded, dispose of it first: a loaded
   * model reads token embeddings from its files.
   * @throws InvalidInputError if another tab or worker is writing it: abort that first
   */
  async delete(name: string): Promise<void> {
    const { openModelStore } = await importing(() => import('../sources/model-store'));
    await (await openModelStore()).delete(name);
  },

  /**
   * Tells whether a source is stored here completely, so that loading it downloads nothing. Pass the options that it
   * would be loaded with: a different `dtype` is a different model.
   */
  async isCached(source: ModelSource, options: EstimateOptions = {}): Promise<boolean> {
    const { spec, settings, signal } = await prepareLoad(source, options, 'models.isCached');
    const { isKept } = await importing(() => import('./estimate'));
    return isKept(spec, { ...openOptions(settings), signal });
  },

  /**
   * Deletes all stored models, finished or not.
   * @throws the errors of {@link delete}; models before the failing one have been deleted then
   */
  async clear(): Promise<void> {
    const { openModelStore } = await importing(() => import('../sources/model-store'));
    const store = await openModelStore();
    for (const name of new Set((await store.list()).map((entry) => entry.name))) await store.delete(name);
  },

  /**
   * Estimates what a source will cost before any of it is downloaded: bytes, storage, and whether this device can run
   * it. Reads a few small files (listing, configs, or `bundle.json`).
   */
  async estimate(source: ModelSource, options: EstimateOptions = {}): Promise<Estimate> {
    const { spec, settings, signal } = await prepareLoad(source, options, 'models.estimate');
    const { estimateSource } = await importing(() => import('./estimate'));
    return estimateSource(spec, { ...openOptions(settings), signal });
  },

  /**
   * Downloads or converts a model into the model store without loading it. Aborting pauses it: repeating the call
   * continues where it stopped, even after a crash or a reload; {@link delete} discards it.
   * @returns the stored model, for `VLM2Vec.load({ name })`
   * @throws the errors of {@link VLM2Vec.load}; StorageFullError if it does not fit
   */
  async add(source: ModelSource, options: AddOptions = {}): Promise<StoredModel> {
    const { spec, settings, worker, signal, onProgress } = await prepareLoad(source, options, 'models.add');
    const backend = await startBackend(worker);
    try {
      const name = await heard({ signal, onProgress }, (hooks) => backend.add(spec, settings, hooks));
      void askToPersist();
      const { inspectModel } = await importing(() => import('./describe'));
      if (name === null) throw new UnsupportedError('These files are already a bundle; load them from where they are.');
      return await inspectModel(name);
    } finally {
      await backend.dispose();
    }
  },
};

/** The recipe of a model changes neither where it is stored nor what it costs. */
function openOptions({ recipe: _recipe, ...settings }: PreparedLoad['settings']) {
  return settings;
}
