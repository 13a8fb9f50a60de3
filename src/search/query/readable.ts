/**
 * @file What a model can read of a query if it reads words or a picture but not both at once, or takes no instruction.
 */

import { UnsupportedError } from '../../errors';
import type { EmbedderInputs, QueryPart, SearchQuery } from '../types';

const ANYTHING: EmbedderInputs = { together: true, instruction: true };

/**
 * Refuses a query that the model cannot read.
 * @param model its name, for the message
 * @throws UnsupportedError
 */
export function checkReadable(query: SearchQuery, { together, instruction }: EmbedderInputs = ANYTHING, model: string) {
  const parts = partsOf(query);
  if (!together && parts.some(({ text, image }) => text && image !== undefined)) {
    throw new UnsupportedError(
      `${model} reads words or a picture, not both together: give the picture as a separate part (combine), or give the index ` +
        'a deep model that reads both.',
      { option: 'image' },
    );
  }
  if (!instruction && query.instruction !== undefined) {
    throw new UnsupportedError(
      `${model} takes no instruction: leave it out, or give the index a deep model that does.`,
      {
        option: 'instruction',
      },
    );
  }
}

/**
 * The closest query that the model can read: good enough for choosing which pictures another model is to rank. Words
 * and a picture that it cannot read together become two parts; an instruction that it does not take is left out.
 */
export function nearestReadable(query: SearchQuery, { together, instruction }: EmbedderInputs = ANYTHING): SearchQuery {
  const { instruction: asked, ...plain } = query;
  const worded = instruction && asked !== undefined ? { ...plain, instruction: asked } : plain;
  if (together) return worded;
  const { text, image, combine = [], exclude = [], ...rest } = worded;
  const [main, ...others] = apart({ text, image });
  const parts = [...others, ...combine.flatMap(apart)];
  const without = exclude.flatMap(apart);
  return {
    ...rest,
    ...main,
    ...(parts.length > 0 && { combine: parts }),
    ...(without.length > 0 && { exclude: without }),
  };
}

function partsOf({ text, image, combine = [], exclude = [] }: SearchQuery): QueryPart[] {
  return [{ text, image }, ...combine, ...exclude];
}

function apart(part: QueryPart): QueryPart[] {
  const { text, image, ...weight } = part;
  if (text && image !== undefined)
    return [
      { text, ...weight },
      { image, ...weight },
    ];
  return [part];
}
