/** @file What the model reads of a query: MMEB's templates for its kind, or the caller's own. */

import { fillPrompt, instructions } from '../text/instructions';

/** What a query is made of. */
export type QueryKind = 'text' | 'image' | 'both';

/** With `{image}` and `{text}` where they go. */
export function queryTemplate(kind: QueryKind): string {
  switch (kind) {
    case 'text':
      return instructions.MSCOCO_t2i.query;
    case 'image':
      return instructions.NIGHTS.query;
    case 'both':
      return instructions.CIRR.query;
  }
}

/**
 * The whole prompt. A template without `{text}` is an instruction: the text comes behind it. The image's token is left
 * out, for the model puts it in front.
 */
export function queryPrompt(template: string, text = ''): string {
  const whole = template.includes('{text}') || text === '' ? template : `${template.trimEnd()} ${text}\n`;
  return fillPrompt(whole, text, { imageToken: '' }).replace(/^\n+/, '');
}
