/** @file `vlm2vec rank`: captions by how well they describe an image, best first. */

import { access } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { VLM2Vec } from '../embedder';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { readManifest } from '../store';
import { printLine } from './output';
import { printableLine } from './printable';
import { BUILT_IN_NAME, bundleAt } from './places';
import type { ProgressLine } from './progress';

const SCORE_DIGITS = 4;

export interface RankArguments {
  model: string;
  device: 'cpu' | 'webgpu';
  minPixels?: number;
  maxPixels?: number;
  json?: boolean;
}

export async function rank(
  image: string,
  captions: string[],
  { model: place, device, minPixels, maxPixels, json }: RankArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const empty = captions.indexOf('');
  if (empty >= 0) throw new InvalidInputError(`Caption ${empty + 1} is empty.`);
  await access(image).catch((cause: unknown) => {
    throw new SourceNotFoundError(`There is no image at ${image}.`, { image }, { cause });
  });
  await readManifest(await bundleAt(place), { signal }); // a checkpoint would be converted: not what was asked for
  const source = place === BUILT_IN_NAME ? place : pathToFileURL(path.resolve(place));
  const model = await VLM2Vec.load(source, { device, signal, onProgress: progress.show });
  try {
    const options = { minPixels, maxPixels, signal };
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
