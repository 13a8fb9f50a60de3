/**
 * @file A search, from the query to the results: with the index's own model and, if there is a deep model, with the
 * results of the first pass embedded and ranked by that model.
 */

import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import { InvalidInputError, VLM2VecError } from '../../errors';
import { errorFromWire } from '../../remote/error-wire';
import { checkReadable, nearestReadable } from '../query/readable';
import type { Matching } from '../query/understand';
import type { PhotoEmbedder, SearchOptions, SearchQuery, SearchResult, Understood } from '../types';
import type { DeepModel } from './deep-model';
import { isGone, type EmbedGate } from './embed-gate';
import { embedQuery } from './embed-query';
import type { EmbedQueue } from './embed-queue';
import type { SearchService } from './service';
import { typedQuery } from './typed-query';

export interface SearchMeans {
  first: { embedder: PhotoEmbedder; gate: EmbedGate };
  deep: DeepModel | null;
  queue: EmbedQueue;
  call<T>(run: (service: Remote<SearchService>) => Promise<T>): Promise<T>;
  stoppable<T>(
    signal: AbortSignal | undefined,
    run: (service: Remote<SearchService>, call: number) => Promise<T>,
  ): Promise<T>;
  /** The original of a picture of the index. */
  file(id: number): Promise<Blob>;
}

/** A picture of the query has no deep vector. */
class UnknownPicture extends VLM2VecError {}

const nameOf = ({ name, id }: PhotoEmbedder) => name ?? id;

/** @throws as `PhotoIndex.search` */
export async function search(
  query: SearchQuery,
  { signal, pass, onWords, onFirst, onProgress }: SearchOptions,
  means: SearchMeans,
): Promise<SearchResult> {
  if (pass === 'deep' && !means.deep) {
    throw new InvalidInputError('pass is deep, but the index has no deep model: give it one with useDeep.', {
      option: 'pass',
    });
  }
  if (query.typed === undefined) return searchAsked(query, null, { signal, pass, onFirst, onProgress }, means);
  return typedQuery<SearchResult, Pick<SearchResult, 'placesError'> & { understood: Understood }>(query, {
    understand: async (typed, options) => {
      const { matching, placesError, ...understood } = await means.call((service) =>
        service.understand(typed, options),
      );
      signal?.throwIfAborted();
      return { matching, told: { understood, ...(placesError && { placesError: errorFromWire(placesError) }) } };
    },
    findWords: async (asked): Promise<SearchResult> => {
      const found = await means.call((service) => service.findWords(asked));
      signal?.throwIfAborted();
      const milliseconds = { embed: 0, score: found.milliseconds, deepen: 0 };
      return { ...found, deep: null, deepError: null, milliseconds };
    },
    ask: (wanted, matching, told) => {
      const first = onFirst && ((result: SearchResult) => onFirst({ ...result, ...told }));
      return searchAsked(wanted, matching, { signal, pass, onFirst: first, onProgress }, means);
    },
    onWords,
  });
}

type AskOptions = Omit<SearchOptions, 'onWords'>;

/** @param matching the names that match what was typed; null if nothing was typed */
async function searchAsked(
  query: SearchQuery,
  matching: Matching | null,
  { signal, pass, onFirst, onProgress }: AskOptions,
  means: SearchMeans,
): Promise<SearchResult> {
  const { embedder } = means.first;
  const deep = pass === 'first' ? null : means.deep;
  if (!deep) {
    checkReadable(query, embedder.inputs, nameOf(embedder));
    return (await searchFirst(query, matching, signal, means)).result;
  }
  checkReadable(query, deep.embedder.inputs, nameOf(deep.embedder));
  // No background work comes between a search's words and the pictures that it wants.
  const release = means.queue.hold(1);
  try {
    return await searchBoth(query, matching, { signal, onFirst, onProgress }, means, deep);
  } finally {
    release();
  }
}

async function searchFirst(
  query: SearchQuery,
  matching: Matching | null,
  signal: AbortSignal | undefined,
  means: SearchMeans,
) {
  const { embedder, gate } = means.first;
  const asked = await embedQuery(query, {
    recipe: embedder.recipe,
    embed: (inputs) => gate.query(inputs, signal),
    file: means.file,
  });
  signal?.throwIfAborted();
  if (matching) asked.query.matching = matching;
  const found = await means.call((service) => service.find(asked.query));
  signal?.throwIfAborted();
  const milliseconds = { embed: asked.milliseconds, score: found.milliseconds, deepen: 0 };
  const result: SearchResult = { ...found, deep: null, deepError: null, milliseconds };
  return { asked, result };
}

async function searchBoth(
  query: SearchQuery,
  matching: Matching | null,
  { signal, onFirst, onProgress }: AskOptions,
  means: SearchMeans,
  deep: DeepModel,
): Promise<SearchResult> {
  const { embedder } = means.first;
  const first = await searchFirst(nearestReadable(query, embedder.inputs), matching, signal, means);
  onFirst?.(first.result);
  try {
    const asked = await embedQuery(query, {
      recipe: deep.embedder.recipe,
      embed: (inputs) => deep.gate.query(inputs, signal),
      file: means.file,
    });
    signal?.throwIfAborted();
    const start = performance.now();
    const progress = proxy((done: number, total: number) => onProgress?.({ done, total }));
    const { knowsQuery, ...report } = await means.stoppable(signal, (service, call) =>
      service.deepen(call, first.asked.query, { count: deep.shortlist, seconds: deep.seconds }, progress),
    );
    const deepen = performance.now() - start;
    if (!knowsQuery) {
      throw new UnknownPicture('The deep model does not know a picture of the query, and could not embed it in time.');
    }
    const found = await means.call((service) => service.findBoth(first.asked.query, asked.query));
    signal?.throwIfAborted();
    const embed = first.result.milliseconds.embed + asked.milliseconds;
    return { ...found, deep: report, deepError: null, milliseconds: { embed, score: found.milliseconds, deepen } };
  } catch (error) {
    signal?.throwIfAborted();
    // Without the deep model, the first pass is used, if it could read all of the query.
    if (!isGone(error) && !(error instanceof UnknownPicture)) throw error;
    checkReadable(query, embedder.inputs, nameOf(embedder));
    return { ...first.result, deepError: error as Error };
  }
}
