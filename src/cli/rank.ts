/** @file `vlm2vec rank`: captions by how well they describe an image, best first. */

import { access } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { VLM2Vec } from '../embedder';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import type { WeightsChoice } from '../runtime';
import { checkAsked } from './asked-options';
import { printLine } from './output';
import { printableLine } from './printable';
import { modelAt } from './places';
import type { ProgressLine } from './progress';
import type { Compute } from '../runtime';
import { licenceWarnings, recipeAt, recipeOfPlace } from './recipe';
import { warn } from './warn';

const SCORE_DIGITS = 4;

export interface RankArguments {
  model: string;
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
  minPixels?: number;
  maxPixels?: number;
  numCrops?: number;
  /** Name of a built-in recipe, or a JSON file. */
  recipe?: string;
  json?: boolean;
}

export async function rank(
  image: string,
  captions: string[],
  { model: place, device, compute, weights, recipe, minPixels, maxPixels, numCrops, json }: RankArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const empty = captions.indexOf('');
  if (empty >= 0) throw new InvalidInputError(`Caption ${empty + 1} is empty.`);
  await access(image).catch((cause: unknown) => {
    throw new SourceNotFoundError(`There is no image at ${image}.`, { image }, { cause });
  });
  const given = recipe === undefined ? undefined : await recipeAt(recipe, signal);
  const source = await modelAt(place);
  const known = given ?? (typeof source === 'string' ? recipeOfPlace(source) : undefined);
  if (known) for (const line of licenceWarnings(known)) warn(line, progress); // before anything is downloaded
  const model = await VLM2Vec.load(source, {
    device,
    compute,
    weights,
    recipe: given,
    signal,
    onProgress: progress.show,
  });
  try {
    const { assumed } = model.info.recipe;
    if (assumed !== null) warn(assumed, progress);
    const options = { minPixels, maxPixels, numCrops, signal };
    for (const line of checkAsked(options, model.info)) warn(line, progress);
    const ranked = await model.rank({ image: pathToFileURL(path.resolve(image)) }, captions, options);
    progress.clear();
    if (json) await printLine(JSON.stringify(ranked.map(({ candidate, score }) => ({ caption: candidate, score }))));
    else
      for (const { candidate, score } of ranked)
        await printLine(`${score.toFixed(SCORE_DIGITS)}  ${printableLine(candidate)}`);
  } finally {
    await model.dispose();
  }
}
