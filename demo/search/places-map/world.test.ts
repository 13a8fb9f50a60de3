import { polygonContains } from 'd3-polygon';
import { readFileSync, statSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { mercator } from './mercator';
import { readWorld, type Line, type World } from './world';
import { thinned } from './world-paths';

const FILE = 'world/world.bin';
let world: World;
beforeAll(async () => {
  world = await readWorld(new Blob([new Uint8Array(readFileSync(FILE))]).stream());
});

const isIn = ({ points }: Line, x: number, y: number) => {
  const ring = Array.from({ length: points.length / 2 }, (_, i): [number, number] => [
    points[2 * i]!,
    points[2 * i + 1]!,
  ]);
  return polygonContains(ring, [x, y]);
};
/** As it is drawn: with the worlds to the left and right, by the even-odd rule. */
function isLand(latitude: number, longitude: number): boolean {
  const [x, y] = mercator(longitude, latitude);
  return [-1, 0, 1].some((turn) =>
    world.land.some((rings) => rings.filter((ring) => isIn(ring, x + turn, y)).length % 2 === 1),
  );
}

/** Places whose coordinates everyone can look up. */
test.each([
  ['Rome', 41.9, 12.5, true],
  ['Chukotka, west of the antimeridian', 67, 178, true],
  ['Chukotka, east of it', 66, -175, true],
  ['Antarctica', -80, 60, true],
  ['Antarctica, at the antimeridian', -84.9, 179.9, true],
  ['Antarctica, at the edge of the square', -85, 0, true],
  ['the Ross Sea', -77, -179.9, false],
  ['Vanua Levu', -16.6, 179.2, true],
  ['the Caspian Sea', 42, 51, false],
  ['the Sahara', 23, 10, true],
  ['the North Pole', 89, 0, false],
  ['the Pacific, south of Chukotka', 58, 180, false],
  ['the Barents Sea', 73, 40, false],
  ['the Atlantic', 45, -30, false],
])('%s', (_what, latitude, longitude, expected) => {
  expect(isLand(latitude, longitude)).toBe(expected);
});

test('no line jumps across the world', () => {
  const widest = [...world.land.flat(), ...world.borders].map(({ points }) => {
    let most = 0;
    // Except for the ring around the pole, which ends below.
    for (let i = 2; i < points.length && points[i + 1] !== 1; i += 2)
      most = Math.max(most, Math.abs(points[i]! - points[i - 2]!));
    return most;
  });
  expect(Math.max(...widest)).toBeLessThan(0.1);
});

test('countries have names, on their own land, those with most room first; the file is small', () => {
  expect(world.countries).toHaveLength(241);
  const rooms = world.countries.map(({ room }) => room);
  expect(rooms).toEqual([...rooms].sort((a, b) => b - a));
  for (const name of ['Norway', 'Croatia', 'Chile', 'Fiji', 'Russia']) {
    const { at } = world.countries.find((country) => country.name === name)!;
    expect(isLand(at[1], at[0]), name).toBe(true);
  }
  expect(statSync(FILE).size).toBeLessThanOrEqual(250_000);
});

test('thinned lines keep their ends, and every point is near the line that is left', () => {
  const [coast] = world.land.map(([ring]) => ring!.points).sort((a, b) => b.length - a.length);
  const tolerance = 0.6 / 512;
  const few = thinned(coast!, tolerance);
  expect(few.length).toBeLessThan(coast!.length / 3);
  expect([...few.subarray(0, 2), ...few.subarray(-2)]).toEqual([...coast!.subarray(0, 2), ...coast!.subarray(-2)]);
  for (let i = 0; i < coast!.length; i += 90) {
    let least = Infinity;
    for (let j = 0; j < few.length; j += 2) {
      least = Math.min(least, Math.hypot(few[j]! - coast![i]!, few[j + 1]! - coast![i + 1]!));
    }
    expect(least).toBeLessThanOrEqual(tolerance);
  }
  expect(thinned(coast!, 0)).toBe(coast);
});

test('invalid maps are refused', async () => {
  await expect(readWorld(new Blob(['<!doctype html>']).stream())).rejects.toThrow();
});
