/**
 * @file What embeddings in fewer bits cost: P@1 on a data set of MMEB's layout, and how many of the true nearest
 * neighbours are found among all its pictures and texts. Or, for synthetic vectors of any length, only the neighbours.
 *
 *   npx tsx bench/precision.ts [--data public/eval/mmeb-mini] [--model public/models/nano] [--record]
 *   npx tsx bench/precision.ts --synthetic 1536 [--outliers 6] [--count 10000] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { quantizeEmbedding, similarity, type AnyVector, type Precision } from '../src';
import { machine, table } from './lib/report';
import { embeddedData, type EmbeddedData } from './lib/embedded-data';
import { syntheticVectors } from './lib/synthetic-vectors';

const NEIGHBOURS = 10;
/** How many coarse candidates are examined. */
const SHORTLISTS = [NEIGHBOURS, 50, 200];
/** If there are more vectors than this, only every n-th is a query. */
const ALL = 5000;
const QUERIES = 500;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'public/eval/mmeb-mini' },
    model: { type: 'string', default: 'public/models/nano' },
    synthetic: { type: 'string' },
    outliers: { type: 'string', default: '0' },
    count: { type: 'string', default: '10000' },
    record: { type: 'boolean', default: false },
  },
});

const made = values.synthetic === undefined ? null : syntheticData(Number(values.synthetic), Number(values.outliers));
const { label, vectors, precisionAt1 } = made ?? (await embeddedData(values.model, values.data));

function syntheticData(dims: number, outliers: number): EmbeddedData {
  const next = syntheticVectors({ dims, seed: 1, outliers });
  const vectors = Array.from({ length: Number(values.count) }, () => {
    const vector = new Float32Array(dims);
    next(vector);
    return vector;
  });
  const shape = outliers > 0 ? `, ${outliers} dimensions ten times as large` : '';
  return { label: `Synthetic, ${vectors.length} × ${dims}${shape}`, vectors, precisionAt1: () => null };
}

const step = vectors.length > ALL ? Math.floor(vectors.length / QUERIES) : 1;
/** Vectors whose neighbours are searched for. */
const queries = Array.from(vectors.keys()).filter((i) => i % step === 0);

/** Numbers of the `count` nearest to each query, except itself, best first. */
function nearest(list: readonly AnyVector[], count: number): number[][] {
  return queries.map((i) => {
    const [scores] = similarity([list[i]!], list) as [Float32Array];
    scores[i] = -Infinity;
    const cut = scores.toSorted().at(-count)!;
    const above = Array.from(scores.keys()).filter((each) => scores[each]! >= cut);
    return above.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
  });
}

const truth = nearest(vectors, NEIGHBOURS);
/** Share of the true neighbours that are among the first `count` found. */
const recall = (found: readonly number[][], count: number) =>
  found.reduce((sum, list, i) => {
    const first = new Set(list.slice(0, count));
    return sum + truth[i]!.filter((each) => first.has(each)).length;
  }, 0) /
  (truth.length * NEIGHBOURS);

const rows = (['float32', 'int8', 'binary'] as Precision[]).map((precision) => {
  const list = vectors.map((vector) => quantizeEmbedding(vector, precision));
  const found = nearest(list, Math.max(...SHORTLISTS));
  return [
    precision,
    String(list[0]!.byteLength),
    precisionAt1(list)?.toFixed(1) ?? '–',
    ...SHORTLISTS.map((count) => recall(found, count).toFixed(3)),
  ];
});
const text = [
  '## Embeddings in fewer bits',
  '',
  `${label}; ${queries.length} of them ask. ${machine()}`,
  '',
  table(
    ['precision', 'bytes', 'P@1, %', ...SHORTLISTS.map((count) => `true ${NEIGHBOURS} among the first ${count}`)],
    rows,
  ),
  '',
].join('\n');
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
