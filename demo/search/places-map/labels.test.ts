import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Room } from './labels';
import type { Rect } from './view';

const rects = fc
  .record({
    left: fc.integer({ min: -300, max: 600 }),
    top: fc.integer({ min: -300, max: 600 }),
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ left, top, width, height }): Rect => ({ left, top, right: left + width, bottom: top + height }));
const apart = (a: Rect, b: Rect) =>
  Math.max(a.left - b.right, b.left - a.right) >= 3 || Math.max(a.top - b.bottom, b.top - a.bottom) >= 3;

test('a label has room exactly if it covers nothing that was there before', () => {
  fc.assert(
    fc.property(fc.array(rects, { maxLength: 5 }), fc.array(rects, { maxLength: 30 }), (taken, asked) => {
      const room = new Room(taken);
      const there = [...taken];
      for (const rect of asked) {
        const isFree = there.every((other) => apart(rect, other));
        expect(room.ask(rect)).toBe(isFree);
        if (isFree) there.push(rect);
      }
    }),
  );
});
