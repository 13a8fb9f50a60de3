/** @file Title, caption, keywords and names of places, gathered from IPTC, XMP and EXIF: what one block repeats counts once. */

import type { PhotoWords } from '../types';
import type { TagValues } from './tags';

/** Longer texts are cut: a few words find a picture, and an index keeps all of them in memory. */
export const MAX_WORDS = { text: 2000, item: 100, items: 100 };

/** What cameras and scanners write into descriptions that nobody has filled in. */
const NO_DESCRIPTION =
  /^(?:olympus digital camera|minolta digital camera|sony dsc|konica minolta digital camera|kodak digital still camera|samsung digital camera|digital camera|exif_?jpe?g\w*|dcim\\.*|default|untitled|<.*>)$/i;

/** @returns undefined if there are none */
export function wordsOf({ exif, xmp, iptc }: Record<'exif' | 'xmp' | 'iptc', TagValues>): PhotoWords | undefined {
  const title = lines([iptc['Object Name'], xmp.title, wide(exif.XPTitle)]);
  const described = [iptc['Caption/Abstract'], xmp.description, exif.ImageDescription].flatMap(texts);
  const caption = lines([
    ...[iptc['Headline'], xmp.Headline, wide(exif.XPSubject)],
    ...described.filter((text) => !NO_DESCRIPTION.test(text)),
    wide(exif.XPComment),
  ]);
  const keywords = list([
    ...[iptc['Keywords'], xmp.subject, xmp.hierarchicalSubject],
    ...texts(wide(exif.XPKeywords)).flatMap((text) => text.split(';')),
  ]);
  const places = list([
    ...[iptc['Sub-location'], xmp.Location, iptc['City'], xmp.City, iptc['Province/State'], xmp.State],
    ...[iptc['Country/Primary Location Name'], xmp.Country],
  ]);
  const words: PhotoWords = {
    ...(title && { title }),
    ...(caption && { caption }),
    ...(keywords.length > 0 && { keywords }),
    ...(places.length > 0 && { places }),
  };
  return Object.keys(words).length > 0 ? words : undefined;
}

function lines(values: readonly unknown[]): string {
  return distinct(values.flatMap(texts)).join('\n').slice(0, MAX_WORDS.text);
}

function list(values: readonly unknown[]): string[] {
  const items = values.flatMap(texts).map((item) => item.slice(0, MAX_WORDS.item).trim());
  return distinct(items).slice(0, MAX_WORDS.items);
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** A text, several texts, or XMP's lists of values; anything else is ignored. */
function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === 'object' && value !== null && 'value' in value) return texts(value.value);
  if (typeof value !== 'string') return [];
  const text = value
    .slice(0, MAX_WORDS.text)
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim();
  return text === '' ? [] : [text];
}

/** Windows writes UTF-16 as a list of bytes, with a NUL at its end. */
function wide(value: unknown): string | undefined {
  if (!Array.isArray(value) || !value.every((byte) => typeof byte === 'number')) return undefined;
  return new TextDecoder('utf-16le').decode(Uint8Array.from(value.slice(0, 2 * MAX_WORDS.text) as number[]));
}
