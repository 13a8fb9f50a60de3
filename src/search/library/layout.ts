/**
 * @file Pictures as points in two dimensions: their principal components, and of these UMAP (`umap-js`), begun from the
 * first two. A sample shapes the layout of a large library; the others are placed among their neighbours in it.
 */

import { UMAP } from 'umap-js';
import { uniforms } from '../../bundle/random';
import { Turns } from '../turns';
import type { PackedVectors } from '../vectors';
import { Best } from '../vectors/best';
import { principalComponents } from './projection';
import type { Layout, Snapshot } from './survey-protocol';

/** Beyond so many pictures a sample shapes the layout: time grows with their number. */
const SAMPLE = 10_000;
/** What is left of a vector: enough to tell neighbours, few enough to compare all pairs. */
const COMPONENTS = 32;
const NEIGHBOURS = 15;
/** Distance of the first component's ends at the beginning, as umap-learn has it. */
const INITIAL_SPREAD = 10;
/** The same pictures give the same map. */
const SEED = 42;
/** Parts of the whole time, about. */
const SHARE = { project: 0.1, neighbours: 0.3, layout: 0.8 };

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
  const tell = teller(onProgress);
  const points = await project(vectors, rows, (part) => tell(part * SHARE.project));
  const x = new Float32Array(rows.length);
  const y = new Float32Array(rows.length);

  const neighbours = Math.min(NEIGHBOURS, sampled - 1);
  const sample = points.slice(0, sampled);
  if (neighbours < 2) {
    for (let i = 0; i < sampled; i++) x[i] = i; // too few for neighbourhoods: in a row
  } else {
    const near: Near[] = [];
    for (let i = 0; i < sampled; i++) {
      near.push(nearest(sample, points[i]!, neighbours));
      await tell(SHARE.project + ((SHARE.neighbours - SHARE.project) * i) / sampled);
    }
    const embedding = await umap(sample, near, random, (part) =>
      tell(SHARE.neighbours + (SHARE.layout - SHARE.neighbours) * part),
    );
    for (let i = 0; i < sampled; i++) [x[i], y[i]] = embedding[i] as [number, number];
    for (let i = sampled; i < rows.length; i++) {
      [x[i], y[i]] = among(embedding, nearest(sample, points[i]!, neighbours));
      await tell(SHARE.layout + ((1 - SHARE.layout) * i) / rows.length);
    }
  }
  scaleToUnit(x, y);
  return { ids: Uint32Array.from(rows, (row) => ids[row]!), x, y, revision, sampled };
}

type Tell = (fraction: number) => Promise<void>;

/** Tells of progress now and then, and lets messages in. */
function teller(onProgress: (fraction: number) => void): Tell {
  const turns = new Turns();
  return async (fraction) => {
    if (!turns.due) return;
    onProgress(fraction);
    await turns.give();
  };
}

async function project(vectors: PackedVectors, rows: readonly number[], tell: Tell): Promise<Float32Array[]> {
  const vector = (i: number) => vectors.get(rows[i]!);
  const { components, project: into } = principalComponents(rows.length, vector, vectors.dims, COMPONENTS);
  const points: Float32Array[] = [];
  for (let i = 0; i < rows.length; i++) {
    const point = new Float32Array(components);
    into(vector(i), point, 0);
    points.push(point);
    await tell(i / rows.length);
  }
  return points;
}

interface Near {
  indices: number[];
  distances: number[];
}

/** The nearest of the sample, itself among them. */
function nearest(sample: readonly Float32Array[], point: Float32Array, count: number): Near {
  const best = new Best(count);
  for (let i = 0; i < sample.length; i++) {
    const other = sample[i]!;
    let sum = 0;
    for (let c = 0; c < point.length; c++) sum += (point[c]! - other[c]!) ** 2;
    if (-sum >= best.floor) best.offer(i, -sum);
  }
  const { rows, scores } = best.take();
  return { indices: [...rows], distances: Array.from(scores, (score) => Math.sqrt(-score)) };
}

async function umap(
  sample: Float32Array[],
  near: readonly Near[],
  random: () => number,
  tell: Tell,
): Promise<number[][]> {
  const map = new UMAP({ nNeighbors: near[0]!.indices.length, random });
  map.setPrecomputedKNN(
    near.map(({ indices }) => indices),
    near.map(({ distances }) => distances),
  );
  const epochs = map.initializeFit(sample as unknown as number[][]);
  // Begun from the principal components, far groups keep their places; umap-js itself begins at random.
  const embedding = map.getEmbedding();
  const spread = sample.reduce((most, point) => Math.max(most, Math.abs(point[0]!)), 1e-9);
  for (const [i, point] of sample.entries()) {
    for (let c = 0; c < 2; c++) embedding[i]![c] = (INITIAL_SPREAD * (point[c] ?? 0)) / spread + 1e-4 * random();
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    map.step();
    await tell(epoch / epochs);
  }
  return map.getEmbedding();
}

/** The mean of neighbours, near ones counting more. */
function among(embedding: readonly number[][], { indices, distances }: Near): [number, number] {
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
