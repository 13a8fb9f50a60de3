/**
 * @file The basis of the search's choices: the precision in which vectors are stored, how much of an exclusion is
 * subtracted, and where results stop being relevant. On pictures and their tags as embedded by `nano`, and on synthetic
 * vectors.
 *
 *   npx tsx bench/search-quality.ts --pictures <folder> --catalogue <file.jsonl> [--count 4000] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHalves, toHalves } from '../src/bundle/float16';
import { combineVectors } from '../src/search/query/combine-vectors';
import { relevanceCut } from '../src/search/query/relevance';
import { PackedVectors, topK } from '../src/search/vectors';
import { uniforms } from '../src/testing/random';
import { nanoLibrary, type NanoLibrary } from './lib/nano-library';
import { machine, median, table } from './lib/report';
import { syntheticVectors } from './lib/synthetic-vectors';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string' },
    catalogue: { type: 'string' },
    count: { type: 'string', default: '4000' },
    record: { type: 'boolean', default: false },
  },
});
if (!values.pictures || !values.catalogue) throw new Error('--pictures and --catalogue are needed.');

const K = 50;
const dot = (a: Float32Array, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Rows by descending score. */
function ranking(vectors: Float32Array[], query: ArrayLike<number>): number[] {
  const scores = Float64Array.from(vectors, (vector) => dot(vector, query));
  return Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

const FORMATS: Record<string, (vector: Float32Array) => Float32Array> = {
  int8: (vector) => {
    const scale = Math.max(...vector.map(Math.abs)) / 127;
    return vector.map((x) => Math.round(x / scale) * scale);
  },
  float16: (vector) => fromHalves(toHalves(vector, new Uint16Array(vector.length)), new Float32Array(vector.length)),
  'int8 and its rest in int8 (ours)': (vector) => {
    const packed = new PackedVectors({ dims: vector.length, model: '', kernel: 'js' });
    return packed.get(packed.add(vector));
  },
};

/** Recall@50 against float32, by format. */
function recalls(vectors: Float32Array[], queries: Float32Array[]): string[] {
  const truth = queries.map((query) => new Set(ranking(vectors, query).slice(0, K)));
  return Object.values(FORMATS).map((format) => {
    const stored = vectors.map(format);
    const found = queries.map(
      (query, i) =>
        ranking(stored, query)
          .slice(0, K)
          .filter((row) => truth[i]!.has(row)).length,
    );
    return (mean(found) / K).toFixed(4);
  });
}

function synthetic(outliers: number): [Float32Array[], Float32Array[]] {
  const next = syntheticVectors({ dims: 1536, seed: 1, outliers });
  const make = (count: number) =>
    Array.from({ length: count }, () => {
      const vector = new Float32Array(1536);
      next(vector);
      return vector;
    });
  return [make(10_000), make(50)];
}

function precision({ vectors, words }: NanoLibrary): string {
  const texts = [...words.values()].filter((_, i) => i % Math.ceil(words.size / 200) === 0);
  const pictures = vectors.filter((_, i) => i % Math.ceil(vectors.length / 200) === 0);
  const dims = vectors[0]!.length;
  const rows = [
    [`nano, ${vectors.length} × ${dims}, words`, ...recalls(vectors, texts)],
    [`nano, ${vectors.length} × ${dims}, pictures`, ...recalls(vectors, pictures)],
    ['synthetic, 10000 × 1536', ...recalls(...synthetic(0))],
    ['synthetic, 10000 × 1536, 6 dimensions ten times as large', ...recalls(...synthetic(6))],
  ];
  return `### Stored precision\n\nRecall@${K} against float32.\n\n${table(['vectors', ...Object.keys(FORMATS)], rows)}\n`;
}

/** Words that find the pictures tagged with them at least this well. Tags are incomplete, so no word is perfect. */
function usable({ vectors, tags, words }: NanoLibrary, least: number): string[] {
  return [...words.keys()].filter((word) => {
    const tagged = tags.filter((each) => each.has(word)).length;
    const found = ranking(vectors, words.get(word)!).slice(0, tagged);
    return found.filter((row) => tags[row]!.has(word)).length >= least * tagged;
  });
}

/** Subtracts `share` of an excluded direction. */
const subtract = (share: number) => (a: Float32Array, b: Float32Array) => a.map((x, i) => x - share * b[i]!);
const EXCLUSIONS: Record<string, (a: Float32Array, b: Float32Array) => Float32Array> = {
  'not at all': (a) => a,
  ...Object.fromEntries([0.25, 0.4, 0.5, 0.6, 0.75, 1].map((share) => [`subtract ${share}`, subtract(share)])),
  'project out': (a, b) => subtract(dot(a, b))(a, b),
  'combineVectors (ours)': (a, b) => combineVectors({ include: [{ vector: a }], exclude: [{ vector: b }] }),
};

function exclusion(library: NanoLibrary, good: string[]): string {
  const { vectors, tags, words } = library;
  const count = (test: (each: Set<string>) => boolean) => tags.filter(test).length;
  const pairs = good.flatMap((a) =>
    good
      .filter((b) => a !== b && count((t) => t.has(a) && t.has(b)) >= 3 && count((t) => t.has(a) && !t.has(b)) >= 3)
      .map((b) => [a, b] as const),
  );
  const rows = Object.entries(EXCLUSIONS).map(([name, make]) => {
    const unwanted: number[] = [];
    const wanted: number[] = [];
    for (const [a, b] of pairs) {
      const top = ranking(vectors, make(words.get(a)!, words.get(b)!)).slice(0, 20);
      const all = count((t) => t.has(a) && !t.has(b));
      unwanted.push(top.filter((row) => tags[row]!.has(b)).length / 20);
      wanted.push(top.filter((row) => tags[row]!.has(a) && !tags[row]!.has(b)).length / Math.min(20, all));
    }
    return [name, mean(unwanted).toFixed(3), mean(wanted).toFixed(3)];
  });
  return (
    `### Exclusion\n\nQueries "a −b" for ${pairs.length} pairs of tags: of the best 20, the share tagged b, and how much of what is ` +
    `tagged a and not b is among them.\n\n${table(['b is taken away', 'unwanted', 'wanted'], rows)}\n`
  );
}

function relevance(library: NanoLibrary, good: string[]): string {
  const { vectors, tags, words } = library;
  const packed = new PackedVectors({ dims: vectors[0]!.length, model: 'nano' });
  for (const vector of vectors) packed.add(vector);
  const found = good.map((word) => {
    const best = topK(packed, words.get(word)!, { limit: vectors.length });
    const hits = Array.from(best.rows, (row) => tags[row]!.has(word));
    const { mean, deviation } = best.statistics;
    const total = hits.filter(Boolean).length;
    return { best, hits, z: best.scores.map((score) => (score - mean) / deviation), total };
  });
  type Found = (typeof found)[number];
  const f1 = ({ hits, total }: Found, cut: number) => (2 * hits.slice(0, cut).filter(Boolean).length) / (cut + total);
  const above = (z: number) => (each: Found) => each.z.filter((value) => value >= z).length;
  const rules: Record<string, (each: Found) => number> = {
    'the best cut there is': (each) => {
      const scores = each.hits.slice(0, 400).map((_, i) => f1(each, i + 1));
      return scores.indexOf(Math.max(...scores)) + 1;
    },
    'as many as are tagged': ({ total }) => total,
    ...Object.fromEntries([2, 2.5, 3, 3.5].map((z) => [`z from ${z}`, above(z)])),
    ...Object.fromEntries(
      [0.7, 0.8, 0.85, 0.9].map((part) => [
        `z from ${part} of the best`,
        (each: Found) => above(part * each.z[0]!)(each),
      ]),
    ),
    'relevanceCut (ours)': ({ best }) => relevanceCut(best.scores, best.statistics).count,
  };
  const rows = Object.entries(rules).map(([name, cut]) => [
    name,
    mean(found.map((each) => f1(each, cut(each)))).toFixed(3),
    String(median(found.map(cut))),
    median(found.map((each) => Math.max(cut(each), each.total) / Math.max(1, Math.min(cut(each), each.total)))).toFixed(
      1,
    ),
  ]);
  return (
    `### Relevance\n\n${good.length} words; in the median ${median(found.map(({ total }) => total))} of ${vectors.length} pictures are tagged with one.\n\n` +
    `${table(['how many are relevant', 'mean F1', 'median count', 'median factor off'], rows)}\n`
  );
}

/** For libraries with no picture, one, or three tagged with a word: how often even the best is called weak. */
function nothing({ vectors, tags, words }: NanoLibrary, good: string[]): string {
  const random = uniforms(1);
  const draw = (rows: number[]) => rows.splice(Math.floor(random() * rows.length), 1)[0]!;
  const share = (count: number, present: number) => {
    let weak = 0;
    let all = 0;
    for (const word of good) {
      for (let repetition = 0; repetition < 6; repetition++) {
        const [tagged, others] = [true, false].map((is) =>
          [...tags.keys()].filter((row) => tags[row]!.has(word) === is),
        );
        const packed = new PackedVectors({ dims: vectors[0]!.length, model: 'nano' });
        for (let i = 0; i < count; i++) packed.add(vectors[draw(i < present ? tagged! : others!)]!);
        const best = topK(packed, words.get(word)!, { limit: count });
        if (present > 0 && best.rows[0]! >= present) continue; // it was not found, which is a different matter
        all++;
        if (relevanceCut(best.scores, best.statistics).weak) weak++;
      }
    }
    return `${((100 * weak) / all).toFixed(1)} %`;
  };
  const rows = [24, 100, 300, 1000].map((count) => [
    String(count),
    ...[0, 1, 3].map((present) => share(count, present)),
  ]);
  const head = ['pictures', 'none tagged', 'one tagged, and best', 'three, one of them best'];
  return `### Nothing to find\n\n${good.length} words, 6 random libraries each: how often the result is called weak.\n\n${table(head, rows)}\n`;
}

const library = await nanoLibrary(values.pictures, values.catalogue, Number(values.count));
const good = usable(library, 0.2);
const text = [
  `## The search's choices\n\n${machine()}, ${library.vectors.length} pictures\n`,
  `\`npx tsx bench/search-quality.ts --pictures <folder> --catalogue <file> --count ${values.count}\`\n`,
  precision(library),
  exclusion(library, good),
  relevance(library, good),
  nothing(library, good),
].join('\n');
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
