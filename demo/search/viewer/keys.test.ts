import { expect, test } from 'vitest';
import { stepOf, viewerCommand } from './keys';

test('keys step and stop at the ends', () => {
  const keys = ['ArrowRight', 'ArrowLeft', 'Home', 'End', 'PageDown', 'PageUp', 'x'];
  expect(keys.map((key) => stepOf(key, 15, 30))).toEqual([16, 14, 0, 29, 25, 5, null]);
  expect(keys.map((key) => stepOf(key, 29, 30))).toEqual([null, 28, 0, null, null, 19, null]);
  expect(keys.map((key) => stepOf(key, 0, 0))).toEqual(Array(7).fill(null));
  expect(['s', 'M', 'Escape'].map(viewerCommand)).toEqual(['select', 'more-like', null]);
});
