/** @file A loaded bundle as a photo index uses it, with the same calls as on the page. */

import path from 'node:path';
import type { BundleReader } from '../bundle/storage';
import { loadRuntime, type Compute, type EmbedInput, type Runtime, type WeightsChoice } from '../runtime';
import { checkModel, expectOneVector, type IndexModel } from '../search/library/index-model';
import type { PhotoEmbedder } from '../search';
import { BUILT_IN_NAME, bundleAt } from './places';
import type { ProgressLine } from './progress';

/** Options of the commands that embed pictures or queries. */
export interface ModelArguments {
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
}

export interface LoadedEmbedder {
  embedder: PhotoEmbedder;
  /** A name for the bundle that works from any folder: its path, or `nano`. */
  model: string;
  dispose(): Promise<void>;
}

/**
 * @param place as `--model` takes it
 * @param dims fewer than the model's, if its recipe offers them; default: the index's, or all
 * @param indexed the model of the index that it will be used for
 * @throws UnsupportedError for a recipe with several vectors per input, and for a model other than `indexed`;
 * InvalidInputError for dims that it does not offer
 */
export async function loadEmbedder(
  place: string,
  { device, weights, compute, indexed, dims = indexed?.dims }: ModelArguments & { dims?: number; indexed?: IndexModel },
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<LoadedEmbedder> {
  const reader: BundleReader = await bundleAt(place);
  const runtime = await loadRuntime({ reader, device, compute, weights, signal, onProgress: progress.show });
  try {
    const { id, recipe } = runtime.info;
    expectOneVector(recipe);
    const name = nameOf(place, runtime);
    const least = dims === runtime.info.dims ? undefined : dims;
    if (indexed) checkModel(indexed, { id, name, dims: dims ?? runtime.info.dims }, 'The index');
    const embedder = embedderOf(runtime, name, least);
    // Dims that the recipe does not offer are refused here, not at the first picture.
    if (least !== undefined) await embedder.embed([{ text: 'a', role: 'query' }], { signal });
    progress.clear();
    const model = place === BUILT_IN_NAME ? place : path.resolve(place);
    return { embedder, model, dispose: () => runtime.dispose() };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}

/** For people: `nano`, `VLM2Vec-Qwen2VL-2B (q4)`. */
function nameOf(place: string, { info }: Runtime): string {
  return place === BUILT_IN_NAME ? place : `${path.basename(path.resolve(place))} (${info.dtype})`;
}

function embedderOf(runtime: Runtime, name: string, dims: number | undefined): PhotoEmbedder {
  const { id, weights, recipe } = runtime.info;
  return {
    ...{ id, name, weights, recipe },
    dims: dims ?? runtime.info.dims,
    takesPixels: true,
    embed: (inputs, { signal, find }) => runtime.embed(inputs as readonly EmbedInput[], { signal, find, dims }),
  };
}
