/** @file The deep model of an index, on the page's side: what qualifies as one, and access to it. */

import { InvalidInputError } from '../../errors';
import { expectKnown } from '../../hooks';
import type { DeepOptions, PhotoEmbedder, PictureLimits } from '../types';
import { asEmbedder } from './as-embedder';
import { EmbedGate } from './embed-gate';
import type { EmbedQueue } from './embed-queue';
import type { DeepSettings } from './protocol';

const OPTIONS: readonly (keyof DeepOptions)[] = ['embedder', 'order', 'shortlist', 'seconds'];
const ORDERS = ['newest', 'matching'] as const;
const MOST_SHORTLISTED = 10_000;

export interface DeepModel {
  embedder: PhotoEmbedder;
  gate: EmbedGate;
  settings: DeepSettings;
  shortlist: number;
  seconds: number;
}

/**
 * @param first the index's own model
 * @param queue shared by all models of the index
 * @throws InvalidInputError, by the option's name; UnsupportedError
 */
export function deepModel(
  options: DeepOptions,
  { first, limits, queue }: { first: PhotoEmbedder; limits: PictureLimits; queue: EmbedQueue },
): DeepModel {
  if (typeof options !== 'object') throw new InvalidInputError(`deep is ${String(options)}; it must be { embedder }.`);
  expectKnown('The deep model', options, OPTIONS, 'deep.');
  const { order = 'newest', shortlist = 200, seconds = 10 } = options;
  const embedder = asEmbedder(options.embedder, 'deep.embedder');
  if (embedder.id === first.id) refuse('embedder', "is the index's own model; a deep model must be a different one.");
  if (!ORDERS.includes(order)) refuse('order', `is ${JSON.stringify(order)}; it must be one of ${ORDERS.join(', ')}.`);
  if (!Number.isInteger(shortlist) || shortlist < 1 || shortlist > MOST_SHORTLISTED) {
    refuse('shortlist', `is ${shortlist}; it must be a whole number from 1 to ${MOST_SHORTLISTED}.`);
  }
  if (!(seconds >= 0 && seconds < Infinity)) refuse('seconds', `is ${seconds}; it must be 0 or more.`);
  return {
    embedder,
    gate: new EmbedGate(embedder, limits, queue),
    settings: {
      modelId: embedder.id,
      modelName: embedder.name ?? null,
      dims: embedder.dims,
      streamed: embedder.weights === 'streamed',
      order,
    },
    shortlist,
    seconds,
  };
}

function refuse(option: string, what: string): never {
  throw new InvalidInputError(`deep.${option} ${what}`, { option: `deep.${option}` });
}
