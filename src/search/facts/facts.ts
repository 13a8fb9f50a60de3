/**
 * @file Date, camera, place and words of a picture, from its file's metadata, and which parts of that could not be
 * read.
 */

import type { PhotoItem } from '../types';
import { importing } from '../../net';
import { readBlocks } from './blocks';
import { isUnset, localWallClock, wallClock } from './dates';
import type { ReadTags, TagValues } from './tags';
import { wordsOf } from './words';

export type Facts = Pick<PhotoItem, 'taken' | 'dated' | 'camera' | 'place' | 'unread' | 'words'>;

/** Longer texts are not names. */
const MAX_CAMERA = 100;
const MAX_UNREAD = 500;

/** What a file says, before checking whether it makes sense. */
interface Said {
  exif: TagValues;
  xmp: TagValues;
  iptc: TagValues;
  created: string | null;
}

/**
 * Reads the metadata of a file.
 * @param modified when the file was changed, in milliseconds: the date if the file states no other
 */
export async function readFacts(bytes: Uint8Array, modified: number): Promise<Facts> {
  const { said, faults } = await readAll(bytes);
  const date = dateOf(said, faults);
  const place = placeOf(said, faults);
  return {
    taken: date ?? localWallClock(modified),
    dated: date !== null,
    camera: cameraName(said.exif.Make ?? said.xmp.Make, said.exif.Model ?? said.xmp.Model),
    place,
    words: wordsOf(said),
    unread: faults.length > 0 ? faults.join(' ').slice(0, MAX_UNREAD) : null,
  };
}

/** If there are several blocks, the first one with a value counts. */
async function readAll(bytes: Uint8Array): Promise<{ said: Said; faults: string[] }> {
  const { exif, xmp, iptc, created, faults } = await readBlocks(bytes);
  const said: Said = { exif: {}, xmp: {}, iptc: {}, created };
  if (exif.length + xmp.length + iptc.length === 0) return { said, faults };
  const { readExif, readIptc, readXmp } = await importing(() => import('./tags'));
  const take = ({ values, faults: more }: ReadTags, into: 'exif' | 'xmp' | 'iptc') => {
    said[into] = { ...values, ...said[into] };
    faults.push(...more);
  };
  for (const block of exif) take(readExif(block), 'exif');
  for (const segment of iptc) take(readIptc(segment), 'iptc');
  for (const packet of xmp) take(await readXmp(packet), 'xmp');
  return { said, faults };
}

/** When it was taken or made; if that is unknown, when it was changed. */
function dateOf({ exif, xmp, created }: Said, faults: string[]): number | null {
  const candidates = [
    ...[exif.DateTimeOriginal, exif.DateTimeDigitized],
    ...[xmp.DateTimeOriginal, xmp.DateCreated, xmp.CreateDate, xmp.DateTimeDigitized, created],
    ...[exif.DateTime, xmp.ModifyDate, xmp.DateTime],
  ].map(plainText);
  const wrong = candidates.find((text) => !isUnset(text) && wallClock(text) === null);
  for (const text of candidates) {
    const date = wallClock(text);
    if (date !== null) return date;
  }
  if (wrong !== undefined) faults.push(`Its date “${wrong.slice(0, 40)}” is not valid.`);
  return null;
}

/** `Canon`, `Canon EOS R6` → `Canon EOS R6`. */
export function cameraName(make: unknown, model: unknown): string | null {
  const [maker, name] = [make, model].map(plainText) as [string, string];
  if (name === '') return maker || null;
  const known = maker === '' || name.toLowerCase().startsWith(maker.split(' ')[0]!.toLowerCase());
  return (known ? name : `${maker} ${name}`).slice(0, MAX_CAMERA);
}

/** Without control characters and the NULs that pad such texts. */
function plainText(value: unknown): string {
  const text = Array.isArray(value) ? value.filter((part) => typeof part === 'string').join(' ') : value;
  return typeof text === 'string'
    ? text
        .replace(/[\u0000-\u001f\u007f]+/g, ' ')
        .trim()
        .slice(0, MAX_CAMERA)
    : '';
}

function placeOf({ exif, xmp }: Said, faults: string[]): PhotoItem['place'] {
  const latitude = inDegrees(exif.GPSLatitude, exif.GPSLatitudeRef) ?? spelledDegrees(xmp.GPSLatitude);
  const longitude = inDegrees(exif.GPSLongitude, exif.GPSLongitudeRef) ?? spelledDegrees(xmp.GPSLongitude);
  if (latitude === null || longitude === null) return null;
  // Devices without a signal write (0, 0).
  if (latitude === 0 && longitude === 0) return null;
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) return { latitude, longitude };
  faults.push(`Its place (latitude ${latitude}, longitude ${longitude}) is not valid.`);
  return null;
}

/**
 * Degrees, minutes and seconds as fractions, and the hemisphere's letter. Null if there are none, or n/0, which is
 * what devices without a signal write.
 */
function inDegrees(value: unknown, hemisphere: unknown): number | null {
  if (!Array.isArray(value)) return null;
  const fractions = (typeof value[0] === 'number' ? [value] : value) as [number, number][];
  const [degrees = NaN, minutes = 0, seconds = 0] = fractions.map(([over, under]) => over / under);
  // An omitted fraction is 0/0 too.
  const sum = degrees + (minutes || 0) / 60 + (seconds || 0) / 3600;
  return Number.isFinite(sum) ? signed(sum, plainText(hemisphere)) : null;
}

/** XMP's `60,15.5N` and `60,15,30N`. */
function spelledDegrees(value: unknown): number | null {
  const match = /^(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\s*([NSEW])$/i.exec(plainText(value));
  if (!match) return null;
  const [degrees, minutes, seconds] = match.slice(1, 4).map((part) => Number(part ?? 0)) as [number, number, number];
  return signed(degrees + minutes / 60 + seconds / 3600, match[4]!);
}

function signed(degrees: number, hemisphere: string): number {
  return /^[SW]/i.test(hemisphere) ? -degrees : degrees;
}
