/**
 * @file The inputs of a task's two sides. A model that reads whole prompts gets MMEB's, with the instruction as edited;
 * one with a recipe of templates gets the parts and their side.
 */
import type { ImageInput, InputParts, RecipeInfo } from '../../src/index';
import { queryText, targetText, type Task } from './tasks';

/** The part of a recipe that decides how a model is prompted. */
export type AskedBy = Pick<RecipeInfo, 'isRaw' | 'instruction'>;

export interface Side {
  text?: string;
  image?: ImageInput;
}

/** The queries. */
export function queryInput(task: Task, recipe: AskedBy, instruction: string, { text = '', image }: Side): InputParts {
  const picture = image === undefined ? {} : { image };
  if (recipe.isRaw) return { ...picture, text: queryText(task, instruction, text) };
  const told = takesInstruction(recipe) ? { instruction } : {};
  return { ...picture, ...(text && { text }), role: 'query', ...told };
}

/** The candidates. */
export function targetInput(task: Task, recipe: AskedBy, { text = '', image }: Side): InputParts {
  const picture = image === undefined ? {} : { image };
  if (recipe.isRaw) return { ...picture, text: targetText(task, text) };
  return { ...picture, ...(text && { text }), role: 'document' };
}

/** Whether queries accept an instruction from the visitor. */
export function takesInstruction({ isRaw, instruction }: AskedBy): boolean {
  return isRaw || instruction?.roles.includes('query') === true;
}
