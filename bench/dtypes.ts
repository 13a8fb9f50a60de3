/**
 * @file What each weight dtype costs: `nano` on the miniature MMEB, and the fixture checkpoint of each architecture on its
 * own inputs, converted at every dtype (q4 with and without its second pass) as `vlm2vec convert` does, embedded on the CPU and compared with fp32. Loss is
 * 1 − cosine. P@1 of so few queries has an interval of some points, so it cannot tell dtypes apart; loss, and how often
 * another candidate comes first, can.
 *
 *   npx tsx bench/dtypes.ts [--models nano,tiny-tied+dora,…] [--data public/eval/mmeb-mini] [--record]
 *
 * --data takes a larger set made by `python -m reference.mmeb build`. --record appends the result to bench/RESULTS.md.
 */
import { appendFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleFiles } from '../src/bundle/validate';
import type { WeightDtype } from '../src/bundle/manifest';
import type { BundleReader } from '../src/bundle/storage';
import { folderTree } from '../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../src/convert';
import { bestCandidate, evaluate, makeRegime, memoryVectors, openMmeb, type MmebData } from '../src/eval';
import { pairKey } from '../src/eval/vectors';
import { loadRuntime, takeMoments, type Runtime } from '../src/runtime';
import { memoryBundle } from '../src/store';
import { backboneOracle, type BackboneName } from '../src/testing/backbones';
import { cosine, fixtureInputs, fixturePath } from '../src/testing/fixtures';
import { golden, goldenInput, patchesOf } from '../src/testing/golden';
import { machine, table } from './lib/report';

/** What is compared; the first of them is what the others are compared with. */
const VARIANTS: { dtype: WeightDtype; best?: true }[] = [
  ...(['fp32', 'fp16', 'q8', 'q4'] as const).map((dtype) => ({ dtype })),
  { dtype: 'q4', best: true },
];
/** The size of a picture whose vector is compared. */
const MOST_PATCHES = 2000;
/** The quantile of a normal distribution for an interval of 95 %. */
const Z = 1.96;

/** All inputs that a model embedded, and the best candidate of each query. */
interface Embedded {
  vectors: Float32Array[];
  /** Which candidate comes first, by query. */
  best: number[];
  /** Right answers; null if the inputs have none. */
  right: boolean[] | null;
}

interface Subject {
  checkpoint: string;
  /** If the checkpoint is an adapter. */
  base?: string;
  adapter?: string;
  embed(runtime: Runtime): Promise<Embedded>;
}

const { values } = parseArgs({
  options: {
    models: {
      type: 'string',
      default: 'nano,tiny-tied+dora,tiny-untied,tiny-llava-next,tiny-phi3-v,tiny-qwen3-vl,tiny-siglip2',
    },
    data: { type: 'string', default: 'public/eval/mmeb-mini' },
    record: { type: 'boolean', default: false },
  },
});
let data: MmebData | null = null;

const SUBJECTS: Record<string, Subject> = {
  nano: { checkpoint: 'reference/nano/published/adapter', base: 'reference/nano/published/base', embed: embedData },
  'tiny-tied+dora': {
    checkpoint: fixturePath('checkpoints/tiny-tied'),
    adapter: fixturePath('adapters/dora'),
    embed: embedFixtures,
  },
  'tiny-untied': { checkpoint: fixturePath('checkpoints/tiny-untied'), embed: embedFixtures },
  'tiny-llava-next': {
    checkpoint: fixturePath('checkpoints/tiny-llava-next'),
    embed: (r) => embedCases(r, 'llava-next'),
  },
  'tiny-phi3-v': { checkpoint: fixturePath('checkpoints/tiny-phi3-v'), embed: (r) => embedCases(r, 'phi3-v') },
  'tiny-qwen3-vl': { checkpoint: fixturePath('checkpoints/tiny-qwen3-vl'), embed: embedGolden },
  'tiny-siglip2': { checkpoint: fixturePath('checkpoints/tiny-siglip2'), embed: (r) => embedCases(r, 'siglip') },
};

/** All queries and candidates of the data set. */
async function embedData(runtime: Runtime): Promise<Embedded> {
  data ??= await openMmeb(await folderTree(values.data, { maxFiles: 1_000_000 }));
  const { dims, imageToken, image } = runtime.info;
  const regime = makeRegime('native', image);
  const store = memoryVectors();
  await evaluate({
    ...{ data, regime, store },
    model: { dims, imageToken, embed: (inputs, options) => runtime.embed(inputs, options) },
  });
  const vectors = new Map<string, Float32Array>();
  const best: number[] = [];
  for (const set of data.sets) {
    const { pairs, rows } = await data.rows(set);
    const keys: string[] = [];
    for (const pair of pairs) {
      const key = await pairKey(pair, data.pictures);
      vectors.set(key, await store.get(key));
      keys.push(key);
    }
    const of = (pair: number) => vectors.get(keys[pair]!)!;
    for (const { query, candidates } of rows) best.push(bestCandidate(of(query), Array.from(candidates, of)));
  }
  return { vectors: [...vectors.values()], best, right: best.map((candidate) => candidate === 0) };
}

