/** @file Inputs with the prompt of a named task: MMEB's, which the model was trained on, for queries and for documents. */

import { InvalidInputError } from '../errors';
import { fillPrompt, instructions, type TaskName } from './index';

/** What an input is made of, as far as its words go. */
interface TaskParts<Image> {
  text?: string;
  image?: Image;
  instruction?: string;
}

/** The side of a task: what is looked for with, and what is looked for. */
export type Side = 'query' | 'document';

/** Sets whose text queries hold a literal image token and come without an image. */
const TOKEN_WITHOUT_IMAGE: ReadonlySet<string> = new Set<TaskName>(['WebQA', 'EDIS']);

/**
 * The input as the task words it.
 * @param where how messages name it: `inputs[3]`
 * @throws InvalidInputError for an unknown task, and for parts that its prompt lacks or has no place for
 */
export function taskInput<Image>(
  { text = '', image, instruction }: TaskParts<Image>,
  side: Side,
  { task: name, imageToken }: { task: TaskName; imageToken: string },
  where: string,
): TaskParts<Image> {
  if (instruction !== undefined) {
    throw new InvalidInputError(`${where} has its own instruction; use embed for that, or name a task.`);
  }
  if (!Object.hasOwn(instructions, name)) {
    throw new InvalidInputError(
      `There is no task ${JSON.stringify(name)}; known tasks are ${Object.keys(instructions).join(', ')}.`,
      {
        option: 'task',
      },
    );
  }
  const template = instructions[name][side === 'query' ? 'query' : 'target'];
  const wants = { text: template.includes('{text}'), image: template.includes('{image}') };
  if (wants.text !== (text !== '')) {
    throw new InvalidInputError(`${where}: a ${side} of ${name} ${wants.text ? 'needs a text' : 'has no text'}.`, {
      task: name,
    });
  }
  const loose = side === 'query' && TOKEN_WITHOUT_IMAGE.has(name);
  if (!loose && wants.image !== (image !== undefined)) {
    throw new InvalidInputError(`${where}: a ${side} of ${name} ${wants.image ? 'needs an image' : 'has no image'}.`, {
      task: name,
    });
  }
  return { text: fillPrompt(template, text, { imageToken }), image };
}
