import { expect, test } from 'vitest';
import { uniforms } from '../../bundle/random';
import { fixtureBytes } from '../../testing/fixtures';
import { cameraName, readFacts } from './facts';
import { headOf } from './head';

interface Expected {
  date: string | null;
  camera: string | null;
  place: [number, number] | null;
  /** A word from the message about what could not be read. */
  unread: string | null;
}

const photos = JSON.parse(new TextDecoder().decode(fixtureBytes('photos/expected.json'))) as Record<string, Expected>;
const MODIFIED = new Date(2021, 4, 6, 7, 8, 9).getTime();
const CHANGED = Date.UTC(2021, 4, 6, 7, 8, 9);

test.each(Object.entries(photos))('the metadata of %s', async (name, { date, camera, place, unread }) => {
  const facts = await readFacts(fixtureBytes(`photos/${name}`), MODIFIED);
  expect(facts).toMatchObject({
    taken: date === null ? CHANGED : Date.parse(`${date}Z`),
    dated: date !== null,
    camera,
    place: place && { latitude: expect.closeTo(place[0], 9), longitude: expect.closeTo(place[1], 9) },
  });
  if (unread === null) expect(facts.unread).toBeNull();
  else expect(facts.unread).toContain(unread);
});

test.each([
  ['Canon', 'Canon EOS R6', 'Canon EOS R6'],
  ['NIKON CORPORATION', 'NIKON D850', 'NIKON D850'],
  [['SONY\0'], ['ILCE-7M4\0\0'], 'SONY ILCE-7M4'],
  ['Apple', undefined, 'Apple'],
  [undefined, 'X', 'X'],
  [undefined, undefined, null],
  [5, {}, null],
])('the camera %j, %j', (make, model, expected) => {
  expect(cameraName(make, model)).toBe(expected);
});

const u16 = (value: number) => [value >> 8, value & 255];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 65535)];
const ascii = (text: string) => [...new TextEncoder().encode(text)];
const fractions = (...values: [number, number][]) => values.flatMap(([over, under]) => [...u32(over), ...u32(under)]);

/** TIFF data with nothing but a place. */
function tiffOf(latitude: number[], longitude: number[], [north, east] = ['N', 'E']): number[] {
  const entry = (tag: number, type: number, count: number, value: number[]) =>
    [u16(tag), u16(type), u32(count), value].flat();
  const values = 26 + 2 + 4 * 12 + 4;
  const gps = [
    u16(4),
    ...[entry(1, 2, 2, [...ascii(north!), 0, 0, 0]), entry(2, 5, latitude.length / 8, u32(values))],
    ...[entry(3, 2, 2, [...ascii(east!), 0, 0, 0]), entry(4, 5, longitude.length / 8, u32(values + latitude.length))],
    u32(0),
  ].flat();
  return [ascii('MM'), u16(42), u32(8), u16(1), entry(0x8825, 4, 1, u32(26)), u32(0), gps, latitude, longitude].flat();
}

function jpegOf(tiff: number[]): Uint8Array {
  const app1 = [...ascii('Exif\0\0'), ...tiff];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, ...u16(app1.length + 2), ...app1, 0xff, 0xd9]);
}

test('places: hemispheres, minutes with decimals, and what devices without a signal write', async () => {
  const placeOf = async (...args: Parameters<typeof tiffOf>) => {
    const { place, unread } = await readFacts(jpegOf(tiffOf(...args)), 0);
    return unread ?? place;
  };
  const north = fractions([60, 1], [15, 1], [0, 1]);
  const west = fractions([5, 1], [305, 10], [0, 1]);
  expect(await placeOf(north, west, ['N', 'W'])).toEqual({ latitude: 60.25, longitude: -(5 + 30.5 / 60) });
  expect(await placeOf(north, west, ['S', 'E'])).toMatchObject({ latitude: -60.25 });
  expect(await placeOf(fractions([605, 10]), fractions([5, 1], [0, 0], [0, 0]))).toEqual({
    latitude: 60.5,
    longitude: 5,
  });
  const nothing = fractions([0, 0], [0, 0], [0, 0]);
  expect(await placeOf(nothing, nothing)).toBeNull();
  const zero = fractions([0, 1], [0, 1], [0, 1]);
  expect(await placeOf(zero, zero)).toBeNull();
  expect(await placeOf(fractions([600, 1], [0, 1], [0, 1]), west)).toMatch(/latitude 600.* is not valid/);
  const cut = tiffOf(north, west).slice(0, -30);
  expect((await readFacts(jpegOf(cut), 0)).unread).toContain('GPSLongitude');
});

const box = (type: string, ...content: number[][]) => {
  const inside = content.flat();
  return [...u32(inside.length + 8), ...ascii(type), ...inside];
};

