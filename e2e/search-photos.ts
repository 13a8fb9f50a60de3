/**
 * @file Pictures for tests of the search page: JPEGs with EXIF dates and cameras, generated here, in a folder that is
 * given to the page.
 */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import sharp, { type Sharp } from 'sharp';

export interface Photo {
  /** Its path within the folder. */
  path: string;
  bytes: Buffer;
}

const SAMPLES = JSON.parse(readFileSync('public/samples/samples.json', 'utf8')) as { file: string }[];
const stem = (file: string) => file.replace(/\.\w+$/, '');

async function photo(
  file: string,
  path: string,
  taken: string,
  model: string,
  change = (image: Sharp) => image,
): Promise<Photo> {
  const image = sharp(`public/samples/${file}`)
    .flatten({ background: '#fff' })
    .resize(320, 240, { fit: 'contain', background: '#fff' });
  const exif = { IFD0: { Make: 'Acme', Model: model }, IFD2: { DateTimeOriginal: taken } };
  return { path, bytes: await change(image).withExif(exif).jpeg({ quality: 90 }).toBuffer() };
}

const two = (n: number) => String(n).padStart(2, '0');

let samples: Promise<Photo[]> | undefined;

/** Every sample twice: unchanged, from July 2023 by one camera, and mirrored and grey, from January 2024 by another. */
export function samplePhotos(): Promise<Photo[]> {
  return (samples ??= makeSamplePhotos());
}

function makeSamplePhotos(): Promise<Photo[]> {
  const pairs = SAMPLES.map(({ file }, i) => [
    photo(file, `Summer/2023/${stem(file)}.jpg`, `2023:07:${two(i + 1)} 12:00:00`, 'Sunny 1'),
    photo(file, `Winter/${stem(file)} in winter.jpg`, `2024:01:${two(i + 1)} 23:59:59`, 'Frosty 2', (image) =>
      image.flop().grayscale(),
    ),
  ]);
  return Promise.all(pairs.flat());
}

/** Any number of nearly empty pictures. */
export function plainPhotos(count: number): Promise<Photo[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const colour = { r: (i * 47) % 256, g: (i * 83) % 256, b: (i * 131) % 256 };
      const image = sharp({ create: { width: 96, height: 72, channels: 3, background: colour } });
      return { path: `plain ${i}.jpg`, bytes: await image.jpeg().toBuffer() };
    }),
  );
}

/** A photo of 12 million pixels, a nearly empty picture of 30 million, and an iPhone's. */
export async function largePhotos(): Promise<Photo[]> {
  const photo = sharp(`public/samples/${SAMPLES[0]!.file}`).flatten().resize(4000, 3000, { fit: 'fill' });
  const background = { r: 70, g: 100, b: 130 };
  const plain = sharp({ create: { width: 6000, height: 5000, channels: 3, background } });
  return [
    { path: 'photo.jpg', bytes: await photo.jpeg().toBuffer() },
    { path: 'huge.png', bytes: await plain.png().toBuffer() },
    { path: 'iphone.heic', bytes: readFileSync('e2e/search-index/red-blue.heic') },
  ];
}

/** Pictures of every shape, from a long screenshot to a panorama, mixed. */
export function mixedShapes(count: number): Promise<Photo[]> {
  const shapes = [
    [160, 120],
    [120, 160],
    [48, 480],
    [480, 60],
    [100, 100],
    [30, 40],
  ] as const;
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [width, height] = shapes[(i * 5 + Math.floor(i / 6)) % shapes.length]!;
      const background = { r: (i * 47) % 256, g: (i * 83) % 256, b: (i * 131) % 256 };
      const image = sharp({ create: { width, height, channels: 3, background } });
      return { path: `shape ${i}.jpg`, bytes: await image.jpeg().toBuffer() };
    }),
  );
}

/** Puts pictures into a folder of the browser's private file system, which the page's folder dialog then returns. */
export async function offerFolder(page: Page, name: string, photos: readonly Photo[]): Promise<void> {
  await page.evaluate(
    async ([name, photos]) => {
      const root = await navigator.storage.getDirectory();
      const top = await root.getDirectoryHandle(name, { create: true });
      for (const { path, base64 } of photos) {
        const names = path.split('/');
        let folder = top;
        for (const part of names.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true });
        const file = await folder.getFileHandle(names.at(-1)!, { create: true });
        const writable = await file.createWritable();
        await writable.write(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
        await writable.close();
      }
      Object.assign(globalThis, { showDirectoryPicker: async () => top });
    },
    [name, photos.map(({ path, bytes }) => ({ path, base64: bytes.toString('base64') }))] as const,
  );
}

/** The metadata of a picture's file. */
interface Said {
  path: string;
  /** In the format of EXIF. */
  taken: string;
  /** Degrees north and east. */
  place?: [number, number];
  keywords?: string[];
}

/** A plain picture with a date, a place (EXIF) and keywords (IPTC). */
export async function saidPhoto({ path, taken, place, keywords = [] }: Said, hue: number): Promise<Photo> {
  const background = { r: hue, g: 255 - hue, b: 128 };
  const degrees = (value: number) => `${Math.round(value * 1e5)}/100000 0/1 0/1`;
  const exif = {
    IFD2: { DateTimeOriginal: taken },
    ...(place && {
      IFD3: {
        ...{ GPSLatitudeRef: 'N', GPSLatitude: degrees(place[0]) },
        ...{ GPSLongitudeRef: 'E', GPSLongitude: degrees(place[1]) },
      },
    }),
  };
  const image = sharp({ create: { width: 96, height: 72, channels: 3, background } }).withExif(exif);
  const jpeg = await image.jpeg().toBuffer();
  if (keywords.length === 0) return { path, bytes: jpeg };
  const datasets = keywords.map((word) =>
    Buffer.concat([Buffer.from([0x1c, 2, 25, 0, word.length]), Buffer.from(word)]),
  );
  const iptc = Buffer.concat(datasets);
  const padding = Buffer.alloc(iptc.length % 2);
  const head = Buffer.from([0x38, 0x42, 0x49, 0x4d, 4, 4, 0, 0, 0, 0, 0, iptc.length]);
  const segment = Buffer.concat([Buffer.from('Photoshop 3.0\0'), head, iptc, padding]);
  const marker = Buffer.from([0xff, 0xed, 0, segment.length + 2]);
  return { path, bytes: Buffer.concat([jpeg.subarray(0, 2), marker, segment, jpeg.subarray(2)]) };
}
