import { expect, test } from 'vitest';
import type { PhotoTime } from '../../src/measure';
import { secondsFor, sizeInWords, sizeOptions, thousandInWords, timeInWordsFor } from './time-words';
import { lastTimes, photoRecords, readRecords, recordTimes, timesOf } from './times';

const info = (change: object = {}) => ({
  ...({ id: 'a', device: 'wasm', adapter: null, threads: 2, activations: 'f32' } as const),
  ...({ compute: 'exact', weights: 'resident' } as const),
  ...change,
});
const own: PhotoTime = { size: 'own', milliseconds: 300, atLeast: null };
const small: PhotoTime = { size: '200704px', milliseconds: 90, atLeast: null };
const large: PhotoTime = { size: 'own', milliseconds: null, atLeast: 40_000 };

test('a time belongs to a model and a device', () => {
  recordTimes(info(), 'x/a', [own]);
  recordTimes(info({ threads: 4 }), 'x/a', [small]);
  expect(timesOf(info())!.times).toEqual([own]);
  expect(timesOf(info({ threads: 4 }))!.times).toEqual([small]);
  expect(timesOf(info({ weights: 'streamed' }))).toBeNull();
  expect(timesOf(info({ id: 'b' }))).toBeNull();
  expect(lastTimes('x/a')!.times).toEqual([small]);
  expect(lastTimes('x/b')).toBeNull();
  recordTimes(info(), 'x/a', [large]);
  expect(photoRecords.value.map(({ times }) => times[0])).toEqual([large, small]);
});

test('invalid records are not read', () => {
  const record = { model: 'a', subject: 'x/a', where: 'wasm 2', onGpu: false, times: [own], date: 1 };
  expect(
    readRecords(JSON.stringify([record, { ...record, times: [] }, { ...record, times: [{ size: 'own' }] }, 7])),
  ).toEqual([record]);
  for (const text of [null, '{', '{}', 'null']) expect(readRecords(text)).toEqual([]);
});

test('times in words: at the own size, or at the largest that was measured', () => {
  expect(thousandInWords({ times: [own, small], onGpu: true })).toBe('about 5 min on the GPU');
  expect(thousandInWords({ times: [large, small], onGpu: false })).toBe('about 2 min on the CPU at 0.2 megapixels');
  expect(thousandInWords({ times: [large], onGpu: false })).toBe('11.1 h or more on the CPU');
  expect(secondsFor(own, 20_000)).toEqual({ seconds: 6000, isLeast: false });
  expect(timeInWordsFor(own, 20_000)).toBe('about 1.7 h');
  expect(timeInWordsFor(large, 900)).toBe('10.0 h or more');
  expect(sizeInWords('4crops')).toBe('4 parts');
});

test('a model’s sizes to display', () => {
  const image = { plan: 'native', options: ['maxPixels' as const] };
  expect(sizeOptions({ image, recipe: { resize: [{ fit: [3136, 1_003_520] }] } })).toEqual([
    { name: 'own', label: 'up to 1.0 megapixels, as the model was made for' },
    { name: '401408px', label: '0.4 megapixels' },
    { name: '200704px', label: '0.2 megapixels' },
  ]);
});
