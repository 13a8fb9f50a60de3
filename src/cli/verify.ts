/** @file `vlm2vec verify`: runs the model card's own example and shows our scores beside the published ones. */

import { SourceNotFoundError } from '../errors';
import { CARD_EXAMPLE, CARD_TOLERANCE, verifyCard, type CardModel, type VerifyReport } from '../eval';
import { HttpFile } from '../net';
import { readWhole } from '../read-file.node.js';
import { loadRuntime, type WeightsChoice } from '../runtime';
import { CheckFailed } from './failure';
import { printLine } from './output';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';

export interface VerifyArguments {
  /** Path or URL. */
  image: string;
  as?: CardModel;
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  json?: boolean;
}

/** Throws {@link CheckFailed} if the scores are not the published ones. */
export async function verify(
  place: string,
  { image, as, device, weights, json }: VerifyArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const reader = await bundleAt(place);
  const picture = await pictureAt(image, signal);
  const runtime = await loadRuntime({ reader, device, weights, signal, onProgress: progress.show });
  try {
    const report = await verifyCard(
      { info: runtime.info, embed: (inputs, options) => runtime.embed(inputs, options) },
      picture,
      { as, signal },
    );
    progress.clear();
    if (json) await printLine(JSON.stringify(report, null, 2));
    else for (const line of describe(report, runtime.info.dtype)) await printLine(line);
    if (!report.passed) throw new CheckFailed(`the scores are not those published by ${report.label}.`);
  } finally {
    await runtime.dispose();
  }
}

function describe(
  { label, answers, tolerance, ordered, passed }: VerifyReport,
  dtype: keyof typeof CARD_TOLERANCE,
): string[] {
  const width = Math.max(...answers.map(({ text }) => text.length));
  const wider =
    tolerance > CARD_TOLERANCE.fp32 ? `, wider for ${dtype} weights than the usual ${CARD_TOLERANCE.fp32}` : '';
  return [
    `${label}: ${CARD_EXAMPLE.question}`,
    `  ${'answer'.padEnd(width)}    ours  published  difference`,
    ...answers.map(
      ({ text, score, published, difference, passed: close }) =>
        `  ${text.padEnd(width)}  ${score.toFixed(4)}     ${published.toFixed(4)}     ${signed(difference)}${close ? '' : '  too far'}`,
    ),
    `  tolerance ±${tolerance}${wider}; order ${ordered ? 'right' : 'wrong'}`,
    passed ? 'passed' : 'failed',
  ];
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

/** The bytes of a file, or those at a URL. */
async function pictureAt(place: string, signal: AbortSignal): Promise<Uint8Array> {
  if (/^https?:/.test(place)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of new HttpFile({ url: place }).stream(signal)) pieces.push(piece);
    return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }
  return readWhole(place, signal).catch((cause: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    throw new SourceNotFoundError(`There is no picture at ${place} (${cause.code}).`, { image: place }, { cause });
  });
}
