import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { encodePrompt } from './prompt';

const PAD = 655;
const prompts = { imageToken: '<|image_pad|>', imageTokenId: PAD, maxTokens: 400 };
const ids = fc.array(fc.nat(PAD - 1), { maxLength: 20 });

test('each image token is repeated for its picture, in order', () => {
  const pictures = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), ids), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(ids, pictures, (before, parts) => {
      const given = [...before, ...parts.flatMap(([, behind]) => [PAD, ...behind])];
      const counts = parts.map(([count]) => count);
      const { ids: all, images } = encodePrompt(given, counts, prompts);
      expect(all).toEqual([...before, ...parts.flatMap(([count, behind]) => [...Array(count).fill(PAD), ...behind])]);
      expect(images.map(({ tokens }) => tokens)).toEqual(counts);
      for (const { start, tokens } of images) {
        expect(new Set(all.slice(start, start + tokens))).toEqual(new Set([PAD]));
        expect(
          start === 0 || all[start - 1] !== PAD || images.some((other) => other.start + other.tokens === start),
        ).toBe(true);
      }
    }),
  );
});

test('without a picture, image tokens are ordinary tokens', () => {
  expect(encodePrompt([1, PAD, 2], [], prompts)).toEqual({ ids: [1, PAD, 2], images: [] });
});

test('another number of image tokens than pictures is refused', () => {
  for (const [given, images, message] of [
    [[PAD, PAD], [4], /contain <\|image_pad\|> once; it contains it 2 times/],
    [[1], [4], /once; it contains it 0 times/],
    [[PAD], [4, 4], /2 images must contain <\|image_pad\|> as many times; it contains it 1 times/],
  ] as const) {
    expect(() => encodePrompt(given, images, prompts)).toThrow(InvalidInputError);
    expect(() => encodePrompt(given, images, prompts)).toThrow(message);
  }
});
