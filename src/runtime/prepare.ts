/** @file Turns an input into token ids and pixels: prompt, tokenizer, pictures, and length checks. */

import {
  ImageFormatError,
  ImageTooLargeError,
  InvalidInputError,
  NetworkError,
  SourceNotFoundError,
  type VLM2VecError,
} from '../errors';
import { decodeImage, type ImageInput, type PictureOptions, type RgbImage } from '../image';
import type { PicturePlan } from '../models';
import { compose, type Recipe } from '../recipes';
import type { Tokenizer } from '../text';
import type { Asked } from './asked';
import type { Sequence } from './batching';
import { fitPrompt } from './fit-prompt';
import type { EmbedOptions, InputParts } from './types';

/** Errors of an input, which say which one; derived classes before their base. */
const NAMED = [InvalidInputError, ImageFormatError, ImageTooLargeError, NetworkError, SourceNotFoundError];

export interface PreparedPicture {
  plan: PicturePlan;
  /** The input of the vision tower. // [sequences * patches, patch length] */
  pixels: Float32Array;
}

export interface Prepared {
  sequence: Sequence;
  pictures: PreparedPicture[];
}

/** Turns inputs into what the engine takes, one at a time: pixels of many pictures would fill the memory. */
export class Preparer {
  readonly recipe: Recipe;
  readonly #tokenizer: Tokenizer;
  readonly #backbone: Asked['backbone'];

  constructor(tokenizer: Tokenizer, { backbone, recipe }: Pick<Asked, 'backbone' | 'recipe'>) {
    this.#tokenizer = tokenizer;
    this.#backbone = backbone;
    this.recipe = recipe;
  }

  /** Pictures that an input will have, the recipe's blank one included. */
  pictureCount({ text, image }: InputParts): number {
    const given = imagesOf(image).length;
    return given > 0 || text === undefined || this.recipe.blank === undefined ? given : 1;
  }

  /**
   * @param where how messages name the input: `inputs[3]`
   * @throws InvalidInputError, ImageFormatError, ImageTooLargeError or SourceNotFoundError, naming the input
   */
  async prepare(parts: InputParts, options: EmbedOptions, where: string): Promise<Prepared> {
    try {
      return await this.#prepare(parts, options);
    } catch (error) {
      const kind = NAMED.find((each) => error instanceof each);
      if (!kind) throw error;
      const { message, details } = error as VLM2VecError;
      throw new kind(`${where}: ${message}`, { ...details, input: where }, { cause: error });
    }
  }

  async #prepare(parts: InputParts, options: EmbedOptions): Promise<Prepared> {
    const { text, instruction = options.instruction, role = options.role, prefix = options.prefix } = parts;
    const { orientation, maxInputPixels, signal } = options;
    const given = imagesOf(parts.image);
    const { find } = options;
    const backbone = this.#backbone;
    const isPrompted = given.length === 0 || backbone.routes.picture.includes('text');
    if (!isPrompted) refuseBoth(text, given.length);
    const emptyText = backbone.embedsEmptyText;
    const request = { text, images: given.length, instruction, role, find, prefix, emptyText };
    const composeWith = (shown: string | undefined) =>
      compose({ ...request, text: shown }, this.recipe, backbone.prompts.imageToken);
    const { blank, prompt: whole } = composeWith(text); // refuses impossible inputs before anything is decoded

    const sizes = this.#pictureOptions(options);
    const { transparency } = this.recipe;
    const pictures: PreparedPicture[] = [];
    for (const image of blank ? [blackPicture(this.recipe.blank!)] : given) {
      const pixels = await decodeImage(image, { orientation, maxInputPixels, transparency, signal });
      const plan = backbone.picture.plan(pixels, sizes);
      pictures.push({ plan, pixels: backbone.picture.fill(pixels, plan) });
    }
    if (!isPrompted) return { sequence: { ids: [], images: [], positions: null, plans: [] }, pictures };
    const tokens = pictures.map(({ plan }) => plan.tokens);
    const encoded = fitPrompt(
      {
        text,
        images: blank ? [] : tokens,
        pictureOptions: backbone.picture.options,
        encode: (shown) => backbone.encode(this.#tokenizer, composeWith(shown).prompt, tokens),
        // Models that cut every text themselves do so before they tokenize it.
        ...(backbone.textTokens === undefined && {
          characters: whole.length,
          isLonger: (most: number) => this.#tokenizer.isLonger(whole, most),
          ...(pictures.length === 0 && {
            encodeBeginning: (most: number) =>
              backbone.encode(this.#tokenizer, this.#tokenizer.beginning(whole, most), []),
          }),
        }),
      },
      this.#limits(options.maxTokens),
    );
    const positions =
      this.recipe.positions === 'mrope'
        ? backbone.rotary!.positionsOf(
            encoded,
            pictures.map(({ plan }) => plan),
          )
        : null;
    return { sequence: { ...encoded, positions, plans: pictures.map(({ plan }) => plan) }, pictures };
  }

  #pictureOptions({ minPixels, maxPixels, numCrops }: EmbedOptions): PictureOptions {
    const given = Object.entries({ minPixels, maxPixels, numCrops }).filter(([, value]) => value !== undefined);
    const allowed: readonly string[] = this.#backbone.picture.options;
    for (const [option] of given) {
      if (!allowed.includes(option)) {
        const others = allowed.length === 0 ? 'no options' : allowed.join(', ');
        throw new InvalidInputError(`This model has no ${option}; its picture options are ${others}.`, { option });
      }
    }
    return { resize: this.recipe.resize, ...Object.fromEntries(given) };
  }

  #limits(maxTokens: number | undefined) {
    const { prompts, textTokens } = this.#backbone;
    if (textTokens !== undefined && maxTokens !== undefined && maxTokens !== textTokens) {
      throw new InvalidInputError(
        `This model reads ${textTokens} tokens of every text, and cuts longer ones itself; maxTokens does not apply.`,
        { option: 'maxTokens', maxTokens },
      );
    }
    const most = Math.min(prompts.maxTokens, this.recipe.maxTokens ?? Infinity);
    if (maxTokens !== undefined && (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > most)) {
      throw new InvalidInputError(`maxTokens must be a whole number from 1 to the model's ${most}, not ${maxTokens}.`, {
        maxTokens,
      });
    }
    const { prompt, overlong } = this.recipe;
    const cut = 'raw' in prompt ? ('end' as const) : ('text' as const);
    return { most, maxTokens, cut, overlong: overlong === 'cut' };
  }
}

/** For models with separate towers for pictures and texts. @throws InvalidInputError for anything but one picture */
function refuseBoth(text: string | undefined, pictures: number): void {
  if (pictures > 1) {
    throw new InvalidInputError(`The input has ${pictures} pictures; this model embeds one at a time.`, { pictures });
  }
  if (text === undefined || text === '') return;
  throw new InvalidInputError(
    'The input has a picture and a text; this model embeds either one or the other, in two separate networks that know nothing of each ' +
      'other. Give them as two inputs.',
  );
}

/** A picture, or several. */
export function imagesOf(image: InputParts['image']): readonly ImageInput[] {
  if (image === undefined) return [];
  return Array.isArray(image) ? (image as readonly ImageInput[]) : [image as ImageInput];
}

function blackPicture([width, height]: readonly [number, number]): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3) };
}
