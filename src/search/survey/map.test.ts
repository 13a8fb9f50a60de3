import { expect, test } from 'vitest';
import { uniforms } from '../../bundle/random';
import { PackedVectors } from '../vectors/index';
import { layOut } from './map';
import { principalComponents } from './projection';

/** `groups` clusters of `size` vectors each, in turns. */
function clusters(groups: number, size: number, dims = 32): PackedVectors {
  const uniform = uniforms(3);
  const centres = Array.from({ length: groups }, () => Array.from({ length: dims }, () => uniform() - 0.5));
  const vectors = new PackedVectors({ dims, model: 'm' });
  for (let i = 0; i < groups * size; i++) {
    const centre = centres[i % groups]!;
    vectors.add(Float32Array.from(centre, (value) => value + 0.1 * (uniform() - 0.5)));
  }
  return vectors;
}

const snapshot = (count: number) => ({
  revision: 5,
  image: new Uint8Array(0),
  ids: Uint32Array.from({ length: count }, (_, i) => i + 1),
  distinct: new Uint32Array(0),
});

test('what is alike lies together', async () => {
  const vectors = clusters(4, 30);
  const told: number[] = [];
  const map = await layOut(vectors, snapshot(120), (fraction) => told.push(fraction));
  expect(map).toMatchObject({ revision: 5, sampled: 120 });
  expect([...map.ids].sort((a, b) => a - b)).toEqual([...snapshot(120).ids]);
  expect(Math.max(...map.x, ...map.y)).toBeLessThanOrEqual(1.000001);
  expect(Math.min(...map.x, ...map.y)).toBeGreaterThanOrEqual(-1.000001);
  expect(told).toEqual([...told].sort((a, b) => a - b));
  let kept = 0;
  for (let i = 0; i < 120; i++) {
    let [nearest, least] = [-1, Infinity];
    for (let j = 0; j < 120; j++) {
      const distance = Math.hypot(map.x[i]! - map.x[j]!, map.y[i]! - map.y[j]!);
      if (j !== i && distance < least) [nearest, least] = [j, distance];
    }
    if ((map.ids[i]! - 1) % 4 === (map.ids[nearest]! - 1) % 4) kept++;
  }
  expect(kept).toBeGreaterThanOrEqual(118);
});

test('the same pictures give the same map', async () => {
  const vectors = clusters(2, 10);
  const [a, b] = [
    await layOut(vectors, snapshot(20), () => undefined),
    await layOut(vectors, snapshot(20), () => undefined),
  ];
  expect(a).toEqual(b);
});

test.each([0, 1, 2, 3, 4, 5])('%i pictures', async (count) => {
  const map = await layOut(clusters(1, count), snapshot(count), () => undefined);
  expect(map.ids).toHaveLength(count);
  expect([...map.x, ...map.y].every(Number.isFinite)).toBe(true);
});

test('the first components are the directions of most difference', async () => {
  const uniform = uniforms(9);
  const rows = Array.from({ length: 200 }, () => {
    const row = Float32Array.from({ length: 16 }, () => 0.01 * (uniform() - 0.5) + 3);
    row[2]! += 10 * (uniform() - 0.5);
    row[7]! += 3 * (uniform() - 0.5);
    return row;
  });
  const { components, project } = await principalComponents(rows.length, (i) => rows[i]!.slice(), 16, 4);
  expect(components).toBe(4);
  const out = new Float32Array(4);
  const along = (axis: number) => {
    const row = new Float32Array(16).fill(3);
    row[axis] = 4;
    project(row, out, 0);
    const at = [...out];
    project(new Float32Array(16).fill(3), out, 0);
    return at.map((value, c) => Math.abs(value - out[c]!));
  };
  expect(along(2)[0]).toBeCloseTo(1, 2);
  expect(along(7)[1]).toBeCloseTo(1, 2);
});
