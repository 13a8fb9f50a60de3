/**
 * @file The default templates for queries that search for pictures, as in MMEB's recipes, and templates supplied by the
 * caller.
 */

import { expectArgument, expectString } from '../arguments';
import { MMEB_PROMPTS } from '../recipes/mmeb';
import { fillPrompt } from '../text/instructions';

/** What a query consists of. */
export type QueryKind = 'text' | 'image' | 'both';

/**
 * The template for a kind of query, with `{image}` and `{text}` where they belong.
 * @throws InvalidInputError for an unknown kind
 */
export function queryTemplate(kind: QueryKind): string {
  const templates = MMEB_PROMPTS.roles.query.image;
  const isKnown = typeof kind === 'string' && Object.hasOwn(templates, kind);
  expectArgument('queryTemplate', 'kind', kind, "'text', 'image' or 'both'", isKnown);
  return templates[kind]!;
}

/**
 * The complete prompt. A template without `{text}` is an instruction, and the text is appended to it. The image token
 * is left out, because the model puts it in front.
 * @throws InvalidInputError for anything but strings
 */
export function queryPrompt(template: string, text = ''): string {
  expectString('queryPrompt', 'template', template);
  expectString('queryPrompt', 'text', text);
  const whole = template.includes('{text}') || text === '' ? template : `${template.trimEnd()} ${text}\n`;
  return fillPrompt(whole, text, { imageToken: '' }).replace(/^\n+/, '');
}
