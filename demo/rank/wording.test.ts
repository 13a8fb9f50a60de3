import { expect, test } from 'vitest';
import { compose, recipes } from '../../src/recipes';
import { queryInstruction, TASKS, taskOf } from './tasks';
import { queryInput, targetInput } from './wording';

const raw = { isRaw: true, instruction: { default: '', roles: ['query', 'document'] as const } };
const fixed = { isRaw: false, instruction: null };
const told = { isRaw: false, instruction: { default: 'Help.', roles: ['query'] as const } };

test('whole prompts for models that read them; parts and sides for the others', () => {
  const caption = taskOf('caption');
  expect(queryInput(caption, raw, queryInstruction(caption), { image: 'p' })).toEqual({
    image: 'p',
    text: 'Find an image caption describing the given everyday image.\n',
  });
  expect(targetInput(caption, raw, { text: 'a dog' })).toEqual({ text: 'a dog' });
  expect(queryInput(caption, fixed, 'x', { image: 'p' })).toEqual({ image: 'p', role: 'query' });
  expect(queryInput(taskOf('vqa'), told, 'Say.', { image: 'p', text: 'Who?' })).toEqual({
    ...{ image: 'p', text: 'Who?', role: 'query', instruction: 'Say.' },
  });
  expect(targetInput(caption, told, { text: 'a dog' })).toEqual({ text: 'a dog', role: 'document' });
});

test('no recipe of templates is given an instruction that it refuses', () => {
  for (const recipe of recipes.filter(({ prompt }) => 'templates' in prompt)) {
    const { instruction } = recipe;
    const asked = {
      isRaw: false,
      instruction: instruction
        ? { default: instruction.default, roles: instruction.roles ?? (['query'] as const) }
        : null,
    };
    for (const task of TASKS.filter(({ id }) => id === 'retrieval')) {
      const { text, role, instruction: said } = queryInput(task, asked, 'Find it.', { text: 'a dog' });
      const { prompt } = compose({ text, role, instruction: said, images: 0 }, recipe, '<image>');
      expect(prompt, recipe.name).toContain('a dog');
      expect(prompt.includes('Find it.'), recipe.name).toBe(said !== undefined);
    }
  }
});
