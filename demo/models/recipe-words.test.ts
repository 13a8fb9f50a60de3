import { expect, test } from 'vitest';
import { recipes } from '../../src/index';
import { recipeInWords, recipeOf } from './recipe-words';

const inWords = (repo: string) => recipeInWords(recipeOf(repo), repo);

test('the licence and the score of that size are shown; with a revision too', () => {
  const { facts, warning } = inWords('TIGER-Lab/VLM2Vec-Qwen2VL-2B@main');
  expect(facts).toContain('Apache-2.0');
  expect(facts).toContain('59.7');
  expect(facts).not.toContain('65.4');
  expect(warning).toBe('');
  expect(inWords('TIGER-Lab/VLM2Vec-Qwen2VL-7B').facts).toContain('65.4');
});

test('every licence that is unknown or does not allow commercial use causes a warning, and no other', () => {
  for (const recipe of recipes) {
    for (const repo of recipe.hub) {
      const { warning } = inWords(repo);
      if (recipe.licence.commercial === true) expect(warning, repo).not.toMatch(/licen[cs]e/i);
      else expect(warning, repo).toMatch(/licen[cs]e/i);
    }
  }
  expect(recipeInWords({ ...recipes[0]!, licence: { name: 'X', commercial: false } }, 'a/b').warning).toContain(
    'not allow commercial use',
  );
});

test('unknown recipes are shown as assumed', () => {
  expect(recipeOf('someone/qwen2-vl-tuned')).toBeNull();
  expect(inWords('someone/qwen2-vl-tuned')).toMatchObject({ facts: '', warning: expect.stringContaining('assumed') });
});
