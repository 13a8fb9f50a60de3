/**
 * @file The map of a photo index in Node: processor seconds, how even its progress is, and how well the layout
 * keeps neighbours: recall of the 15 nearest, and trustworthiness (Venna and Kaski 2001; 1 if every neighbour on the
 * map is one among the vectors). Uses synthetic vectors, part of which is noise that no layout in two dimensions can
 * keep.
 *
 *   npx tsx bench/photo-map.ts [--pictures 10000,50000] [--queries 100] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { layOut } from '../src/search/survey/map';
import { PackedVectors } from '../src/search/vectors';
import { cpuSeconds, machine, seconds, table } from './lib/report';
import { syntheticVectors } from './lib/synthetic-vectors';

const DIMS = 1536;
const NEIGHBOURS = 15;

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '10000,50000' },
    queries: { type: 'string', default: '100' },
    record: { type: 'boolean', default: false },
  },
});
const queries = Number(values.queries);

const lines: string[][] = [];
for (const count of values.pictures.split(',').map(Number)) {
  const next = syntheticVectors({ dims: DIMS, seed: 1, outliers: 6 });
  const vectors = new PackedVectors({ dims: DIMS, model: 'synthetic' });
  const all = Array.from({ length: count }, () => {
    const vector = new Float32Array(DIMS);
    next(vector);
    vectors.add(vector);
    return vector;
  });
  const ids = Uint32Array.from({ length: count }, (_, i) => i + 1);
  const began = { wall: performance.now(), cpu: cpuSeconds() };
  const used = () => cpuSeconds() - began.cpu;
  const told: [fraction: number, at: number][] = [[0, 0]];
  const image = new Uint8Array(0);
  const map = await layOut(vectors, { revision: 1, image, ids, distinct: ids }, (fraction) =>
    told.push([fraction, used()]),
  );
  const cpu = used();
  const wall = (performance.now() - began.wall) / 1000;
  const unevenness = Math.max(...told.map(([fraction, at]) => Math.abs(fraction - at / cpu)));
  const { recall, trustworthiness } = quality(all, map);
  lines.push([
    String(count),
    String(map.sampled),
    seconds(cpu),
    seconds(wall),
    `${Math.round(100 * unevenness)} %`,
    recall.toFixed(3),
    trustworthiness.toFixed(3),
  ]);
}

/** For some pictures, compared with all. */
function quality(all: readonly Float32Array[], map: { ids: Uint32Array; x: Float32Array; y: Float32Array }) {
  const count = all.length;
  const placeOf = new Map(Array.from(map.ids, (id, place) => [id - 1, place]));
  let kept = 0;
  let penalty = 0;
  for (let q = 0; q < queries; q++) {
    const own = Math.floor(((q + 0.5) * count) / queries);
    const byScore = order(count, (i) => -all[i]!.reduce((sum, value, j) => sum + value * all[own]![j]!, 0), own);
    const rank = new Uint32Array(count);
    for (const [r, i] of byScore.entries()) rank[i] = r + 1;
    const at = placeOf.get(own)!;
    const distance = (i: number) => {
      const other = placeOf.get(i)!;
      return (map.x[other]! - map.x[at]!) ** 2 + (map.y[other]! - map.y[at]!) ** 2;
    };
    for (const i of order(count, distance, own).subarray(0, NEIGHBOURS)) {
      if (rank[i]! <= NEIGHBOURS) kept++;
      else penalty += rank[i]! - NEIGHBOURS;
    }
  }
  const most = (queries * NEIGHBOURS * (2 * count - 3 * NEIGHBOURS - 1)) / 2;
  return { recall: kept / (queries * NEIGHBOURS), trustworthiness: 1 - penalty / most };
}

/** All but one, sorted by a measure in ascending order. */
function order(count: number, measure: (i: number) => number, without: number): Uint32Array {
  const measures = Float64Array.from({ length: count }, (_, i) => measure(i));
  return Uint32Array.from(measures.keys())
    .filter((i) => i !== without)
    .sort((a, b) => measures[a]! - measures[b]!);
}

const text = [
  '',
  '## The map of a photo index',
  '',
  machine(),
  '',
  `\`npx tsx bench/photo-map.ts --pictures ${values.pictures} --queries ${queries}\``,
  '',
  table(['pictures', 'laid out', 'CPU', 'wall', 'progress off by', `recall@${NEIGHBOURS}`, 'trustworthiness'], lines),
  '',
].join('\n');
console.log(text);
if (values.record) appendFileSync(new URL('RESULTS.md', import.meta.url), text);
