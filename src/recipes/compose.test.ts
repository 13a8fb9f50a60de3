import { describe, expect, it, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { instructions } from '../text';
import { compose, queryInputs, recipeNamed, type PromptRequest, type Recipe } from './index';

const PAD = '<|image_pad|>';
const V = '<|vision_start|><|image_pad|><|vision_end|>';
const promptOf = (name: string, request: Partial<PromptRequest>) =>
  compose({ images: 0, ...request }, recipeNamed(name), PAD).prompt;

describe('raw prompts', () => {
  it.each<[Partial<PromptRequest>, string]>([
    // text alone: as given, an image token stays a literal token
    [{ text: 'A cat' }, 'A cat'],
    [{ text: '\n' }, '\n'],
    [{ text: `${PAD}\nFind` }, `${PAD}\nFind`],
    [{ text: 'A cat', instruction: 'Find' }, 'Find A cat'],
    // an image alone
    [{ images: 1 }, `${PAD}\nRepresent the given image.\n`],
    [{ text: '', images: 1 }, `${PAD}\nRepresent the given image.\n`],
    // an image with text: as given where the token is in it, else the token first
    [{ text: `${PAD} Represent`, images: 1 }, `${PAD} Represent`],
    [{ text: `See ${PAD} here`, images: 1 }, `See ${PAD} here`],
    [{ text: 'What is this?', images: 1 }, `${PAD}\nWhat is this?`],
    // with an instruction, MMEB's newline at the end
    [{ instruction: 'Identify the object', images: 1 }, `${PAD}\nIdentify the object\n`],
    [{ instruction: 'Answer:', text: 'What?', images: 1 }, `${PAD}\nAnswer: What?\n`],
    [{ instruction: 'Answer:', text: 'What?\n', images: 1 }, `${PAD}\nAnswer: What?\n`],
    [{ instruction: `${PAD}\nAnswer:`, text: 'What?', images: 1 }, `${PAD}\nAnswer: What?\n`],
    // sides, by what the input is made of and what is looked for
    [{ text: 'a dog', role: 'query' }, instructions.MSCOCO_t2i.query.replace('{text}', 'a dog')],
    [{ images: 1, role: 'query' }, instructions.MSCOCO_i2t.query.replace('{image}', PAD)],
    [{ images: 1, role: 'query', find: 'image' }, instructions.NIGHTS.query.replace('{image}', PAD)],
    [{ text: 'a dog', role: 'document' }, 'a dog'],
    [{ images: 1, role: 'document' }, `${PAD}\nRepresent the given image.\n`],
    // a whole string or an instruction is the caller's own, on either side
    [{ text: `${PAD} Why?`, images: 1, role: 'query' }, `${PAD} Why?`],
    [{ text: 'a dog', instruction: 'Find', role: 'query' }, 'Find a dog'],
    // values are set in once, as they are
    [
      { text: '{image} $& {text}', images: 1, role: 'query' },
      instructions['OK-VQA'].query.replace('{image}', PAD).replace('{text}', () => '{image} $& {text}'),
    ],
  ])('%j', (request, expected) => {
    expect(promptOf('vlm2vec', request)).toBe(expected);
  });

  test('VLM2Vec-V2 separates by a space, ends with nothing, and takes several pictures', () => {
    expect(promptOf('vlm2vec-v2', { text: 'Why?', images: 1 })).toBe(`${PAD} Why?`);
    expect(promptOf('vlm2vec-v2', { text: 'Why?', instruction: 'Answer:', images: 2 })).toBe(
      `${PAD}${PAD} Answer: Why?`,
    );
    expect(() => promptOf('vlm2vec', { text: 'Why?', images: 2 })).toThrow(/has 2 pictures; VLM2Vec takes one/);
    expect(() => promptOf('vlm2vec-v2', { images: 101 })).toThrow(/takes at most 100/);
  });

  test('nothing to embed is refused', () => {
    for (const parts of [{}, { text: '' }, { instruction: 'Find', text: '' }, { instruction: 'Find' }]) {
      for (const name of ['vlm2vec', 'gme', 'dse', 'colqwen2']) {
        expect(() => promptOf(name, parts)).toThrow(InvalidInputError);
      }
    }
  });
});

describe('templates', () => {
  const system = (instruction: string) => `<|im_start|>system\n${instruction}<|im_end|>\n<|im_start|>user\n`;
  const END = '<|im_end|>\n<|im_start|>assistant\n<|endoftext|>';
  const HELPFUL = 'You are a helpful assistant.';

  it.each<[string, Partial<PromptRequest>, string]>([
    ['gme', { text: 'A cat' }, `${system(HELPFUL)}A cat${END}`],
    ['gme', { images: 1 }, `${system(HELPFUL)}${V}${END}`],
    [
      'gme',
      { text: ' A cat\n', images: 2, role: 'query', instruction: 'Find.' },
      `${system('Find.')}${V}${V} A cat\n${END}`,
    ],
    // documents keep GME's own instruction, the ones of Ops-MM take the caller's
    ['gme', { text: 'A cat', instruction: 'Find.' }, `${system(HELPFUL)}A cat${END}`],
    ['ops-mm-v1', { text: 'A cat', instruction: 'Find.' }, `${system('Find.')}A cat${END}`],
    ['rzenembed', { text: 'A cat', instruction: 'Find: ' }, `${system(HELPFUL)}Find: A cat${END}`],
    ['rzenembed', { text: 'A cat' }, `${system(HELPFUL)}A cat${END}`],
    // values hold what they hold
    ['ops-mm-v1', { text: '$& {image}', instruction: '{text}$1' }, `${system('{text}$1')}$& {image}${END}`],
    // by side and kind; texts carry a blank picture
    ['dse', { text: 'A cat', role: 'query' }, `${system(HELPFUL)}${V}Query: A cat${END}`],
    ['dse', { text: 'A cat' }, `${system(HELPFUL)}${V}Document: A cat${END}`],
    ['dse', { images: 1, role: 'query' }, `${system(HELPFUL)}${V}What is shown in this image?${END}`],
    ['unite', { text: 'A cat' }, `${system(HELPFUL)}A cat\nSummary above sentence in one word:${END}`],
    [
      'unite',
      { text: 'A cat', images: 1 },
      `${system(HELPFUL)}${V}A cat\nSummary above sentence and image in one word:${END}`,
    ],
    ['colqwen2', { text: 'A cat' }, `Query: A cat${'<|endoftext|>'.repeat(10)}`],
  ])('%s %j', (name, request, expected) => {
    expect(promptOf(name, request)).toBe(expected);
  });

  test('a kind or side without a template is refused', () => {
    expect(() => promptOf('dse', { text: 'A cat', images: 1 })).toThrow(
      'DSE-Qwen2-MRL does not take a picture with a text as a document.',
    );
    expect(() => promptOf('colqwen2', { text: 'A cat', images: 1, role: 'query' })).toThrow(
      /does not take a picture with a text as a query/,
    );
  });

  test('a fixed instruction is not replaced', () => {
    expect(() => promptOf('unite', { text: 'A cat', instruction: 'Find' })).toThrow(/takes no instruction/);
  });

  test('only texts without pictures are given the blank one', () => {
    const blank = (request: Partial<PromptRequest>) =>
      compose({ images: 0, ...request }, recipeNamed('dse'), PAD).blank;
    expect(blank({ text: 'A cat' })).toBe(true);
    expect(blank({ images: 1 })).toBe(false);
    expect(compose({ text: 'A cat', images: 0 }, recipeNamed('gme'), PAD).blank).toBe(false);
  });

  test("without a marker of its own a recipe has the architecture's token", () => {
    const { marker: _, ...recipe } = recipeNamed('ops-mm-v1') satisfies Recipe;
    expect(compose({ images: 1 }, recipe, '<image>').prompt).toBe(`${system(HELPFUL)}<image>${END}`);
  });
});

describe('prefixes', () => {
  test('come before documents that are texts', () => {
    expect(promptOf('b3', { text: 'cat', prefix: 'label' })).toBe('Represent the class label: cat');
    expect(promptOf('b3', { text: 'cat', prefix: 'answer', role: 'document' })).toBe('Represent the answer: cat');
  });

  test('are refused elsewhere, and where they are not known', () => {
    for (const request of [
      { text: 'cat', prefix: 'label', role: 'query' as const },
      { text: 'cat', prefix: 'label', images: 1 },
      { text: 'cat', prefix: 'toString' },
      { text: 'cat', prefix: 'Label' },
    ]) {
      expect(() => promptOf('b3', request)).toThrow(
        expect.objectContaining({ details: { option: 'prefix', recipe: 'b3' } }),
      );
    }
    expect(() => promptOf('gme', { text: 'cat', prefix: 'label' })).toThrow(/known: none/);
  });
});

test('what a query may be made of is what can be composed', () => {
  for (const name of ['vlm2vec', 'gme', 'dse', 'colqwen2', 'ops-mm-v1', 'siglip2']) {
    const { together, instruction } = queryInputs(recipeNamed(name));
    const composes = (request: Partial<PromptRequest>) => {
      try {
        return promptOf(name, { role: 'query', text: 'A cat', ...request });
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInputError);
        return null;
      }
    };
    expect([name, composes({ images: 1 }) !== null]).toEqual([name, together]);
    expect([name, composes({ instruction: 'Find it' })?.includes('Find it') ?? false]).toEqual([name, instruction]);
  }
});
