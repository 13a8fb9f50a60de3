import { expect, test } from 'vitest';
import { cameraName, readFacts, wallClock } from './exif';

test.each([
  ['2024:06:30 18:05:09', Date.UTC(2024, 5, 30, 18, 5, 9)],
  ['2024-06-30T18:05', Date.UTC(2024, 5, 30, 18, 5)],
  ['0000:00:00 00:00:00', null],
  ['2024:02:31 00:00:00', null],
  ['yesterday', null],
  [undefined, null],
])('the wall clock %s', (text, expected) => {
  expect(wallClock(text)).toBe(expected);
});

test.each([
  ['Canon', 'Canon EOS R6', 'Canon EOS R6'],
  ['NIKON CORPORATION', 'NIKON D850', 'NIKON D850'],
  ['SONY\0', 'ILCE-7M4\0\0', 'SONY ILCE-7M4'],
  ['Apple', undefined, 'Apple'],
  [undefined, 'X', 'X'],
  [undefined, undefined, null],
  [5, {}, null],
])('the camera %j, %j', (make, model, expected) => {
  expect(cameraName(make, model)).toBe(expected);
});

/** A JPEG of nothing but EXIF: date, maker, model and a place. */
function jpeg(latitude: [number, number, number]): Uint8Array {
  const text = (value: string) => [...new TextEncoder().encode(`${value}\0`)];
  const tiff: number[] = [];
  const at = (offset: number, ...bytes: number[]) => bytes.forEach((byte, i) => (tiff[offset + i] = byte));
  const u16 = (value: number) => [value >> 8, value & 255];
  const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 65535)];
  const entry = (tag: number, type: number, count: number, value: number[]) => [
    ...u16(tag),
    ...u16(type),
    ...u32(count),
    ...value,
  ];
  const rationals = (values: number[]) => values.flatMap((value) => [...u32(value), ...u32(1)]);
  at(0, 0x4d, 0x4d, 0, 42, ...u32(8));
  at(8, ...u16(4), ...entry(0x10f, 2, 6, u32(100)), ...entry(0x110, 2, 5, u32(110)));
  at(34, ...entry(0x8769, 4, 1, u32(120)), ...entry(0x8825, 4, 1, u32(170)), ...u32(0));
  at(100, ...text('Canon'));
  at(110, ...text('EOS1'));
  at(120, ...u16(1), ...entry(0x9003, 2, 20, u32(140)), ...u32(0));
  at(140, ...text('2020:01:02 03:04:05'));
  at(170, ...u16(4), ...entry(1, 2, 2, [78, 0, 0, 0]), ...entry(2, 5, 3, u32(230)));
  at(196, ...entry(3, 2, 2, [87, 0, 0, 0]), ...entry(4, 5, 3, u32(260)), ...u32(0));
  at(230, ...rationals(latitude));
  at(260, ...rationals([5, 30, 0]));
  const bytes = Array.from(tiff, (byte) => byte ?? 0);
  const app1 = [...new TextEncoder().encode('Exif\0\0'), ...bytes];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, ...u16(app1.length + 2), ...app1, 0xff, 0xd9]);
}

test('what EXIF says', async () => {
  expect(await readFacts(jpeg([60, 15, 0]), 0)).toEqual({
    taken: Date.UTC(2020, 0, 2, 3, 4, 5),
    dated: true,
    camera: 'Canon EOS1',
    place: { latitude: 60.25, longitude: -5.5 },
  });
});

test('a place that is none', async () => {
  expect(await readFacts(jpeg([600, 0, 0]), 0)).toMatchObject({ place: null, dated: true });
});

test('damaged or missing EXIF is none: the date is the file\u2019s, by the clock here', async () => {
  const modified = new Date(2021, 4, 6, 7, 8, 9).getTime();
  const none = { taken: Date.UTC(2021, 4, 6, 7, 8, 9), dated: false, camera: null, place: null };
  const whole = jpeg([60, 15, 0]);
  expect(await readFacts(new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), modified)).toEqual(none);
  expect(await readFacts(new Uint8Array(0), modified)).toEqual(none);
  for (let length = 0; length < whole.length; length += 7) {
    expect(await readFacts(whole.slice(0, length), modified)).toHaveProperty('camera');
  }
});
