import { expect, test } from 'vitest';
import { fitsHalf, fromHalf, fromHalves, HALF_MAX, halfTable, toHalf, toHalves } from './float16';

test('every half float survives widening and narrowing', () => {
  const table = halfTable();
  for (let half = 0; half < 0x10000; half++) {
    const value = table[half]!;
    if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
    else expect(toHalf(value)).toBe(half);
  }
});

test('known values', () => {
  expect(fromHalf(0x3c00)).toBe(1);
  expect(fromHalf(0xc000)).toBe(-2);
  expect(fromHalf(0x0001)).toBe(2 ** -24);
  expect(fromHalf(0x7bff)).toBe(HALF_MAX);
  expect(fromHalf(0x7c00)).toBe(Infinity);
  expect(Object.is(fromHalf(0x8000), -0)).toBe(true);
});

test('narrowing picks the nearest half float, ties to the even one, over all neighbours', () => {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let half = 0; half < 0x7bff; half++) {
    const [low, high] = [fromHalf(half), fromHalf(half + 1)];
    float[0] = (low + high) / 2; // exact in float32
    expect(toHalf(float[0])).toBe(half % 2 === 0 ? half : half + 1);
    expect(toHalf(-float[0])).toBe(0x8000 | (half % 2 === 0 ? half : half + 1));
    bits[0]!--;
    expect(toHalf(float[0])).toBe(half);
    bits[0]! += 2;
    expect(toHalf(float[0])).toBe(half + 1);
  }
});

test('beyond the largest', () => {
  expect(toHalf(65519.996)).toBe(0x7bff);
  expect(toHalf(65520)).toBe(0x7c00);
  expect(toHalf(-3e38)).toBe(0xfc00);
  expect(toHalf(2 ** -25)).toBe(0);
  expect(toHalf(2 ** -25 * 1.0000001)).toBe(1);
});

test('arrays', () => {
  const values = Float32Array.of(1, -0.5, 1 / 3);
  const halves = toHalves(values, new Uint16Array(3));
  const back = fromHalves(halves, new Float32Array(3));
  expect([...back.subarray(0, 2)]).toEqual([1, -0.5]);
  expect(back[2]).toBeCloseTo(1 / 3, 3);
});

test('what fits', () => {
  expect(fitsHalf(Float32Array.of(0, -HALF_MAX, HALF_MAX))).toBe(true);
  for (const value of [NaN, Infinity, -65505]) expect(fitsHalf(Float32Array.of(1, value, 2))).toBe(false);
});
