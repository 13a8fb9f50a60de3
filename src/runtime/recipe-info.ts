/** @file What `info.recipe` tells of the recipe that is asked. */

import type { Asked } from './asked';
import type { RecipeInfo } from './types';

export function recipeInfo({ recipe, assumed }: Asked): RecipeInfo {
  const { name, title, positions, pooling, score, prefixes, dims, resize, scores, source, licence } = recipe;
  const { instruction, transparency } = recipe;
  return {
    ...{ name, title, positions, pooling, score, prefixes, dims, resize, scores, source, licence, assumed },
    ...(transparency && { transparency }),
    isRaw: 'raw' in recipe.prompt,
    instruction:
      'raw' in recipe.prompt
        ? { default: '', roles: ['query', 'document'] }
        : instruction
          ? { default: instruction.default, roles: instruction.roles ?? ['query', 'document'] }
          : null,
  };
}