async function embedFixtures(runtime: Runtime): Promise<Embedded> {
  const vectors: Float32Array[] = [];
  for (const { text, image, minPixels, maxPixels } of fixtureInputs()) {
    const input = image === null ? { text } : { text, image: pathToFileURL(fixturePath(image)).href };
    const limits = { minPixels: minPixels ?? undefined, maxPixels: maxPixels ?? undefined };
    vectors.push((await runtime.embed([input], { ...limits, orientation: 'stored' }))[0]!);
  }
  return { vectors, best: nearest(vectors), right: null };
}

async function embedCases(runtime: Runtime, name: BackboneName): Promise<Embedded> {
  const vectors: Float32Array[] = [];
  for (const each of backboneOracle(name).cases) {
    const crops = each.numCrops === undefined ? {} : { numCrops: each.numCrops };
    vectors.push((await runtime.embed([goldenInput(each)], { ...crops, orientation: 'stored' }))[0]!);
  }
  return { vectors, best: nearest(vectors), right: null };
}

/**
 * What the oracle of Qwen3-VL-Embedding was asked, except for more pictures than are needed to tell dtypes apart, and
 * for truncated texts.
 */
async function embedGolden(runtime: Runtime): Promise<Embedded> {
  const vectors: Float32Array[] = [];
  for (const each of golden('qwen3-vl-embedding').cases) {
    const { text, images, role, instruction, maxTokens } = each;
    const isEmpty = text === undefined && images === undefined;
    if (isEmpty || maxTokens !== undefined || patchesOf(each) > MOST_PATCHES) continue;
    const options = { orientation: 'stored', role: role ?? undefined, instruction } as const;
    vectors.push((await runtime.embed([goldenInput(each)], options))[0]!);
  }
  return { vectors, best: nearest(vectors), right: null };
}

/** For each vector the nearest other one. */
function nearest(vectors: readonly Float32Array[]): number[] {
  return vectors.map((vector, i) =>
    bestCandidate(
      vector,
      vectors.map((each, j) => (i === j ? vector.map((x) => -x) : each)),
    ),
  );
}

async function convert({ checkpoint, base, adapter }: Subject, { dtype, best }: (typeof VARIANTS)[number]) {
  const { writer, reader } = memoryBundle();
  const manifest = await convertCheckpoint({
    checkpoint: await openCheckpoint({
      checkpoint: await folderTree(checkpoint),
      ...(base === undefined ? {} : { base: await folderTree(base) }),
      ...(adapter === undefined ? {} : { adapter: await folderTree(adapter) }),
    }),
    ...{ writer, dtype },
    ...(best && { takeMoments }),
  });
  const weights = new Set([...manifest.stages.map(({ weights: { path } }) => path), manifest.embeddings.path]);
  const bytes = bundleFiles(manifest).reduce((sum, file) => sum + (weights.has(file.path) ? file.bytes : 0), 0);
  return { reader, bytes };
}

async function embedded(subject: Subject, reader: BundleReader): Promise<Embedded> {
  const runtime = await loadRuntime({ reader, device: 'cpu', probe: 'never' });
  const result = await subject.embed(runtime);
  await runtime.dispose();
  return result;
}

const percent = (share: number) => (100 * share).toFixed(1);

/** Wilson's interval of 95 %. */
function interval(hits: number, count: number): string {
  const share = hits / count;
  const middle = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z / (1 + Z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return `${percent(share)} (${percent(middle - half)} – ${percent(middle + half)})`;
}

function row(
  name: string,
  { dtype, best }: (typeof VARIANTS)[number],
  bytes: number,
  of: Embedded,
  exact: Embedded,
): string[] {
  const losses = of.vectors.map((vector, i) => 1 - cosine(vector, exact.vectors[i]!));
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const changed = of.best.filter((best, i) => best !== exact.best[i]).length;
  const count = (hit: (i: number) => boolean) => of.best.filter((_, i) => hit(i)).length;
  const { right } = of;
  const answers = right
    ? [
        interval(right.filter(Boolean).length, right.length),
        `${count((i) => right[i]! && !exact.right![i])}, ${count((i) => !right[i] && exact.right![i]!)}`,
      ]
    : ['–', '–'];
  return [
    `${name} (${losses.length})`,
    best ? `${dtype}, second pass` : dtype,
    bytes.toLocaleString('en'),
    (1000 * mean).toFixed(3),
    (1 - Math.max(...losses)).toFixed(4),
    `${percent(changed / of.best.length)} of ${of.best.length}`,
    ...answers,
  ];
}

const rows: string[][] = [];
for (const name of values.models.split(',')) {
  const subject = SUBJECTS[name];
  if (!subject) throw new Error(`There is no ${name}; there are ${Object.keys(SUBJECTS).join(', ')}.`);
  let exact: Embedded | null = null;
  for (const variant of VARIANTS) {
    const { reader, bytes } = await convert(subject, variant);
    const result = await embedded(subject, reader);
    exact ??= result;
    rows.push(row(name, variant, bytes, result, exact));
    console.error(rows.at(-1)!.join(' | '));
  }
}
const head = ['model (inputs)', 'dtype', 'bytes of weights', 'loss × 1000', 'least cosine', 'another comes first, %'];
const result = [
  `## Weight dtypes against fp32\n\n${machine()}\n\n\`npx tsx bench/dtypes.ts\`, nano on ${values.data}\n`,
  table([...head, 'P@1, % (95 %)', 'gained, lost'], rows),
].join('\n');
console.log(result);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${result}\n`);
