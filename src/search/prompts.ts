/** @file The default templates of queries for pictures, as MMEB's recipes have them, and a template of the caller's own. */

import { MMEB_PROMPTS } from '../recipes/mmeb';
import { fillPrompt } from '../text/instructions';

/** What a query is made of. */
export type QueryKind = 'text' | 'image' | 'both';

/** With `{image}` and `{text}` where they go. */
export function queryTemplate(kind: QueryKind): string {
  return MMEB_PROMPTS.roles.query.image[kind]!;
}

/**
 * The whole prompt. A template without `{text}` is an instruction: the text comes behind it. The image's token is left
 * out, for the model puts it in front.
 */
export function queryPrompt(template: string, text = ''): string {
  const whole = template.includes('{text}') || text === '' ? template : `${template.trimEnd()} ${text}\n`;
  return fillPrompt(whole, text, { imageToken: '' }).replace(/^\n+/, '');
}
