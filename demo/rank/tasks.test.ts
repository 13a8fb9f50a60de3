import { expect, test } from 'vitest';
import { fillPrompt, instructions } from '../../src/index';
import { queryInstruction, queryText, targetText, TASKS } from './tasks';

const IMAGE = { imageToken: '<|image_pad|>' };
/** `embed` puts the token and a line's end in front of a text that comes with an image. */
const withImage = (text: string) => `${IMAGE.imageToken}\n${text}`;

test.each(TASKS.map((task) => [task.id, task] as const))('%s: the prompts are MMEB’s, letter for letter', (_, task) => {
  const { query, target } = instructions[task.mmeb];
  const hasImage = { query: query.includes('{image}'), target: target.includes('{image}') };
  const text = 'a $& "kite"';
  const asked = queryText(task, queryInstruction(task), text);
  expect(hasImage.query ? withImage(asked) : asked).toBe(fillPrompt(query, text, IMAGE));
  const offered = targetText(task, text);
  expect(hasImage.target ? withImage(offered) : offered).toBe(fillPrompt(target, text, IMAGE));
  expect(hasImage.query).toBe(task.queries === 'pictures' || task.boxes);
  expect(hasImage.target).toBe(task.queries === 'texts');
});
