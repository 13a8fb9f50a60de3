/** @file Turns the parts of an input into the string that the model reads, according to its recipe. */

import { InvalidInputError } from '../errors';
import type { InputKind, RawPrompt, Recipe, Role, Templates } from './recipe';

/** The parts of one input that the caller gives. */
export interface PromptRequest {
  /** The text as given, neither trimmed nor changed. */
  text?: string;
  /** Number of pictures in the input. */
  images: number;
  /** Replaces the recipe's own instruction, if the recipe allows that. */
  instruction?: string;
  /** Whether it is a query or a document. @default neither for raw prompts, `document` for templates */
  role?: Role;
  /**
   * What a query searches for, if the recipe words queries accordingly.
   * @default depends on what the query consists of
   */
  find?: 'text' | 'image';
  /** Name of one of the recipe's prefixes. */
  prefix?: string;
  /** Whether the model has a vector for a text without characters. @default false */
  emptyText?: boolean;
}

/** What the model reads. */
export interface ComposedPrompt {
  /** The complete string, with one marker per picture. */
  prompt: string;
  /** Whether the input's pictures are replaced by the recipe's blank one. */
  blank: boolean;
}

/** What a query of this kind searches for by default. */
const FOUND: Readonly<Record<InputKind, 'text' | 'image'>> = { text: 'image', image: 'text', both: 'text' };

/**
 * @param imageToken that of the architecture, for recipes without a marker of their own
 * @throws InvalidInputError for parts that the recipe has no place for, and if there is nothing to embed
 */
export function compose(request: PromptRequest, recipe: Recipe, imageToken: string): ComposedPrompt {
  const marker = recipe.marker ?? imageToken;
  const { images, prefix } = request;
  const isRaw = 'raw' in recipe.prompt;
  const most = recipe.maxImages ?? (isRaw ? 1 : Infinity);
  if (images > most) {
    throw new InvalidInputError(
      `The input has ${images} pictures; ${recipe.title} takes ${most === 1 ? 'one' : `at most ${most}`}.`,
      { images, recipe: recipe.name },
    );
  }
  const given = prefix === undefined ? request.text : prefixed(request, prefix, recipe);
  const isTextOnly = images === 0;
  const text = isTextOnly ? (given ?? recipe.nothing) : given;
  const parts = { ...request, text };
  if (isTextOnly && (text === undefined || (text === '' && request.emptyText !== true))) {
    throw new InvalidInputError('There is nothing to embed: the text is empty and there is no image.');
  }
  if ('raw' in recipe.prompt) return { prompt: rawPrompt(parts, recipe.prompt.raw, marker), blank: false };
  const prompt = templatePrompt(parts, recipe, { templates: recipe.prompt.templates, marker });
  return { prompt, blank: isTextOnly && recipe.blank !== undefined };
}

/** Prefixes apply only to documents that are texts. */
function prefixed({ text = '', images, role }: PromptRequest, prefix: string, recipe: Recipe): string {
  const { prefixes = {}, title, name } = recipe;
  if (Object.hasOwn(prefixes, prefix)) {
    if (role !== 'query' && images === 0) return prefixes[prefix]! + text;
    throw new InvalidInputError(`The prefix ${prefix} of ${title} is for documents that are texts.`, {
      option: 'prefix',
      recipe: name,
    });
  }
  const known = Object.keys(prefixes).join(', ') || 'none';
  throw new InvalidInputError(`${title} has no prefix ${JSON.stringify(prefix)}; known: ${known}.`, {
    option: 'prefix',
    recipe: name,
  });
}

/** What a query may consist of: words and a picture in one input; an instruction given by the caller. */
export function queryInputs({ prompt, instruction }: Recipe): { together: boolean; instruction: boolean } {
  if ('raw' in prompt) return { together: true, instruction: true };
  const { templates } = prompt;
  return {
    together: (templates['query.both'] ?? templates.both ?? templates.any) !== undefined,
    instruction: instruction !== undefined && (instruction.roles?.includes('query') ?? true),
  };
}

function kindOf({ text, images }: PromptRequest): InputKind {
  if (images === 0) return 'text';
  return text === undefined || text === '' ? 'image' : 'both';
}

/**
 * Joins the parts into one string. Text that contains the marker is used as given; if a picture's text lacks it, the
 * marker is put in front with the model's separator. An instruction comes before the text, separated by a space; with a
 * picture, the prompt ends with MMEB's newline. A role without an instruction has the prompt for its kind of input.
 */
function rawPrompt(request: PromptRequest, raw: RawPrompt, marker: string): string {
  const { text = '', images, instruction = '', role, find } = request;
  const kind = kindOf(request);
  const isWhole = images > 0 && text.includes(marker);
  if (role !== undefined && instruction === '' && !isWhole) {
    const sides = role === 'query' ? raw.roles.query[find ?? FOUND[kind]] : raw.roles.document;
    const template = sides[kind];
    if (template !== undefined) return fill(template, { image: marker, text });
  }
  let body = instruction === '' ? text : text === '' ? instruction : `${instruction} ${text}`;
  if (images === 0) return body;
  if (body === '') body = raw.imageAlone;
  const isGiven = text !== '' && body === text;
  if (!body.includes(marker)) body = marker.repeat(images) + raw.separator + body;
  return isGiven || body.endsWith(raw.end) ? body : body + raw.end;
}

function templatePrompt(
  request: PromptRequest,
  recipe: Recipe,
  { templates, marker }: { templates: Templates; marker: string },
): string {
  const { text = '', images, role = 'document' } = request;
  const kind = kindOf(request);
  const template = templates[`${role}.${kind}`] ?? templates[kind] ?? templates.any;
  const what = { text: 'a text', image: 'a picture', both: 'a picture with a text' }[kind];
  if (template === undefined) {
    throw new InvalidInputError(`${recipe.title} does not take ${what} as a ${role}.`, { role, recipe: recipe.name });
  }
  const shown = images === 0 ? (recipe.blank === undefined ? 0 : 1) : images;
  return fill(template, {
    image: marker.repeat(shown),
    text,
    instruction: instructionOf(request, recipe, role),
  });
}

function instructionOf({ instruction }: PromptRequest, recipe: Recipe, role: Role): string {
  if (recipe.instruction === undefined) {
    if (instruction === undefined) return '';
    throw new InvalidInputError(`${recipe.title} takes no instruction: its own instruction is fixed.`, {
      option: 'instruction',
      recipe: recipe.name,
    });
  }
  const { default: own, roles } = recipe.instruction;
  const takes = roles === undefined || roles.includes(role);
  if (!takes || instruction === undefined) return own;
  return recipe.instruction.sentence ? asSentence(instruction) || own : instruction;
}

/** What Python's `str.strip` treats as white space, which differs from JavaScript's `trim`. */
const PYTHON_SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const OUTER_SPACE = new RegExp(`^${PYTHON_SPACE}+|${PYTHON_SPACE}+$`, 'g');

/**
 * The instruction stripped, and with a full stop added unless it ends with a punctuation character: `$` is not one, `。`
 * is.
 */
function asSentence(instruction: string): string {
  const stripped = instruction.replace(OUTER_SPACE, '');
  return stripped === '' || /\p{P}$/u.test(stripped) ? stripped : `${stripped}.`;
}

/** Fills each slot once, whatever the values contain. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(image|text|instruction)\}/g, (slot, name: string) => values[name] ?? slot);
}
