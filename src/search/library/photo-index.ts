/** @file Opens a photo index in a page: from the caller's options to what the index works with. */

import { UnsupportedError } from '../../errors';
import type { OpenOptions, PhotoIndex } from '../types';
import { PICTURE_LIMITS } from '../indexing/limits';
import { asEmbedder } from './as-embedder';
import { checkOpen } from './checks';
import { deepModel } from './deep-model';
import { EmbedQueue } from './embed-queue';
import { placeName } from './place';
import { startSearchWorker, startSurveyWorker } from './start-workers';
import { BrowserPhotoIndex } from './browser-photo-index';

/**
 * Opens a photo index, or creates it.
 * @throws UnsupportedError outside of browsers, if the browser cannot store an index, if a newer version made it, and
 *   for a recipe with several vectors per input; InvalidInputError for unknown or meaningless options
 */
export async function openPhotoIndex(options: OpenOptions): Promise<PhotoIndex> {
  checkOpen(options);
  const { name = 'photos' } = options;
  const embedder = asEmbedder(options.embedder, 'embedder');
  if (!options.worker && typeof Worker === 'undefined') {
    throw new UnsupportedError(
      'openPhotoIndex keeps its index in a browser. In Node, index a folder on the command line: vlm2vec index <folder>.',
    );
  }
  const limits = { ...PICTURE_LIMITS, ...options.limits };
  const queue = new EmbedQueue();
  const models = { first: embedder, limits, queue };
  const deep = options.deep ? deepModel(options.deep, models) : null; // before anything is opened: it may be refused
  const place = await placeName(name, embedder.id);
  const index = await BrowserPhotoIndex.open({
    settings: {
      place,
      name,
      modelId: embedder.id,
      modelName: embedder.name ?? null,
      dims: embedder.dims,
      limits,
      takesPixels: embedder.takesPixels ?? false,
      transparency: embedder.recipe?.transparency ?? 'drop',
      streamed: embedder.weights === 'streamed',
      deep: null,
    },
    models,
    start: options.worker ?? startSearchWorker,
    startSurvey: options.surveyWorker ?? startSurveyWorker,
    places: options.places,
  });
  try {
    if (deep) await index.attach(deep);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}
