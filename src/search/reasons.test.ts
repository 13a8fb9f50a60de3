import { expect, test } from 'vitest';
import { ImageFormatError, ImageTooLargeError, InvalidInputError } from '../errors';
import { decodePicture, FIT_FILE, nativeSizes } from '../image';
import { reasonInWords } from './reasons';

/** What a person is never told. */
const JARGON = /inputs|maxInputPixels|maxPixels|raise|limit|factor|[0-9a-f]{2} [0-9a-f]{2} [0-9a-f]{2}/i;

function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}

test.each([
  [12, 12, 'The picture is 12 × 12 pixels; this model needs at least 28 on each side.'],
  [30, 30_000, /^The picture is 30 × 30,000 pixels: too long and narrow/],
])('a picture of %i × %i pixels that no model takes', (width, height, words) => {
  const limits = { factor: 28, minPixels: 784, maxPixels: 28 * 28 * 16 };
  const error = thrown(() => nativeSizes({ width, height }, { steps: FIT_FILE, limits })) as InvalidInputError;
  const named = new InvalidInputError(`inputs[7]: ${error.message}`, { ...error.details, input: 'inputs[7]' });
  for (const reason of [reasonInWords(error), reasonInWords(named)]) {
    expect(reason).toMatch(words);
    expect(reason).not.toMatch(JARGON);
  }
});

test('pictures that cannot be decoded', async () => {
  const page = await decodePicture(new TextEncoder().encode('<!doctype html>')).catch((error: unknown) => error);
  expect(reasonInWords(page as Error)).toMatch(/^This is not a picture in a format/);
  const huge = new ImageTooLargeError('… raise maxInputPixels.', { width: 1, height: 1, pixels: 3e8, limit: 2.5e8 });
  expect(reasonInWords(huge)).toBe('The picture has 300 million pixels; the limit is 250 million pixels.');
  const torn = new ImageFormatError('The HEIC file …: bad seek to 3008.', {
    format: 'HEIF',
    reason: 'bad seek to 3008',
  });
  expect(reasonInWords(torn)).toBe('The file cannot be decoded: it is damaged.');
});

test('all else is said as it is, but for the position in a list', () => {
  expect(reasonInWords(new InvalidInputError('inputs[0]: The text is empty.'))).toBe('The text is empty.');
  expect(reasonInWords(new Error('No.'))).toBe('No.');
});
