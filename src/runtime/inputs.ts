/** @file Brings the arguments of `embed` into one form and refuses meaningless ones. */

import { MAX_PIXELS } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { expectHooks, expectKnown, expectOptions } from '../hooks';
import type { ImageInput } from '../image';
import type { EmbedInput, EmbedOptions, InputParts } from './types';

const PART_KEYS = new Set(['text', 'image', 'instruction', 'role', 'prefix']);
const OPTION_KEYS = [
  'instruction',
  'role',
  'find',
  'prefix',
  'dims',
  'numCrops',
  'onError',
  'onSkip',
  'maxTokens',
  'minPixels',
  'maxPixels',
  'maxInputPixels',
  'orientation',
  'batching',
  'signal',
  'onProgress',
  'onUsage',
  'stageTimes',
  'transferPixels',
] as const satisfies readonly (keyof EmbedOptions)[];

/** True for plain objects: `{ image, text }` is one; a Blob, a canvas or pixels are not. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('data' in value && 'width' in value);
}

/**
 * Splits an input into its parts.
 * @param where how messages name it: `inputs[3]`
 * @throws InvalidInputError for anything that is neither a text nor an image, and for unknown keys
 */
export function toParts(input: EmbedInput, where: string): InputParts {
  if (typeof input === 'string') return { text: input };
  if (typeof input !== 'object' || input === null) {
    throw new InvalidInputError(
      `${where} is ${input === null ? 'null' : typeof input}; give a text, an image or { text, image }.`,
      { input: where },
    );
  }
  if (Array.isArray(input)) {
    throw new InvalidInputError(
      `${where} is a list; several pictures of one input are { image: [first, second] }, and inputs are not nested.`,
      { input: where },
    );
  }
  if (!isPlain(input)) return { image: input as ImageInput };
  const unknown = Object.keys(input).find((key) => !PART_KEYS.has(key));
  if (unknown !== undefined) {
    throw new InvalidInputError(
      `${where} has an unknown key '${unknown}'; known keys are ${[...PART_KEYS].join(', ')}.`,
      {
        key: unknown,
        input: where,
      },
    );
  }
  const { text, image, instruction, role, prefix } = input as InputParts;
  for (const [key, value] of Object.entries({ text, instruction, prefix })) {
    if (value !== undefined && typeof value !== 'string') {
      throw new InvalidInputError(`${where}.${key} is ${typeof value}, not a string.`, { key, input: where });
    }
  }
  if (image === null || (text === undefined && image === undefined && instruction === undefined)) {
    throw new InvalidInputError(`${where} has neither text nor image.`, { input: where });
  }
  if (Array.isArray(image) && image.length === 0)
    throw new InvalidInputError(`${where}.image is an empty list.`, { input: where });
  expectOneOf(`${where}.role`, role, ['query', 'document']);
  return { text, image, instruction, role, prefix };
}

/** Which of the options of `embed` a call takes. */
export interface CallOptions {
  /** Its name, for messages. */
  readonly call: string;
  /** Options of `embed` that it decides itself. */
  readonly without?: readonly (keyof EmbedOptions)[];
  /** Its further options, which were checked already: messages suggest them. */
  readonly also?: readonly string[];
}

/** @throws InvalidInputError for unknown options and values out of range */
export function checkEmbedOptions(
  options: EmbedOptions,
  { call, without = [], also = [] }: CallOptions = { call: 'embed' },
): void {
  expectOptions(call, options);
  expectKnown(call, options, [...OPTION_KEYS.filter((key) => !without.includes(key)), ...also]);
  for (const key of ['maxTokens', 'minPixels', 'maxPixels', 'maxInputPixels', 'dims', 'numCrops'] as const) {
    const value = options[key];
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new InvalidInputError(`${key} is ${String(value)}; it must be a positive integer.`, { option: key });
    }
  }
  for (const key of ['instruction', 'prefix'] as const) {
    const value: unknown = options[key];
    if (value !== undefined && typeof value !== 'string') {
      throw new InvalidInputError(`${key} is ${typeof value}, not a string.`, { option: key });
    }
  }
  for (const key of ['transferPixels', 'stageTimes'] as const) {
    const value: unknown = options[key];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new InvalidInputError(`${key} is ${String(value)}; it must be true or false.`, { option: key });
    }
  }
  expectHooks(options);
  expectOneOf('role', options.role, ['query', 'document']);
  expectOneOf('find', options.find, ['text', 'image']);
  expectOneOf('onError', options.onError, ['throw', 'skip']);
  expectOneOf('orientation', options.orientation, ['exif', 'stored']);
  expectOneOf('batching', options.batching, ['shared', 'single']);
  const { minPixels, maxPixels } = options;
  if (minPixels !== undefined && minPixels > MAX_PIXELS) {
    throw new InvalidInputError(`minPixels is ${minPixels}; the limit is ${MAX_PIXELS}.`, {
      option: 'minPixels',
    });
  }
  if (minPixels !== undefined && maxPixels !== undefined && minPixels > maxPixels) {
    throw new InvalidInputError(`minPixels (${minPixels}) exceeds maxPixels (${maxPixels}).`, { option: 'minPixels' });
  }
}

function expectOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new InvalidInputError(`${name} is '${String(value)}'; known values are ${allowed.join(' and ')}.`, {
    option: name,
  });
}
