/** @file A recipe from JSON, a bundle's or a user's own, checked field by field. */

import { JsonField } from '../bundle/json-field';
import type { JsonObject } from '../bundle/manifest';
import type { ResizeStep } from '../image';
import { MMEB_PROMPTS } from './mmeb';
import type { InputKind, Licence, PublishedScore, RawPrompt, Recipe, Role, Templates } from './recipe';

const ROLES = ['query', 'document'] as const satisfies readonly Role[];
const KINDS = ['text', 'image', 'both'] as const satisfies readonly InputKind[];
const TEMPLATE_KEYS = ['any', ...KINDS, ...ROLES.flatMap((role) => KINDS.map((kind) => `${role}.${kind}`))];
const KEYS = [
  'name',
  'title',
  'architectures',
  'hub',
  'base',
  'marker',
  'prompt',
  'instruction',
  'prefixes',
  'blank',
  'maxImages',
  'positions',
  'pooling',
  'head',
  'dims',
  'resize',
  'maxTokens',
  'score',
  'licence',
  'source',
  'scores',
];
const MAX_SIDE = 2 ** 16;
const MAX_PIXELS = 2 ** 32;

/**
 * @param error makes the error of a field: its place, `recipe.resize[0].fit`, and what is wrong there
 * @throws what `error` makes, for a field that is missing, unknown, or makes no sense
 */
export function readRecipe(json: unknown, error: (at: string, what: string) => Error): Recipe {
  const root = new JsonField(json, error, 'recipe');
  root.record();
  root.keys(KEYS);
  const pooling = root.get('pooling').oneOf(['last', 'all'] as const);
  const score = root.get('score').oneOf(['cosine', 'maxsim'] as const);
  if ((pooling === 'all') !== (score === 'maxsim')) {
    root.get('score').fail('maxsim goes with the pooling all, cosine with last.');
  }
  const recipe: Recipe = {
    name: readName(root.get('name')),
    title: root.get('title').string(200),
    architectures: root.get('architectures').items((item) => item.string(100), { min: 1, max: 100 }),
    hub: root.get('hub').items((item) => item.string(300), { max: 1000 }),
    base: root.get('base').optional((field) => field.string(300)),
    marker: root.get('marker').optional((field) => field.string(1000)),
    prompt: readPrompt(root.get('prompt')),
    instruction: root.get('instruction').optional((field) => ({
      default: field.get('default').string(10_000),
      roles: field.get('roles').optional((roles) => roles.items((role) => role.oneOf(ROLES), { max: 2 })),
    })),
    prefixes: root.get('prefixes').optional(readTexts),
    blank: root.get('blank').optional((field) => readPair(field, MAX_SIDE)),
    maxImages: root.get('maxImages').optional((field) => field.integer(1, 1000)),
    positions: root.get('positions').oneOf(['1d', 'mrope'] as const),
    pooling,
    head: root.get('head').optional((field) => ({
      weight: field.get('weight').string(1000),
      bias: field.get('bias').optional((bias) => bias.string(1000)),
      size: field.get('size').integer(1, MAX_SIDE),
    })),
    dims: root
      .get('dims')
      .optional((field) =>
        field.has('from')
          ? { from: field.get('from').integer(1, MAX_SIDE) }
          : { sizes: field.get('sizes').items((size) => size.integer(1, MAX_SIDE), { min: 1, max: 100 }) },
      ),
    resize: root.get('resize').items(readStep, { min: 1, max: 10 }),
    maxTokens: root.get('maxTokens').optional((field) => field.integer(1, 2 ** 31)),
    score,
    licence: readLicence(root.get('licence')),
    source: {
      code: root.get('source').get('code').string(),
      transformers: root.get('source').get('transformers').string(),
    },
    scores: root.get('scores').optional((field) => field.items(readScore, { max: 100 })),
  };
  return withoutUndefined(recipe);
}

/** Plain data for `bundle.json`. */
export function recipeToJson(recipe: Recipe): JsonObject {
  return JSON.parse(JSON.stringify(recipe)) as JsonObject;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

function readName(field: JsonField): string {
  const name = field.string(100);
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) field.fail('lower-case letters, digits, ".", "_" and "-" are expected.');
  return name;
}

function readPrompt(field: JsonField): Recipe['prompt'] {
  if (field.has('raw')) return { raw: readRaw(field.get('raw')) };
  const templates = field.get('templates');
  if (templates.keys(TEMPLATE_KEYS).length === 0) templates.fail('at least one template is expected.');
  return { templates: readTexts(templates) as Templates };
}

function readRaw(field: JsonField): RawPrompt {
  const texts = (of: JsonField) => {
    of.keys(KINDS);
    return readTexts(of) as Partial<Record<InputKind, string>>;
  };
  const roles = field.get('roles').optional((given) => ({
    query: { text: texts(given.get('query').get('text')), image: texts(given.get('query').get('image')) },
    document: {
      text: given.get('document').get('text').string(),
      image: given.get('document').get('image').string(),
      both: given.get('document').get('both').string(),
    },
  }));
  return {
    separator: field.get('separator').string(1000),
    end: field.get('end').string(1000),
    imageAlone: field.get('imageAlone').string(10_000),
    roles: roles ?? MMEB_PROMPTS.roles,
  };
}

function readTexts(field: JsonField): Record<string, string> {
  return Object.fromEntries(field.keys().map((key) => [key, field.get(key).string(10_000)]));
}

function readPair(field: JsonField, max: number): [number, number] {
  return field.items((item) => item.integer(1, max), { min: 2, max: 2 }) as [number, number];
}

function readStep(field: JsonField): ResizeStep {
  if (field.has('square')) {
    field.keys(['square']);
    return { square: field.get('square').integer(1, MAX_SIDE) };
  }
  if (field.has('narrow')) {
    field.keys(['narrow', 'within']);
    return { narrow: field.get('narrow').integer(1, MAX_SIDE), within: readPair(field.get('within'), MAX_PIXELS) };
  }
  if (field.has('small') && !field.has('fit')) {
    field.keys(['small', 'to']);
    return { small: field.get('small').integer(1, MAX_SIDE), to: readPair(field.get('to'), MAX_SIDE) };
  }
  field.keys(['fit', 'ratio', 'small', 'swap']);
  const limits = field.get('fit');
  const fit = limits.is('string') ? limits.oneOf(['file'] as const) : readPair(limits, MAX_PIXELS);
  if (fit !== 'file' && fit[0] > fit[1]) limits.fail('the first number must not exceed the second.');
  const ratio = field.get('ratio').optional((given) => given.oneOf(['refuse', 'clamp', 'any'] as const));
  const small = field.get('small').optional((given) => given.oneOf(['grow', 'refuse'] as const));
  const swap = field.get('swap').optional((given) => given.boolean());
  return withoutUndefined({ fit, ratio, small, swap: swap === true ? (true as const) : undefined });
}

function readLicence(field: JsonField): Licence {
  return {
    name: field.get('name').nullable((name) => name.string(200)),
    commercial: field.get('commercial').nullable((commercial) => commercial.boolean()),
  };
}

function readScore(field: JsonField): PublishedScore {
  return {
    model: field.get('model').string(100),
    benchmark: field.get('benchmark').string(200),
    percent: field.get('percent').number(0, 100),
  };
}
