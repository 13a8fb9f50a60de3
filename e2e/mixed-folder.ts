/**
 * @file A folder as a new user has it, and what must become of each file: pictures of phones, messengers, cameras and
 * scanners, screenshots, copies, damaged files, and kinds that no browser decodes. Made from `reference/fixtures/photos`.
 */
import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { fixtureBytes } from '../src/testing/fixtures';
import type { Photo } from './search-photos';

export interface MixedFile extends Photo {
  /** `indexed`; `listed` as one that cannot be read; or `passed over`, if it is not a picture or is hidden. */
  outcome: 'indexed' | 'listed' | 'passed over';
  /** ISO 8601; null: the file has none. */
  date: string | null;
}

type Expected = Record<string, { date: string | null; camera: string | null }>;

const FIXTURES = JSON.parse(readFileSync('reference/fixtures/photos/expected.json', 'utf8')) as Expected;
const VARIANTS = 4;
const UNREADABLE = 'svg ico jp2 tga pcx dib jxl psd tif cr2'.split(' ');

/** The same picture in another file: bytes that decoders ignore follow its end. */
function varied(name: string, bytes: Uint8Array, variant: number): Buffer {
  if (variant === 0) return Buffer.from(bytes);
  const isBoxed = /\.(hei[cf]|avif)$/.test(name);
  const tail = isBoxed ? Buffer.from([0, 0, 0, 12, ...Buffer.from('free'), 0, 0, 0, variant]) : Buffer.of(variant);
  return Buffer.concat([bytes, tail]);
}

function plain(seed: number, width: number, height: number): Sharp {
  const background = { r: (seed * 47) % 256, g: (seed * 83) % 256, b: (seed * 131) % 256 };
  return sharp({ create: { width, height, channels: 3, background } });
}

/** 200 files. */
export async function mixedFolder(): Promise<MixedFile[]> {
  const files: MixedFile[] = [];
  const add = (path: string, bytes: Buffer, outcome: MixedFile['outcome'], date: string | null = null) =>
    files.push({ path, bytes, outcome, date });
  for (const [name, { date }] of Object.entries(FIXTURES)) {
    for (let variant = 0; variant < VARIANTS; variant++) {
      const folder = /hei[cf]$/.test(name) ? 'Phone' : 'Camera';
      const bytes = varied(name, fixtureBytes(`photos/${name}`), variant);
      add(`${folder}/${variant} ${name}`, bytes, 'indexed', date);
    }
  }
  for (let i = 0; i < 14; i++) {
    add(`WhatsApp/IMG-2024010${i}-WA0001.webp`, await plain(i, 90, 120).webp().toBuffer(), 'indexed');
    add(
      `Screenshots/Screenshot ${i}.png`,
      await plain(100 + i, 60, 130)
        .png()
        .toBuffer(),
      'indexed',
    );
  }
  const scan = await plain(200, 80, 110)
    .withExif({ IFD0: { DateTime: '1999:12:31 23:59:59' } })
    .jpeg()
    .toBuffer();
  add('Scans/letter.jpg', scan, 'indexed', '1999-12-31T23:59:59');
  add('Scans/letter (copy).jpg', scan, 'indexed', '1999-12-31T23:59:59');
  add('Scans/mislabelled.tif', await plain(201, 80, 110).jpeg().toBuffer(), 'indexed');
  add('Scans/animation.apng', await plain(202, 64, 64).png().toBuffer(), 'indexed');
  add('Scans/drawing.gif', await plain(203, 64, 64).gif().toBuffer(), 'indexed');
  const whole = Buffer.from(fixtureBytes('photos/jpeg.jpg'));
  const heic = Buffer.from(fixtureBytes('photos/heic.heic'));
  add('Broken/torn.jpg', whole.subarray(0, 400), 'listed');
  add('Broken/torn.heic', heic.subarray(0, 600), 'listed');
  add('Broken/torn.webp', Buffer.from(fixtureBytes('photos/webp.webp')).subarray(0, 60), 'listed');
  add('Broken/empty.png', Buffer.alloc(0), 'listed');
  add('Broken/zeros.jpg', Buffer.alloc(2000), 'listed');
  add('Broken/page.png', Buffer.from('<!doctype html><title>Not found</title>'), 'listed');
  add('Broken/film.heic', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), 'listed');
  add('Broken/icon.png', await plain(204, 12, 12).png().toBuffer(), 'listed'); // too small for the model
  for (const ending of UNREADABLE) add(`Other/file.${ending}`, Buffer.from(`a picture of kind ${ending}`), 'listed');
  add('Other/notes.txt', Buffer.from('notes'), 'passed over');
  add('Other/film.mov', Buffer.from('film'), 'passed over');
  add('Other/.hidden.jpg', whole, 'passed over');
  add('Camera/0 jpeg.cr2', Buffer.from('beside its JPEG'), 'passed over');
  add('@eaDir/preview.jpg', whole, 'passed over');
  for (let i = files.length; i < 200; i++) add(`More/${i}.jpg`, await plain(i, 50, 40).jpeg().toBuffer(), 'indexed');
  return files;
}
