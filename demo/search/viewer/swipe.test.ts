import { expect, test } from 'vitest';
import { swipeOf } from './swipe';

test('far or fast, and sideways: that is a swipe', () => {
  expect(swipeOf({ dx: -120, dy: 10, time: 900 }), 'to the left: the next').toBe(1);
  expect(swipeOf({ dx: 120, dy: -10, time: 900 })).toBe(-1);
  expect(swipeOf({ dx: -40, dy: 5, time: 60 }), 'a flick').toBe(1);
  expect(swipeOf({ dx: -40, dy: 5, time: 400 }), 'short and slow').toBe(0);
  expect(swipeOf({ dx: -15, dy: 0, time: 5 }), 'a tap that trembles').toBe(0);
  expect(swipeOf({ dx: -120, dy: 100, time: 100 }), 'more down than aside').toBe(0);
  expect(swipeOf({ dx: 0, dy: 0, time: 0 })).toBe(0);
});
