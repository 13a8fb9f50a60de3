/**
 * @file `vlm2vec eval failures`: a page of the queries that a run got wrong, from its `--details` and the data's
 * pictures.
 */

import path from 'node:path';
import { InvalidInputError } from '../errors';
import { failurePage, failuresOf, picturesOf, VLM2VEC_PROMPTS, type Pictures } from '../eval';
import { decodeImage } from '../image';
import { missingPackage } from '../missing-package';
import { openData, type DataArguments } from './eval-data';
import { readDetails } from './eval-details';
import { writeWhole } from './eval-output';
import { printLine } from './output';
import type { ProgressLine } from './progress';

/** The longer side of a picture on the page, in pixels: large enough to read the words of a heading. */
const SIDE = 480;
const QUALITY = 70;

export interface FailuresArguments extends DataArguments {
  out: string;
  most: number;
}

/** Writes the page of `details`, the file of a run. */
export async function failuresCommand(
  details: string,
  args: FailuresArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const all = await readDetails(details);
  if (all.length === 0) throw new InvalidInputError(`${details} is empty.`);
  const failed = failuresOf(all);
  const shown = failed.slice(0, args.most);
  const opened = await openData(args, signal);
  const source = opened.kind === 'mmeb' ? opened.data.pictures : opened.source.asked(VLM2VEC_PROMPTS).pictures;
  const paths = [...new Set(shown.flatMap(picturesOf))];
  const pictures = new Map<string, string>();
  for (const [i, each] of paths.entries()) {
    signal.throwIfAborted();
    progress.show({ status: 'progress_total', phase: 'prepare', file: each, progress: (100 * i) / paths.length });
    pictures.set(each, await smallPicture(source, each, signal));
  }
  const title = path.basename(details);
  await writeWhole(args.out, failurePage({ title, queries: all.length, failed: failed.length, shown, pictures }));
  progress.clear();
  await printLine(`${failed.length} of ${all.length} queries failed; ${shown.length} are shown in ${args.out}.`);
}

/** As a `data:` URL. */
async function smallPicture(pictures: Pictures, path: string, signal: AbortSignal): Promise<string> {
  const image = await decodeImage(await pictures.read(path, signal), { orientation: 'stored', signal });
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw missingPackage('sharp', 'Writing a page of failures needs', cause);
  });
  const { width, height, data } = image;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ width: SIDE, height: SIDE, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString('base64')}`;
}
