/**
 * @file What embeddings in fewer bits cost: P@1 on a data set of MMEB's layout, and how many of the true nearest
 * neighbours are found among all its pictures and texts.
 *
 *   npx tsx bench/precision.ts [--data public/eval/mmeb-mini] [--model public/models/nano] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { quantizeEmbedding, similarity, type AnyVector, type Precision } from '../src';
import { folderTree } from '../src/checkpoint/folder.node.js';
import { averages, evaluate, makeRegime, openMmeb } from '../src/eval';
import { openVectorFiles } from '../src/eval/vector-file.node.js';
import { pairKey } from '../src/eval/vectors';
import { loadRuntime } from '../src/runtime';
import { folderBundle } from '../src/store/folder.node.js';
import { machine, table } from './lib/report';

const CACHE = '.cache/precision';
const NEIGHBOURS = 10;
/** How many coarse candidates are compared again in float32. */
const SHORTLIST = 50;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'public/eval/mmeb-mini' },
    model: { type: 'string', default: 'public/models/nano' },
    record: { type: 'boolean', default: false },
  },
});

const runtime = await loadRuntime({ reader: folderBundle(values.model), device: 'cpu' });
const { info } = runtime;
const data = await openMmeb(await folderTree(values.data, { maxFiles: 1_000_000 }));
const regime = makeRegime('native', info.image);
const { id: model, dims, device, activations } = info;
const origin = { model, dims, regime: regime.key, device, activations };
const store = await openVectorFiles({ origin, folders: [], write: { folder: CACHE } });
await evaluate({
  ...{ data, regime, store },
  model: { dims, imageToken: info.imageToken, embed: (inputs, options) => runtime.embed(inputs, options) },
});

interface Indexed {
  set: (typeof data.sets)[number];
  rows: { query: number; candidates: Uint32Array }[];
  /** Numbers in `vectors`. */
  numbers: number[];
}

/** Every pair of every set once. */
const vectors: Float32Array[] = [];
const indexed: Indexed[] = [];
const known = new Map<string, number>();
for (const set of data.sets) {
  const { pairs, rows } = await data.rows(set);
  const numbers: number[] = [];
  for (const pair of pairs) {
    const key = await pairKey(pair, data.pictures);
    if (!known.has(key)) known.set(key, vectors.push(await store.get(key)) - 1);
    numbers.push(known.get(key)!);
  }
  indexed.push({ set, rows, numbers });
}
await store.close();
await runtime.dispose();

/** P@1 in per cent, averaged over the sets. */
function precisionAt1(list: readonly AnyVector[]): number {
  const scored = indexed.map(({ set, rows, numbers }) => {
    const right = rows.filter(({ query, candidates }) => {
      const scores = Array.from(candidates, (each) => similarity(list[numbers[query]!]!, list[numbers[each]!]!));
      return scores.indexOf(Math.max(...scores)) === 0;
    });
    return { set, score: (100 * right.length) / rows.length };
  });
  return averages(scored).All!;
}

/** Numbers of the `count` nearest to each vector, itself left out, best first. */
function nearest(list: readonly AnyVector[], count: number): number[][] {
  return list.map((vector, i) => {
    const [scores] = similarity([vector], list) as [Float32Array];
    scores[i] = -Infinity;
    const cut = scores.toSorted().at(-count)!;
    const above = Array.from(scores.keys()).filter((each) => scores[each]! >= cut);
    return above.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
  });
}

const truth = nearest(vectors, NEIGHBOURS);
/** Share of the true neighbours that are among the `count` found. */
const recall = (found: readonly number[][]) =>
  found.reduce((sum, list, i) => sum + truth[i]!.filter((each) => list.includes(each)).length, 0) /
  (truth.length * NEIGHBOURS);

const rows = (['float32', 'int8', 'binary'] as Precision[]).map((precision) => {
  const list = vectors.map((vector) => quantizeEmbedding(vector, precision));
  const found = nearest(list, SHORTLIST);
  return [
    precision,
    String(list[0]!.byteLength),
    precisionAt1(list).toFixed(1),
    recall(found.map((each) => each.slice(0, NEIGHBOURS))).toFixed(3),
    recall(found).toFixed(3),
  ];
});
const queries = indexed.reduce((sum, set) => sum + set.rows.length, 0);
const text = [
  '## Embeddings in fewer bits',
  '',
  `${info.label}, ${info.dtype}, id ${info.id.slice(0, 12)}, ${dims} dims, on ${data.label}: ${indexed.length} sets, ${queries} queries, ` +
    `${vectors.length} different pictures and texts. ${machine()}`,
  '',
  table(
    ['precision', 'bytes', 'P@1, %', `recall@${NEIGHBOURS}`, `true ${NEIGHBOURS} among the first ${SHORTLIST}`],
    rows,
  ),
  '',
].join('\n');
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
