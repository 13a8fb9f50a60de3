import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between, inPixels, onKey, tidy } from './boxes';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const box = fc.record({ x: share, y: share, width: share, height: share });
const key = fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown');

function expectInside({ x, y, width, height }: { x: number; y: number; width: number; height: number }): void {
  expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
  expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1 + 1e-9);
  expect(Math.min(width, height)).toBeGreaterThan(0.02);
}

test('a box stays inside the picture, however it is drawn or moved', () => {
  fc.assert(
    fc.property(box, fc.array(fc.tuple(key, fc.boolean()), { maxLength: 30 }), ({ x, y, width, height }, keys) => {
      let moved = between({ x, y }, { x: width, y: height });
      expectInside(moved);
      for (const [name, shift] of keys) {
        moved = onKey(moved, name, shift)!;
        expectInside(moved);
      }
    }),
  );
  expect(onKey(tidy({ x: 0, y: 0, width: 1, height: 1 }), 'Enter', false)).toBeNull();
});

test('a box has whole pixels, at least one each way, inside the picture', () => {
  const sides = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
  fc.assert(
    fc.property(box, sides, (shares, size) => {
      const { x, y, width, height } = inPixels(tidy(shares), size);
      expect([x, y, width, height].every(Number.isInteger)).toBe(true);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
      expect(x + width).toBeLessThanOrEqual(size.width);
      expect(y + height).toBeLessThanOrEqual(size.height);
    }),
  );
  const half = inPixels({ x: 0.5, y: 0, width: 0.5, height: 0.25 }, { width: 8, height: 8 });
  expect(half).toEqual({ x: 4, y: 0, width: 4, height: 2 });
});
