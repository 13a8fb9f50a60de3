/** @file Date, camera and place of a picture. `exifr` is loaded with the first picture. */

import type { PhotoItem } from '../types';

type Facts = Pick<PhotoItem, 'taken' | 'dated' | 'camera' | 'place'>;

/** Longer ones are no names. */
const MAX_CAMERA = 100;
const TAGS = ['DateTimeOriginal', 'CreateDate', 'Make', 'Model'];

/**
 * What the file says of itself. Damaged or missing EXIF is none.
 * @param modified of the file, in milliseconds: the date where it says no other
 */
export async function readFacts(bytes: Uint8Array, modified: number): Promise<Facts> {
  const exif = await parse(bytes);
  const date = wallClock(exif.DateTimeOriginal) ?? wallClock(exif.CreateDate);
  return {
    taken: date ?? localWallClock(modified),
    dated: date !== null,
    camera: cameraName(exif.Make, exif.Model),
    place: placeOf(exif.latitude, exif.longitude),
  };
}

async function parse(bytes: Uint8Array): Promise<Record<string, unknown>> {
  const { default: exifr } = await import('exifr');
  try {
    // Dates stay the text they are: a camera's clock has no time zone.
    const options = {
      pick: [...TAGS, 'GPSLatitude', 'GPSLongitude', 'GPSLatitudeRef', 'GPSLongitudeRef'],
      reviveValues: false,
    };
    return ((await exifr.parse(bytes, options)) as Record<string, unknown> | undefined) ?? {};
  } catch {
    return {};
  }
}

/** `2024:06:30 18:05:00` in milliseconds, as if that clock ran in UTC. */
export function wallClock(value: unknown): number | null {
  const match =
    typeof value === 'string' ? /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?/.exec(value) : null;
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as number[];
  const time = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const date = new Date(time);
  // Cameras without a date write zeros, which `Date` would take for some other day.
  return year! >= 1800 && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day ? time : null;
}

/** The same of a moment, by this device's clock. */
export function localWallClock(milliseconds: number): number {
  return milliseconds - new Date(milliseconds).getTimezoneOffset() * 60_000;
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
  return typeof value === 'string'
    ? value
        .replace(/[\u0000-\u001f\u007f]+/g, ' ')
        .trim()
        .slice(0, MAX_CAMERA)
    : '';
}

function placeOf(latitude: unknown, longitude: unknown): PhotoItem['place'] {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return null;
  // (0, 0) is what devices write that had no signal.
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) || (latitude === 0 && longitude === 0)) return null;
  return { latitude, longitude };
}
