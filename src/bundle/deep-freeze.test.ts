/** @file Exported constants cannot be changed by one caller for all others. */
import { expect, test } from 'vitest';
import { instructions, recipes } from '../index';

test('recipes and instructions are frozen, to the last list in them', () => {
  const open: string[] = [];
  const visit = (value: unknown, where: string) => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(where);
    for (const [key, each] of Object.entries(value)) visit(each, `${where}.${key}`);
  };
  visit({ recipes, instructions }, 'exports');
  expect(open).toEqual(['exports']);
  expect(() => Object.assign(instructions.DocVQA, { query: 'mine' })).toThrow(TypeError);
});
