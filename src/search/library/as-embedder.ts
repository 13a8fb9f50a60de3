/**
 * @file The model of an index, however it was given: as an embedder, or as a loaded model, which provides what an index
 * needs.
 */

import { InvalidInputError } from '../../errors';
import { named } from '../../hooks';
import type { PhotoEmbedder, PhotoModel } from '../types';
import { refuse } from './checks';
import { expectOneVector } from './index-model';

/**
 * @param option names it in messages: `embedder`
 * @throws InvalidInputError for anything that is not an embedder; UnsupportedError for one with several vectors per
 * input
 */
export function asEmbedder(given: PhotoEmbedder | PhotoModel, option: string): PhotoEmbedder {
  if (typeof (given as { then?: unknown } | undefined)?.then === 'function') {
    throw new InvalidInputError(`${option} is a promise; wait for the model: await VLM2Vec.load(…).`, { option });
  }
  if (typeof given?.embed !== 'function') {
    const what = `a loaded model, or { id, dims, embed }`;
    if (typeof given !== 'object' || given === null) refuse(option, given, what);
    throw new InvalidInputError(`${option}.embed is ${named(given.embed)}; ${option} must be ${what}.`, {
      option: `${option}.embed`,
    });
  }
  const { id, dims } = given;
  // With an empty id, the vectors of all such models would be mistaken for those of one.
  if (typeof id !== 'string' || id === '')
    refuse(`${option}.id`, id === '' ? "''" : id, 'a string that names the model, such as model.id');
  if (!(Number.isSafeInteger(dims) && dims > 0))
    refuse(`${option}.dims`, dims, 'the length of a vector, such as model.dims');
  const embedder = 'info' in given ? ofModel(given) : given;
  const { restart, weights, recipe } = embedder;
  if (restart !== undefined && typeof restart !== 'function') refuse(`${option}.restart`, restart, 'a function');
  if (weights !== undefined && weights !== 'resident' && weights !== 'streamed') {
    refuse(`${option}.weights`, weights, 'resident or streamed, such as model.info.weights');
  }
  if (recipe) expectOneVector(recipe);
  return embedder;
}

function ofModel(model: PhotoModel): PhotoEmbedder {
  const { recipe, inputs, weights, source } = model.info;
  return {
    ...{ id: model.id, dims: model.dims, name: source.adapter?.id ?? source.base.id },
    ...{ recipe, inputs, weights, takesPixels: true },
    embed: (given, options) => model.embed(given, options),
  };
}
