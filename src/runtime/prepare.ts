/** @file From an input to token ids and patches: prompt, tokenizer, picture, and the checks of length. */

import type { ImageConfig, PromptConfig } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { decodeImage, imagePatches, type ImagePatches } from '../image';
import { composePrompt, encodePrompt, type Tokenizer } from '../text';
import type { Sequence } from './batching';
import type { EmbedOptions, InputParts } from './types';

export interface Prepared {
  sequence: Sequence;
  image: ImagePatches | null;
}

/** Turns inputs into what the engine takes, one at a time: patches of many pictures would fill the memory. */
export class Preparer {
  readonly #tokenizer: Tokenizer;
  readonly #image: ImageConfig;
  readonly #prompts: PromptConfig;

  constructor(tokenizer: Tokenizer, image: ImageConfig, prompts: PromptConfig) {
    this.#tokenizer = tokenizer;
    this.#image = image;
    this.#prompts = prompts;
  }

  /**
   * @param where how messages name the input: `inputs[3]`
   * @throws InvalidInputError for an empty text, or too many tokens
   */
  async prepare(parts: InputParts, options: EmbedOptions, where: string): Promise<Prepared> {
    try {
      return await this.#prepare(parts, options);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      throw new InvalidInputError(`${where}: ${error.message}`, { ...error.details, input: where }, { cause: error });
    }
  }

  async #prepare(parts: InputParts, options: EmbedOptions): Promise<Prepared> {
    const { text, image, instruction = options.instruction } = parts;
    const { maxTokens, orientation, maxInputPixels, signal } = options;
    const prompts = this.#prompts;
    const prompt = composePrompt({ instruction, text, hasImage: image !== undefined }, prompts);
    if (image === undefined) {
      return {
        sequence: encodePrompt(this.#tokenizer, prompt, { prompts, imageTokens: null, maxTokens }),
        image: null,
      };
    }
    const { minPixels = this.#image.minPixels, maxPixels = this.#image.maxPixels } = options;
    if (minPixels > maxPixels) {
      throw new InvalidInputError(`minPixels (${minPixels}) exceeds maxPixels (${maxPixels}).`, {
        minPixels,
        maxPixels,
      });
    }
    const pixels = await decodeImage(image, { orientation, maxInputPixels, signal });
    const patches = imagePatches(pixels, { ...this.#image, minPixels, maxPixels });
    const sequence = encodePrompt(this.#tokenizer, prompt, { prompts, imageTokens: patches.tokens, maxTokens });
    return { sequence, image: patches };
  }
}
