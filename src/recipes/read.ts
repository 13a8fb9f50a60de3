/** @file Reads a recipe from JSON, whether from a bundle or from the user, and checks it field by field. */

import { JsonField } from '../bundle/json-field';
import type { JsonObject } from '../bundle/manifest';
import type { ResizeStep } from '../image';
import { MMEB_PROMPTS } from './mmeb';
import type { InputKind, Licence, PublishedScore, RawPrompt, Recipe, RecipeHead, Role, Templates } from './recipe';

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
  'nothing',
  'prefixes',
  'blank',
  'maxImages',
  'positions',
  'pooling',
  'head',
  'dims',
  'resize',
  'transparency',
  'maxTokens',
  'overlong',
  'score',
  'licence',
  'source',
  'scores',
];
/** In templates, by whether they are a recipe's own or say what a raw prompt's side is. */
const SLOTS = { templates: ['image', 'text', 'instruction'], raw: ['image', 'text'] } as const;
const MAX_SIDE = 2 ** 16;
const MAX_PIXELS = 2 ** 32;

/**
 * @param error creates the error for a field from its place, `recipe.resize[0].fit`, and what is wrong there
 * @throws the result of `error`, for a field that is missing, unknown or meaningless
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
    instruction: root.get('instruction').optional(readInstruction),
    nothing: root.get('nothing').optional((field) => field.string(1000)),
    prefixes: root.get('prefixes').optional(readTexts),
    blank: root.get('blank').optional((field) => readPair(field, MAX_SIDE)),
    maxImages: root.get('maxImages').optional((field) => field.integer(1, 1000)),
    positions: root.get('positions').oneOf(['1d', 'mrope'] as const),
    pooling,
    head: root.get('head').optional(readHead),
    dims: root.get('dims').optional(readDims),
    resize: root.get('resize').items(readStep, { min: 1, max: 10 }),
    transparency: root.get('transparency').optional((field) => field.oneOf(['drop', 'white'] as const)),
    maxTokens: root.get('maxTokens').optional((field) => field.integer(1, 2 ** 31)),
    overlong: root.get('overlong').optional((field) => field.oneOf(['cut'] as const)),
    score,
    licence: readLicence(root.get('licence')),
    source: readSource(root.get('source')),
    scores: root.get('scores').optional((field) => field.items(readScore, { max: 100 })),
  };
  checkParts(recipe, root);
  return withoutUndefined(recipe);
}

/** Checks that fields fit together: a field that would be ignored is refused. */
function checkParts({ prompt, blank, instruction, nothing }: Recipe, root: JsonField): void {
  if ('raw' in prompt) {
    if (nothing !== undefined) root.get('nothing').fail("only works with templates: raw prompts are the caller's own.");
    if (blank) root.get('blank').fail('only works with templates: a raw prompt has no place for it.');
    if (instruction) root.get('instruction').fail("only works with templates: raw prompts take the caller's own.");
    return;
  }
  const hasSlot = Object.values(prompt.templates).some((template) => template.includes('{instruction}'));
  if (hasSlot === (instruction !== undefined)) return;
  root
    .get('instruction')
    .fail(hasSlot ? 'a template has the slot {instruction}: a default is expected.' : 'no template has {instruction}.');
}

function readInstruction(field: JsonField): NonNullable<Recipe['instruction']> {
  field.keys(['default', 'roles', 'sentence']);
  const sentence = field.get('sentence').optional((given) => given.boolean());
  return withoutUndefined({
    sentence: sentence === true ? (true as const) : undefined,
    default: field.get('default').string(10_000),
    roles: field.get('roles').optional((roles) => roles.items((role) => role.oneOf(ROLES), { max: 2 })),
  });
}

function readHead(field: JsonField): RecipeHead {
  field.keys(['weight', 'bias', 'size']);
  return withoutUndefined({
    weight: field.get('weight').string(1000),
    bias: field.get('bias').optional((bias) => bias.string(1000)),
    size: field.get('size').integer(1, MAX_SIDE),
  });
}

function readDims(field: JsonField): NonNullable<Recipe['dims']> {
  if (field.has('from')) {
    field.keys(['from']);
    return { from: field.get('from').integer(1, MAX_SIDE) };
  }
  field.keys(['sizes']);
  return { sizes: field.get('sizes').items((size) => size.integer(1, MAX_SIDE), { min: 1, max: 100 }) };
}

function readSource(field: JsonField): Recipe['source'] {
  field.keys(['code', 'transformers']);
  return { code: field.get('code').string(), transformers: field.get('transformers').string() };
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
  if (field.has('raw')) {
    field.keys(['raw']);
    return { raw: readRaw(field.get('raw')) };
  }
  field.keys(['templates']);
  const templates = field.get('templates');
  const keys = templates.keys(TEMPLATE_KEYS);
  if (keys.length === 0) templates.fail('at least one template is expected.');
  const read = (key: string) => readTemplate(templates.get(key), key.split('.').at(-1)!, SLOTS.templates);
  return { templates: Object.fromEntries(keys.map((key) => [key, read(key)])) as Templates };
}

/**
 * Reads a template for this kind of input. An unknown slot would be given to the model literally; without {text}, every
 * text would have the same vector.
 */
function readTemplate(field: JsonField, kind: string, slots: readonly string[]): string {
  const template = field.string(10_000);
  const found = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const strange = found.find((name) => !slots.includes(name));
  if (strange)
    field.fail(`there is no slot {${strange}}; known slots are ${slots.map((slot) => `{${slot}}`).join(', ')}.`);
  const needed = { any: ['image', 'text'], both: ['image', 'text'] }[kind] ?? [kind];
  const missing = needed.find((name) => !found.includes(name));
  if (missing) field.fail(`the slot {${missing}} is missing.`);
  return template;
}

function readRaw(field: JsonField): RawPrompt {
  field.keys(['separator', 'end', 'imageAlone', 'roles']);
  const template = (of: JsonField, kind: InputKind) => readTemplate(of.get(kind), kind, SLOTS.raw);
  const some = (of: JsonField): Partial<Record<InputKind, string>> =>
    Object.fromEntries((of.keys(KINDS) as InputKind[]).map((kind) => [kind, template(of, kind)]));
  const roles = field.get('roles').optional((given) => {
    given.keys(ROLES);
    const query = given.get('query');
    query.keys(['text', 'image']);
    const document = given.get('document');
    document.keys(KINDS);
    return {
      query: { text: some(query.get('text')), image: some(query.get('image')) },
      document: {
        text: template(document, 'text'),
        image: template(document, 'image'),
        both: template(document, 'both'),
      },
    };
  });
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
  field.keys(['name', 'commercial']);
  return {
    name: field.get('name').nullable((name) => name.string(200)),
    commercial: field.get('commercial').nullable((commercial) => commercial.boolean()),
  };
}

function readScore(field: JsonField): PublishedScore {
  field.keys(['model', 'benchmark', 'percent']);
  return {
    model: field.get('model').string(100),
    benchmark: field.get('benchmark').string(200),
    percent: field.get('percent').number(0, 100),
  };
}
