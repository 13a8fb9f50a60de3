/**
 * @file Pictures as points in two dimensions: their principal components, and UMAP (`umap-js`) of these, initialised
 * with the first two. For a large library the layout is computed from a sample; the other pictures are placed among
 * their neighbours in it.
 */

import { UMAP } from 'umap-js';
import { uniforms } from '../../bundle/random';
import { Turns } from '../turns';
import type { PackedVectors } from '../vectors/index';
import { nearest, type Near, type Points } from './nearest';
import { principalComponents } from './projection';
import type { Layout, Snapshot } from './protocol';

/** Beyond so many pictures a sample shapes the layout: time grows with their number. */
const SAMPLE = 10_000;
/** What is left of a vector: enough to tell neighbours, few enough to compare all pairs. */
const COMPONENTS = 32;
const NEIGHBOURS = 15;
/** Distance of the first component's ends at the beginning, as umap-learn has it. */
const INITIAL_SPREAD = 10;
/** Of the time for the layout, before its first epoch. */
const INITIAL_PART = 0.25;
/** The same pictures give the same map. */
const SEED = 42;

export async function layOut(
  vectors: PackedVectors,
  { ids, revision }: Snapshot,
  onProgress: (fraction: number) => void,
): Promise<Layout> {
  const random = uniforms(SEED);
  const rows = shuffled(
    Array.from(ids.keys()).filter((row) => ids[row] !== 0 && vectors.has(row)),
    random,
  );
  const sampled = Math.min(rows.length, SAMPLE);
  const neighbours = Math.min(NEIGHBOURS, sampled - 1);
  const tell = teller(costs(rows.length, sampled, vectors.dims), onProgress);
  const points = await project(vectors, rows, tell);
  const x = new Float32Array(rows.length);
  const y = new Float32Array(rows.length);
  if (neighbours < 2) {
    for (let i = 0; i < sampled; i++) x[i] = i; // too few for neighbourhoods: in a row
  } else {
    const near: Near[] = [];
    for (let i = 0; i < sampled; i++) {
      near.push(nearest(points, i, { among: sampled, count: neighbours }));
      await tell('neighbours', i / sampled);
    }
    const embedding = await umap(points, near, random, tell);
    for (let i = 0; i < sampled; i++) [x[i], y[i]] = embedding[i] as [number, number];
    for (let i = sampled; i < rows.length; i++) {
      [x[i], y[i]] = amongThem(embedding, nearest(points, i, { among: sampled, count: neighbours }));
      await tell('place', (i - sampled) / (rows.length - sampled));
    }
  }
  scaleToUnit(x, y);
  return { ids: Uint32Array.from(rows, (row) => ids[row]!), x, y, revision, sampled };
}

type Stage = 'axes' | 'project' | 'neighbours' | 'layout' | 'place';

/** What each stage costs, roughly in nanoseconds, so that progress is even: measured by `bench/photo-map.ts`. */
function costs(pictures: number, sampled: number, dims: number): Record<Stage, number> {
  return {
    axes: 800 * dims * Math.min(pictures, 2000),
    project: 80 * dims * pictures,
    neighbours: 12 * sampled * sampled,
    layout: 1e6 * sampled,
    place: 12 * sampled * (pictures - sampled),
  };
}

type Tell = (stage: Stage, part: number) => Promise<void>;

/** Tells of progress now and then, and lets messages in. */
function teller(costs: Record<Stage, number>, onProgress: (fraction: number) => void): Tell {
  const turns = new Turns();
  const all = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
  const before = { axes: 0, project: 0, neighbours: 0, layout: 0, place: 0 };
  let sum = 0;
  for (const stage of Object.keys(before) as Stage[]) {
    before[stage] = sum;
    sum += costs[stage];
  }
  return async (stage: Stage, part: number) => {
    if (!turns.due) return;
    onProgress((before[stage] + part * costs[stage]) / all);
    await turns.give();
  };
}

async function project(vectors: PackedVectors, rows: readonly number[], tell: Tell): Promise<Points> {
  const vector = (i: number) => vectors.get(rows[i]!);
  const found = await principalComponents(rows.length, vector, vectors.dims, COMPONENTS, (part) => tell('axes', part));
  const { components, project: into } = found;
  const points = { values: new Float32Array(rows.length * components), components };
  for (let i = 0; i < rows.length; i++) {
    into(vector(i), points.values, i * components);
    await tell('project', i / rows.length);
  }
  return points;
}

/** Of the first points, as many as `near` has. */
async function umap(
  { values, components }: Points,
  near: readonly Near[],
  random: () => number,
  tell: Tell,
): Promise<number[][]> {
  const sample = near.map((_, i) => values.subarray(i * components, (i + 1) * components));
  const map = new UMAP({ nNeighbors: near[0]!.indices.length, random });
  map.setPrecomputedKNN(
    near.map(({ indices }) => indices),
    near.map(({ distances }) => distances),
  );
  await tell('layout', 0);
  const epochs = map.initializeFit(sample as unknown as number[][]);
  // Begun from the principal components, far groups keep their places; umap-js itself begins at random.
  const embedding = map.getEmbedding();
  const spread = sample.reduce((most, point) => Math.max(most, Math.abs(point[0]!)), 1e-9);
  for (const [i, point] of sample.entries()) {
    for (let c = 0; c < 2; c++) embedding[i]![c] = (INITIAL_SPREAD * (point[c] ?? 0)) / spread + 1e-4 * random();
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    map.step();
    await tell('layout', INITIAL_PART + (1 - INITIAL_PART) * (epoch / epochs));
  }
  return map.getEmbedding();
}

/** The mean of neighbours, near ones counting more. */
function amongThem(embedding: readonly number[][], { indices, distances }: Near): [number, number] {
  let [x, y, weights] = [0, 0, 0];
  for (const [i, index] of indices.entries()) {
    const weight = 1 / (distances[i]! + 1e-3);
    x += embedding[index]![0]! * weight;
    y += embedding[index]![1]! * weight;
    weights += weight;
  }
  return [x / weights, y / weights];
}

/** An order in which any beginning is a fair sample. */
function shuffled(rows: number[], random: () => number): number[] {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows;
}

/** −1 to 1 along the longer side, the middle at 0. */
function scaleToUnit(x: Float32Array, y: Float32Array): void {
  const range = (values: Float32Array) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  };
  const [across, down] = [range(x), range(y)];
  const half = Math.max(across.half, down.half, 1e-9);
  for (let i = 0; i < x.length; i++) {
    x[i] = (x[i]! - across.middle) / half;
    y[i] = (y[i]! - down.middle) / half;
  }
}
