import { expect, test } from 'vitest';
import { panOf, stepOf, viewerCommand } from './keys';

test('keys step and stop at the ends', () => {
  const keys = ['ArrowRight', 'ArrowLeft', 'Home', 'End', 'PageDown', 'PageUp', 'x'];
  expect(keys.map((key) => stepOf(key, 15, 30))).toEqual([16, 14, 0, 29, 25, 5, null]);
  expect(keys.map((key) => stepOf(key, 29, 30))).toEqual([null, 28, 0, null, null, 19, null]);
  expect(keys.map((key) => stepOf(key, 0, 0))).toEqual(Array(7).fill(null));
  const commands = ['s', 'M', 'F', '+', '-', '0', 'Escape', 'constructor'].map(viewerCommand);
  expect(commands).toEqual(['select', 'more-like', 'favourite', 'zoom-in', 'zoom-out', 'fit', null, null]);
});

test('on a zoomed picture, arrow keys show more on that side', () => {
  expect(panOf('ArrowRight')).toEqual({ dx: -80, dy: 0 });
  expect(panOf('ArrowUp')).toEqual({ dx: 0, dy: 80 });
  expect(['Home', 'x', 'toString'].map(panOf)).toEqual([null, null, null]);
});
