/** @file Prompts by VLM2Vec's rules, lengths, and the ids of every fixture input with an image. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PromptConfig } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { expectedInputs, fixtureInputs, tokenizerFiles } from '../testing/fixtures';
import { composePrompt, encodePrompt, expandImageToken, fillPrompt, instructions, loadTokenizer } from './index';

const PAD = '<|image_pad|>';
const tokenizer = await loadTokenizer(tokenizerFiles('small'));
const prompts: PromptConfig = {
  imageToken: PAD,
  imageTokenId: tokenizer.encode(PAD)[0]!,
  separator: '\n',
  maxTokens: 400,
};

describe('composePrompt', () => {
  test.each([
    // text alone: as given, an image token stays a literal token
    [{ text: 'A cat', hasImage: false }, 'A cat'],
    [{ text: '\n', hasImage: false }, '\n'],
    [{ text: `${PAD}\nFind`, hasImage: false }, `${PAD}\nFind`],
    [{ text: 'A cat', instruction: 'Find', hasImage: false }, 'Find A cat'],
    // an image alone
    [{ hasImage: true }, `${PAD}\nRepresent the given image.\n`],
    [{ text: '', hasImage: true }, `${PAD}\nRepresent the given image.\n`],
    // an image with text: as given where the token is in it, else the token first
    [{ text: `${PAD} Represent`, hasImage: true }, `${PAD} Represent`],
    [{ text: `See ${PAD} here`, hasImage: true }, `See ${PAD} here`],
    [{ text: 'What is this?', hasImage: true }, `${PAD}\nWhat is this?`],
    // with an instruction, MMEB's newline at the end
    [{ instruction: 'Identify the object', hasImage: true }, `${PAD}\nIdentify the object\n`],
    [{ instruction: 'Answer:', text: 'What?', hasImage: true }, `${PAD}\nAnswer: What?\n`],
    [{ instruction: 'Answer:', text: 'What?\n', hasImage: true }, `${PAD}\nAnswer: What?\n`],
    [{ instruction: `${PAD}\nAnswer:`, text: 'What?', hasImage: true }, `${PAD}\nAnswer: What?\n`],
  ])('%j', (parts, expected) => {
    expect(composePrompt(parts, prompts)).toBe(expected);
  });

  test('nothing to embed is refused', () => {
    for (const parts of [{}, { text: '' }, { instruction: 'Find', text: '' }, { instruction: 'Find' }]) {
      expect(() => composePrompt({ ...parts, hasImage: false }, prompts)).toThrow(InvalidInputError);
    }
  });
});

test('ids of every image input of the fixtures', () => {
  const expected = expectedInputs();
  for (const { id, text, image } of fixtureInputs()) {
    const wanted = expected.get(id)!;
    const imageTokens = wanted.grid === null ? null : (wanted.grid[0] * wanted.grid[1]) / 4;
    const prompt = composePrompt({ text, hasImage: image !== null }, prompts);
    const encoded = encodePrompt(tokenizer, prompt, { prompts, imageTokens });
    expect(encoded.ids, id).toEqual(wanted.ids);
    if (encoded.image === null) expect(image, id).toBeNull();
    else {
      expect(encoded.image, id).toEqual({ start: wanted.ids.indexOf(prompts.imageTokenId), tokens: imageTokens });
    }
  }
});

describe('lengths', () => {
  const words = (n: number) => ' a'.repeat(n);
  const count = (text: string) => tokenizer.encode(text).length;

  test('a text above the model’s limit is refused with the figures', () => {
    expect(count(words(401))).toBe(401);
    expect(encodePrompt(tokenizer, words(400), { prompts, imageTokens: null }).ids.length).toBe(400);
    expect(() => encodePrompt(tokenizer, words(401), { prompts, imageTokens: null })).toThrow(
      /401 tokens long; the model takes at most 400/,
    );
  });

  test('a text above the caller’s limit is cut, an image never', () => {
    const cut = encodePrompt(tokenizer, words(50), { prompts, imageTokens: null, maxTokens: 7 });
    expect(cut).toEqual({ ids: tokenizer.encode(words(50)).slice(0, 7), image: null });
    const image = { prompts, imageTokens: 20, maxTokens: 21 };
    expect(encodePrompt(tokenizer, `${PAD}\n`, image).ids.length).toBe(21);
    expect(() => encodePrompt(tokenizer, `${PAD}\nWhat`, image)).toThrow(/tokens long, 20 of them for the image/);
    expect(() => encodePrompt(tokenizer, `${PAD}\n`, { prompts, imageTokens: 400 })).toThrow(
      expect.objectContaining({ details: { tokens: 401, imageTokens: 400, maxTokens: 400 } }),
    );
  });

  test('a limit that cannot be is refused', () => {
    for (const maxTokens of [0, -1, 1.5, 401, Number.NaN]) {
      expect(() => encodePrompt(tokenizer, 'a', { prompts, imageTokens: null, maxTokens })).toThrow(InvalidInputError);
    }
  });
});

describe('expandImageToken', () => {
  test('puts the copies where the one token was', () => {
    const ids = fc.array(fc.nat(600));
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 50 }), (before, after, tokens) => {
        const { ids: all, image } = expandImageToken([...before, prompts.imageTokenId, ...after], tokens, prompts);
        expect(image).toEqual({ start: before.length, tokens });
        expect(all.slice(0, before.length)).toEqual(before);
        expect(all.slice(before.length + tokens)).toEqual(after);
        expect(new Set(all.slice(before.length, before.length + tokens))).toEqual(new Set([prompts.imageTokenId]));
      }),
    );
  });

  test('two image tokens for one image are refused', () => {
    expect(() => encodePrompt(tokenizer, PAD + PAD, { prompts, imageTokens: 4 })).toThrow(/holds it 2 times/);
  });
});

describe('instructions', () => {
  test('are the 36 tasks of MMEB, query and target', () => {
    expect(Object.keys(instructions).length).toBe(36);
    for (const { query, target } of Object.values(instructions)) {
      expect(query.endsWith('\n')).toBe(true);
      expect(query.startsWith('{image}\n') || !query.includes('{image}')).toBe(true);
      expect(target === '{text}' || target.startsWith('{image}\n')).toBe(true);
    }
  });

  test('fillPrompt replaces once, whatever the text holds', () => {
    expect(fillPrompt(instructions.DocVQA.query, '{image} $& {text}', prompts)).toBe(
      `${PAD}\nRepresent the given image with the following question: {image} $& {text}\n`,
    );
    expect(fillPrompt(instructions.MSCOCO.query, 'dog', prompts)).toBe(
      `${PAD}\nCrop the image to to isolate the object labeled as "dog"\n`,
    );
    expect(fillPrompt(instructions.NIGHTS.target, 'unused', prompts)).toBe(`${PAD}\nRepresent the given image.\n`);
  });
});
