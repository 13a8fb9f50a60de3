/** @file Everything in a data set of MMEB's layout as embeddings, and P@1 of them in any precision. */
import { similarity, type AnyVector } from '../../src';
import { folderTree } from '../../src/checkpoint/folder.node.js';
import { averages, evaluate, makeRegime, openMmeb, type MmebData } from '../../src/eval';
import { openVectorFiles } from '../../src/eval/vector-file.node.js';
import { pairKey } from '../../src/eval/vectors';
import { loadRuntime } from '../../src/runtime';
import { folderBundle } from '../../src/store/folder.node.js';

/** Vectors are stored here between runs. */
const CACHE = '.cache/precision';

interface Indexed {
  set: MmebData['sets'][number];
  rows: { query: number; candidates: Uint32Array }[];
  /** Numbers in `vectors`. */
  numbers: number[];
}

export interface EmbeddedData {
  /** A description to display. */
  label: string;
  vectors: Float32Array[];
  /** In per cent, averaged over the sets, of the vectors in another form; null if there are no sets. */
  precisionAt1(list: readonly AnyVector[]): number | null;
}

export async function embeddedData(folder: string, dataFolder: string): Promise<EmbeddedData> {
  const runtime = await loadRuntime({ reader: folderBundle(folder), device: 'cpu' });
  const { info } = runtime;
  const data = await openMmeb(await folderTree(dataFolder, { maxFiles: 1_000_000 }));
  const regime = makeRegime('native', info.image);
  const { id: model, dims, device, activations } = info;
  const origin = { model, dims, regime: regime.key, device, activations };
  const store = await openVectorFiles({ origin, folders: [], write: { folder: CACHE } });
  await evaluate({
    ...{ data, regime, store },
    model: { dims, imageToken: info.imageToken, embed: (inputs, options) => runtime.embed(inputs, options) },
  });

  /** Every pair of every set once. */
  const vectors: Float32Array[] = [];
  const known = new Map<string, number>();
  const indexed: Indexed[] = [];
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

  const asked = indexed.reduce((sum, set) => sum + set.rows.length, 0);
  const label =
    `${info.label}, ${info.dtype}, id ${info.id.slice(0, 12)}, ${dims} dims, on ${data.label}: ${indexed.length} sets, ` +
    `${asked} queries, ${vectors.length} different pictures and texts`;
  const precisionAt1 = (list: readonly AnyVector[]) => {
    const scored = indexed.map(({ set, rows, numbers }) => {
      const right = rows.filter(({ query, candidates }) => {
        const scores = Array.from(candidates, (each) => similarity(list[numbers[query]!]!, list[numbers[each]!]!));
        return scores.indexOf(Math.max(...scores)) === 0;
      });
      return { set, score: (100 * right.length) / rows.length };
    });
    return averages(scored).All!;
  };
  return { label, vectors, precisionAt1 };
}