/** A HEIC file without a picture whose EXIF is stored as `place` says: parts of it in the file, or in `idat`. */
function heic(exif: number[], place: 'file' | 'idat' | 'parts' | 'beyond'): Uint8Array {
  const item = [...u32(6), ...ascii('Exif\0\0'), ...exif];
  const ftyp = box('ftyp', ascii('heic'), u32(0), ascii('heic'));
  const half = Math.floor(item.length / 2);
  const gap = place === 'parts' ? 7 : 0;
  const build = (start: number) => {
    const extents =
      place === 'parts'
        ? [
            [0, half],
            [half + gap, item.length - half],
          ]
        : [[0, item.length]];
    const base = place === 'idat' ? 0 : place === 'beyond' ? start + 1 : start;
    const list = extents.flatMap(([offset, length]) => [...u32(offset!), ...u32(length!)]);
    const iloc = [u16(1), u16(7), u16(place === 'idat' ? 1 : 0), u16(0), u32(base), u16(extents.length), list].flat();
    const infe = box('infe', [2, 0, 0, 0], u16(7), u16(0), ascii('Exif\0'));
    return box(
      ...(['meta', u32(0), box('iinf', u32(0), u16(1), infe), box('iloc', [1, 0, 0, 0], u16(0x4440), iloc)] as const),
      place === 'idat' ? box('idat', item) : [],
    );
  };
  const start = ftyp.length + build(0).length + 8;
  const data = place === 'idat' ? [] : [...item.slice(0, half), ...Array<number>(gap).fill(0), ...item.slice(half)];
  return Uint8Array.from([...ftyp, ...build(start), ...box('mdat', data)]);
}

test('EXIF of HEIC, wherever it is in the file', async () => {
  const tiff = tiffOf(fractions([60, 1], [15, 1], [0, 1]), fractions([5, 1], [30, 1], [0, 1]));
  for (const place of ['file', 'idat', 'parts'] as const) {
    const facts = await readFacts(heic(tiff, place), 0);
    expect(facts, place).toMatchObject({ place: { latitude: 60.25, longitude: 5.5 }, unread: null });
  }
  expect((await readFacts(heic(tiff, 'beyond'), 0)).unread).toMatch(/EXIF data cannot be read: .*beyond its end/);
});

test('no damage causes an error, and nothing missing is made up', async () => {
  const random = uniforms(20);
  for (const name of Object.keys(photos)) {
    const whole = fixtureBytes(`photos/${name}`);
    for (let i = 0; i < 12; i++) {
      const bytes = whole.slice(0, i % 2 === 0 ? whole.length : Math.floor(random() * whole.length));
      for (let flips = i % 2 === 0 ? 20 : 0; flips > 0; flips--)
        bytes[Math.floor(random() * bytes.length)]! ^= 1 + flips;
      const { taken, dated } = await readFacts(bytes, MODIFIED);
      expect(Number.isFinite(taken)).toBe(true);
      if (!dated) expect(taken).toBe(CHANGED);
    }
  }
});

/** A JPEG with EXIF behind `filler` bytes of other segments, and a compressed picture of eight megabytes. */
function longJpeg(exif: number[], filler: number): Blob {
  const parts: BlobPart[] = [Uint8Array.of(0xff, 0xd8)];
  const other = new Uint8Array(60_004).fill(0xda);
  other.set([0xff, 0xe2, ...u16(60_002)]);
  for (let left = filler; left > 0; left -= 60_000) parts.push(other);
  const segment = [...ascii('Exif\0\0'), ...exif];
  parts.push(Uint8Array.from([0xff, 0xe1, ...u16(segment.length + 2), ...segment, 0xff, 0xda]));
  return new Blob([...parts, new Uint8Array(8 << 20)]);
}

test('the beginning of a file says the same as the whole file, and no more of a photo is read', async () => {
  for (const name of Object.keys(photos)) {
    const bytes = fixtureBytes(`photos/${name}`);
    expect(await readFacts(await headOf(new Blob([bytes.slice()])), MODIFIED), name).toEqual(
      await readFacts(bytes, MODIFIED),
    );
  }
  const exif = tiffOf(fractions([60, 1], [15, 1], [0, 1]), fractions([5, 1], [0, 1], [0, 1]));
  for (const [filler, most] of [
    [0, 1 << 18],
    [700_000, 1 << 21],
  ] as const) {
    const head = await headOf(longJpeg(exif, filler));
    expect(head.length, `${filler} bytes in front`).toBeLessThanOrEqual(most);
    expect((await readFacts(head, MODIFIED)).place).toEqual({ latitude: 60.25, longitude: 5 });
  }
});
