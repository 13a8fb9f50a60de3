import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecipe, recipeNamed, recipes, recipeToJson } from './index';

class FieldError extends Error {
  constructor(
    readonly at: string,
    what: string,
  ) {
    super(`${at}: ${what}`);
  }
}
const read = (json: unknown) => readRecipe(json, (at, what) => new FieldError(at, what));

type Json = Record<string, unknown>;
/** A shipped recipe with the value at a path replaced; undefined takes it away. */
function changed(name: string, path: readonly string[], value: unknown): Json {
  const json = recipeToJson(recipeNamed(name)) as Json;
  let at = json;
  for (const key of path.slice(0, -1)) at = at[key] as Json;
  if (value === undefined) delete at[path.at(-1)!];
  else at[path.at(-1)!] = value;
  return json;
}

it.each(recipes.map(({ name }) => name))('%s survives JSON', (name) => {
  expect(read(recipeToJson(recipeNamed(name)))).toEqual(recipeNamed(name));
});

describe('refused by name', () => {
  it.each([
    ['gme', 'name', 'GME'],
    ['gme', 'title', undefined],
    ['gme', 'architectures', []],
    ['gme', 'hub', 'Alibaba-NLP/gme'],
    ['gme', 'base', 5],
    ['gme', 'marker', null],
    ['gme', 'prompt', undefined],
    ['gme', 'prompt.raw', { separator: '', end: '', imageAlone: '' }, 'templates'],
    ['gme', 'prompt.templates', {}],
    ['gme', 'prompt.templates.all', '{image}{text}'],
    ['gme', 'prompt.templates.any', '{image}{instruction}'],
    ['gme', 'prompt.templates.any', '{text}{instruction}'],
    ['gme', 'prompt.templates.any', '{image}{txt}{text}{instruction}'],
    ['gme', 'prompt.templates.text', 'a fixed text'],
    ['dse', 'prompt.templates.document\0text', '{image}Document: {txt}'],
    ['gme', 'instruction', undefined],
    ['dse', 'instruction', { default: '' }],
    ['b3', 'instruction', { default: '' }],
    ['gme', 'instruction.defualt', ''],
    ['gme', 'instruction.default', undefined],
    ['gme', 'instruction.roles', ['both'], 'instruction.roles[0]'],
    ['b3', 'prefixes', { label: 3 }, 'prefixes.label'],
    ['b3', 'prefixes', []],
    ['b3', 'blank', [56, 56]],
    ['dse', 'blank', [56]],
    ['dse', 'blank', [0, 56], 'blank[0]'],
    ['gme', 'maxImages', 0],
    ['gme', 'positions', '3d'],
    ['gme', 'pooling', 'mean'],
    ['gme', 'score', 'maxsim'],
    ['gme', 'pooling', 'all', 'score'],
    ['colqwen2', 'head', []],
    ['colqwen2', 'head.size', 0],
    ['colqwen2', 'head.activation', 'relu'],
    ['dse', 'dims', { from: 0 }, 'dims.from'],
    ['dse', 'dims.sizes', [512]],
    ['mcdse', 'dims.sizes', []],
    ['gme', 'resize', []],
    ['gme', 'resize', [{ fit: [9, 1] }], 'resize[0].fit'],
    ['gme', 'resize', [{ square: 10, swap: true }], 'resize[0].swap'],
    ['gme', 'maxTokens', 1.5],
    ['gme', 'licence', { name: 'MIT' }, 'licence.commercial'],
    ['gme', 'licence.spdx', 'MIT'],
    ['gme', 'source.url', 'here'],
    ['gme', 'source', { code: 'here' }, 'source.transformers'],
    ['gme', 'scores', [{ model: '2B', benchmark: 'MMEB', percent: 101 }], 'scores[0].percent'],
    ['gme', 'scores', [{ model: '2B', benchmark: 'MMEB', percent: 1, of: 2 }], 'scores[0].of'],
    ['b3', 'prompt.raw.end', undefined],
    ['b3', 'prompt.raw.start', ''],
    ['b3', 'prompt.raw.roles.query.both', {}],
    ['b3', 'prompt.raw.roles.document.text', 'caption'],
    ['b3', 'prompt.raw.roles.document.image', '{image} {instruction}'],
    ['b3', 'prompt.raw.roles.query.text.image', 'What is it?'],
    ['gme', 'temperature', 1],
  ] as [string, string, unknown, string?][])('%s with another %s: %j', (name, path, value, named) => {
    const keys = path.split('.').map((key) => key.replace('\0', '.'));
    const at = `recipe.${named && path.startsWith('prompt') ? `prompt.${named}` : (named ?? keys.join('.'))}`;
    expect(() => read(changed(name, keys, value))).toThrow(expect.objectContaining({ at }));
  });

  it('names a field, or gives a recipe, whatever the JSON', () => {
    const parts = fc.tuple(
      fc.constantFrom(...recipes.map(({ name }) => name)),
      fc.jsonValue({ maxDepth: 3 }),
      fc.nat(),
      fc.nat(),
    );
    fc.assert(
      fc.property(parts, ([name, value, first, second]) => {
        const json = recipeToJson(recipeNamed(name)) as Json;
        const keys = Object.keys(json);
        const key = keys[first % keys.length]!;
        const inner = json[key];
        if (typeof inner === 'object' && inner !== null && second % 3 > 0) {
          const innerKeys = Object.keys(inner);
          (inner as Json)[innerKeys[second % innerKeys.length] ?? 'other'] = value;
        } else json[key] = value;
        try {
          expect(read(recipeToJson(read(json)))).toEqual(read(json));
        } catch (error) {
          expect(error).toBeInstanceOf(FieldError);
          expect((error as FieldError).at).toMatch(/^recipe\./);
        }
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(() => read(json)).toThrow(FieldError);
      }),
    );
  });
});
