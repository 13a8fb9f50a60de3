/** @file `vlm2vec rank`: captions by how well they describe an image, best first. */
import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { readManifest } from '../store';
import { loadRuntime } from '../runtime';
import { fillPrompt, instructions } from '../text';
import { printLine } from './output';
import { bundleAt } from './places';
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
  { model, device, minPixels, maxPixels, json }: RankArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const empty = captions.indexOf('');
  if (empty >= 0) throw new InvalidInputError(`Caption ${empty + 1} is empty.`);
  await access(image).catch((cause: unknown) => {
    throw new SourceNotFoundError(`There is no image at ${image}.`, { image }, { cause });
  });
  const reader = bundleAt(model);
  const manifest = await readManifest(reader, { signal });
  const runtime = await loadRuntime({ reader, manifest, device, signal, onProgress: progress.show });
  try {
    const query = {
      image: pathToFileURL(image),
      text: fillPrompt(instructions.MSCOCO_i2t.query, '', manifest.prompts),
    };
    const [queryVector, ...vectors] = await runtime.embed([query, ...captions], { minPixels, maxPixels, signal });
    const ranked = captions
      .map((caption, i) => ({ caption, score: dot(queryVector!, vectors[i]!) }))
      .sort((a, b) => b.score - a.score);
    progress.clear();
    if (json) await printLine(JSON.stringify(ranked));
    else for (const { caption, score } of ranked) await printLine(`${score.toFixed(SCORE_DIGITS)}  ${caption}`);
  } finally {
    await runtime.dispose();
  }
}

/** Cosine of unit vectors. */
function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
