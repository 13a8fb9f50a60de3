/**
 * @file Messages about what is wrong with a picture, for people who gave it to a page: without positions in lists,
 * names of options, byte counts, and internal messages of decoders.
 */

const number = new Intl.NumberFormat('en');
const millions = (pixels: number) => `${number.format(Math.round(pixels / 1e6))} million pixels`;

type Details = Readonly<Record<string, unknown>>;

/** By what an error's details say; the first that fits counts. */
const WORDS: [name: string, keys: string[], words: (details: Record<string, number> & Details) => string][] = [
  [
    'ImageTooLargeError',
    ['pixels', 'limit'],
    ({ pixels, limit }) => `The picture has ${millions(pixels!)}; the limit is ${millions(limit!)}.`,
  ],
  [
    'ImageTooLargeError',
    ['pixels'],
    ({ pixels }) => `The picture has ${millions(pixels!)}: more than this device has memory for.`,
  ],
  [
    'InvalidInputError',
    ['width', 'height', 'factor'],
    ({ factor, ...size }) => `The picture is ${sides(size)} pixels; this model needs at least ${factor} on each side.`,
  ],
  [
    'InvalidInputError',
    ['width', 'height', 'aspect'],
    (size) => `The picture is ${sides(size)} pixels: too long and narrow for this model. Cut it into parts.`,
  ],
  [
    'ImageFormatError',
    ['kind'],
    () => 'This is not a picture in a format that can be read here (JPEG, PNG, WebP, GIF, BMP, AVIF, HEIC).',
  ],
  ['ImageFormatError', ['format', 'reason'], () => 'The file cannot be decoded: it is damaged.'],
];

/** Of any error. */
export function reasonInWords(error: Error): string {
  const { details } = error as { details?: Details };
  const fitting = WORDS.find(
    ([name, keys]) => name === error.name && keys.every((key) => details?.[key] !== undefined),
  );
  return fitting ? fitting[2](details as Record<string, number>) : error.message.replace(/^inputs?(\[\d+\])?: /, '');
}

function sides(size: Details): string {
  return `${number.format(size['width'] as number)} × ${number.format(size['height'] as number)}`;
}
