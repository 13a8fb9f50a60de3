import { expect, test } from 'vitest';
import { fakeItem } from '../testing/fake-index';
import { factsOf } from './facts';

test('known facts are shown, unknown ones are left out', () => {
  const item = {
    ...fakeItem(0),
    taken: Date.UTC(2024, 4, 1, 13, 5),
    dated: true,
    place: { latitude: -33.8568, longitude: -70.5 },
  };
  expect(factsOf(item, { id: 0, score: 0.25, z: -1.26, pass: 'first' })).toEqual([
    { label: 'Path', value: 'Holidays/2023/Norway/IMG_000000.jpg' },
    { label: 'Taken', value: expect.stringMatching(/^May 1, 2024, 1:05\sPM$/) },
    { label: 'Camera', value: 'Fujifilm X-T5' },
    { label: 'Size', value: '4,000 × 3,000 (12 MP), 2.0 MB' },
    { label: 'Place', value: '33.85680° S, 70.50000° W' },
    { label: 'Score', value: '0.250 · −1.3 σ' },
  ]);
  const unread = 'Its EXIF data is damaged.';
  expect(factsOf({ ...item, unread }, null)).toContainEqual({ label: 'Not read', value: unread });
  const bare = { ...item, dated: false, camera: null, place: null, width: 10, height: 10 };
  expect(factsOf(bare, null).map(({ label }) => label)).toEqual(['Path', 'File changed', 'Size']);
  expect(factsOf(bare, null)[2]!.value).toBe('10 × 10, 2.0 MB');
});
