/**
 * @file Command-line options that the model's recipe does not support: each is refused as a wrong option, not as an
 * error in every line.
 */

import { InvalidInputError } from '../errors';
import { checkEmbedOptions, type EmbedOptions, type ModelInfo } from '../runtime';

const FLAGS = { minPixels: '--min-pixels', maxPixels: '--max-pixels', numCrops: '--num-crops' } as const;

/**
 * @returns warnings about options that are honoured only in part
 * @throws InvalidInputError naming the option
 */
export function checkAsked(options: EmbedOptions, { recipe, image, architecture }: ModelInfo): string[] {
  checkEmbedOptions(options);
  for (const key of ['minPixels', 'maxPixels', 'numCrops'] as const) {
    if (options[key] === undefined || image.options.includes(key)) continue;
    const taken = image.options.map((each) => FLAGS[each]).join(', ') || 'no option';
    throw new InvalidInputError(`${FLAGS[key]} has no meaning for ${architecture}; its picture options are ${taken}.`, {
      option: key,
    });
  }
  const { instruction, prefix, role = 'document' } = options;
  if (instruction !== undefined && recipe.instruction === null) {
    throw new InvalidInputError(`${recipe.title} takes no --instruction: its own instruction is fixed.`, {
      option: 'instruction',
    });
  }
  const prefixes = Object.keys(recipe.prefixes ?? {});
  if (prefix !== undefined && !prefixes.includes(prefix)) {
    throw new InvalidInputError(
      `${recipe.title} has no prefix ${JSON.stringify(prefix)}; known: ${prefixes.join(', ') || 'none'}.`,
      { option: 'prefix' },
    );
  }
  const sides = recipe.instruction?.roles ?? [];
  if (instruction === undefined || sides.includes(role)) return [];
  return [
    `${recipe.title} takes an instruction only on the side ${sides.join(', ')}; lines on the side ${role} keep the recipe's own.`,
  ];
}
