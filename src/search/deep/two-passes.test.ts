/** @file Two passes from end to end, in Node, with invented models: what is searched when, and what is computed. */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DisposedError, ImageFormatError } from '../../errors';
import { memoryStorage } from '../../testing/memory-opfs';
import { deleteDatabase } from '../library/database';
import type { SearchQuery } from '../types';
import { madeUp, openBench, png, vectorOf, type Bench, type MadeUp } from './two-models';

vi.mock('../../image', () => ({
  decodePicture: async () => ({
    image: { width: 2, height: 2, data: new Uint8Array(12) },
    size: { width: 2, height: 2 },
  }),
}));
vi.mock('../indexing/thumbnail', () => ({
  makeThumbnail: async () => ({ bytes: new Uint8Array(9), type: 'image/webp' }),
}));

const COUNT = 30;
const files = (from = 1, count = COUNT) => Array.from({ length: count }, (_, i) => png(from + i));
let first: MadeUp;
let deep: MadeUp;
let benches: Bench[];

beforeEach(() => {
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  first = madeUp('first', 8, { inputs: { together: false, instruction: false } });
  deep = madeUp('deep', 16);
  benches = [];
});
afterEach(async () => {
  for (const bench of benches) await bench.close();
  for (const id of ['first', 'deep', 'other']) await deleteDatabase(`bench-${id}`);
  vi.unstubAllGlobals();
});

async function open(...options: Parameters<typeof openBench>): Promise<Bench> {
  const bench = await openBench(...options);
  benches.push(bench);
  return bench;
}

async function closed(bench: Bench): Promise<void> {
  benches.splice(benches.indexOf(bench), 1);
  await bench.close();
}

/** Numbers of pictures, from results of an index. */
async function numbers(bench: Bench, ids: readonly { id: number }[]): Promise<number[]> {
  const items = await bench.service.items(ids.map(({ id }) => id));
  return items.map((item) => Number.parseInt(item!.name));
}

/** The results of an index of the deep model alone. */
async function onePass(query: SearchQuery): Promise<{ order: number[]; scores: number[]; relevantCount: number }> {
  const alone = await open(madeUp('deep', 16));
  await alone.add('Photos', files());
  const result = await alone.search(query);
  const order = await numbers(alone, result.hits);
  await closed(alone);
  await deleteDatabase('bench-deep');
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  return { order, scores: result.hits.map(({ score }) => score), relevantCount: result.relevantCount };
}

const most = (counts: Map<number, number>) => Math.max(0, ...counts.values());

test('once everything is embedded, results are those of an index of the deep model alone; no picture was computed twice', async () => {
  const queries: SearchQuery[] = [
    { text: 'like 7' },
    { text: 'like 12', combine: [{ text: 'like 3', weight: 2 }], exclude: [{ text: 'like 20' }] },
    { text: 'like 5', limit: 4, filter: { from: Date.UTC(2025, 11, 10) } },
  ];
  const expected: Awaited<ReturnType<typeof onePass>>[] = [];
  for (const query of queries) expected.push(await onePass(query));
  const bench = await open(first, { embedder: deep, shortlist: 5 });
  await bench.add('Photos', files());
  const firstOnly = await bench.search(queries[0]!, { pass: 'first' });
  expect(firstOnly).toMatchObject({ deep: null, deepError: null, candidates: COUNT });
  expect(firstOnly.hits.every(({ pass }) => pass === 'first')).toBe(true);
  await bench.search(queries[0]!);
  const state = await bench.deepDone();
  expect(state.deep).toMatchObject({ modelName: 'The deep one', done: COUNT, total: COUNT, failed: 0, unreadable: 0 });
  for (const [i, query] of queries.entries()) {
    const result = await bench.search(query);
    expect(await numbers(bench, result.hits)).toEqual(expected[i]!.order);
    expect(result.hits.map(({ score }) => score)).toEqual(expected[i]!.scores);
    expect(result.relevantCount).toBe(expected[i]!.relevantCount);
    expect(result.hits.every(({ pass }) => pass === 'deep')).toBe(true);
    expect(result.deep).toEqual({ wanted: 0, embedded: 0, left: 0 });
  }
  expect([first.counts.size, most(first.counts)]).toEqual([COUNT, 1]);
  expect([deep.counts.size, most(deep.counts)]).toEqual([COUNT, 1]);
});

test('a Parquet table has the vectors of both models, and null where the deep one has not been', async () => {
  const bench = await open(first, { embedder: deep, shortlist: 4 });
  await bench.add('Photos', files());
  await bench.search({ text: 'like 7' });
  const { hits } = await bench.search({ text: 'like 7' }, { pass: 'first' });
  const shortlist = new Set(await numbers(bench, hits.slice(0, 4)));
  const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
  const file = await (await bench.service.exportParquet(0)).arrayBuffer();
  const rows = (await parquetReadObjects({ file })) as {
    path: string;
    embedding: number[];
    deep_embedding: number[];
  }[];
  expect(rows).toHaveLength(COUNT);
  for (const { path, embedding, deep_embedding } of rows) {
    const number = Number.parseInt(path.split('/').at(-1)!);
    expectClose(embedding, vectorOf(number, 'first', 8));
    if (shortlist.has(number)) expectClose(deep_embedding, vectorOf(number, 'deep', 16));
    else expect(deep_embedding ?? null, path).toBeNull();
  }
  const { key_value_metadata } = parquetMetadata(file);
  expect(key_value_metadata).toEqual([
    { key: 'model', value: 'first' },
    { key: 'deep_model', value: 'deep' },
  ]);
});

/** Vectors are stored with 16 bits per number. */
function expectClose(found: number[], wanted: Float32Array): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 3);
}

test('before that, the best of the first pass are embedded for the search and ranked by the deep model, and scores are never mixed', async () => {
  const bench = await open(first, { embedder: deep, shortlist: 6 });
  await bench.add('Photos', files());
  const told: string[] = [];
  const result = await bench.search(
    { text: 'like 7' },
    {
      onFirst: ({ hits }) => told.push(`first ${hits.length} ${hits[0]!.pass}`),
      onProgress: ({ done, total }) => told.push(`${done} of ${total}`),
    },
  );
  expect(result.deep).toEqual({ wanted: 6, embedded: 6, left: 0 });
  expect(told[0]).toBe(`first ${COUNT} first`);
  expect(told.at(-1)).toBe('6 of 6');
  const byFirst = await numbers(bench, (await bench.search({ text: 'like 7' }, { pass: 'first' })).hits);
  expect([...deep.counts.keys()].sort()).toEqual(byFirst.slice(0, 6).sort());
  expect(result.hits).toHaveLength(COUNT);
  expect(result.candidates).toBe(COUNT);
  expect((await numbers(bench, result.hits))[0]).toBe(7);
  const passes = result.hits.map(({ pass }) => pass);
  expect(passes.filter((pass) => pass === 'deep')).toHaveLength(6);
  // Within a pass scores go down; after those that stand out come the others, the deep model's first.
  for (const pass of ['deep', 'first'] as const) {
    const scores = result.hits.filter((hit) => hit.pass === pass).map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  }
  const tail = passes.slice(result.relevantCount);
  expect(tail.lastIndexOf('deep')).toBeLessThan(tail.indexOf('first'));
  // Repeating the search costs nothing.
  await bench.search({ text: 'like 7' });
  expect([deep.counts.size, most(deep.counts)]).toEqual([6, 1]);
});

test('the time limit of a search is respected, what was done in it is kept, and the rest is ranked by the first pass', async () => {
  deep.before = ({ length }) => new Promise((resolve) => setTimeout(resolve, 40 * length));
  const bench = await open(first, { embedder: deep, shortlist: 30, seconds: 0.25 });
  await bench.add('Photos', files());
  const start = performance.now();
  const result = await bench.search({ text: 'like 7' });
  expect(performance.now() - start).toBeLessThan(1500);
  const { wanted, embedded, left } = result.deep!;
  expect([wanted, embedded + left]).toEqual([30, 30]);
  expect(embedded).toBeGreaterThan(0);
  expect(left).toBeGreaterThan(0);
  expect(result.hits.filter(({ pass }) => pass === 'first')).toHaveLength(left);
  await bench.service.pauseDeep();
  for (let i = 0; i < 40 && (await bench.search({ text: 'like 7' })).deep!.left > 0; i++);
  expect([deep.counts.size, most(deep.counts)]).toEqual([30, 1]);
});

test('without time, nothing is embedded for a search', async () => {
  const bench = await open(first, { embedder: deep, seconds: 0 });
  await bench.add('Photos', files());
  const result = await bench.search({ text: 'like 7' });
  expect(result.deep).toEqual({ wanted: COUNT, embedded: 0, left: COUNT });
  expect(result.hits.every(({ pass }) => pass === 'first')).toBe(true);
  expect(deep.counts.size).toBe(0);
});

test('a stopped search ends at once with the reason; the picture in progress is kept', async () => {
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  deep.before = () => held;
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files());
  const controller = new AbortController();
  const searching = bench.search({ text: 'like 7' }, { signal: controller.signal });
  await bench.until(() => deep.texts.length > 0);
  controller.abort(new Error('enough'));
  await expect(searching).rejects.toThrow(/enough|aborted/);
  go();
  deep.before = () => undefined;
  const state = await bench.until((each) => each.deep!.done > 0);
  expect(state.deep!.done).toBeLessThan(COUNT);
  await bench.deepDone();
  expect([deep.counts.size, most(deep.counts)]).toEqual([COUNT, 1]);
});

test('the background takes the newest first; pausing keeps what is done; a reload continues; nothing is done twice', async () => {
  const order: number[] = [];
  let bench = await open(first, { embedder: deep });
  await bench.add('Photos', files());
  expect((await bench.service.state()).deep).toMatchObject({ phase: 'paused', done: 0, total: COUNT });
  deep.before = async (asked) => {
    order.push(...asked);
    await new Promise((resolve) => setTimeout(resolve, 40 * asked.length));
  };
  await bench.service.startDeep();
  await bench.until(({ deep: state }) => state!.done >= 6);
  await bench.service.pauseDeep();
  await bench.until(({ deep: state }) => state!.done === order.length); // those in progress
  const paused = (await bench.service.state()).deep!;
  expect(paused).toMatchObject({ phase: 'paused' });
  expect(paused.done).toBeLessThan(COUNT);
  expect(order.slice(0, 2)).toEqual([1, 2]); // a lower number means a newer picture
  await closed(bench);
  bench = await open(first, { embedder: deep });
  await bench.service.add({ name: 'Photos', files: files() }); // as if picked again
  expect((await bench.service.state()).deep).toMatchObject({ done: paused.done, phase: 'paused' });
  await bench.deepDone();
  expect(deep.counts.size).toBe(COUNT);
  expect(order).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
});

test('a kill in the middle loses only what was in progress', async () => {
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files());
  let calls = 0;
  deep.before = async () => {
    if (++calls > 5) await new Promise(() => undefined); // the page dies here
  };
  await bench.service.startDeep();
  // Whatever was computed by then is written; the rest is computed again.
  const state = await bench.until(({ deep: now }) => calls > 6 && now!.done > 0 && now!.done === deep.counts.size);
  benches = []; // never closed
  const { done } = state.deep!;
  deep.before = () => undefined;
  const again = await open(first, { embedder: deep });
  await again.service.add({ name: 'Photos', files: files() });
  expect((await again.service.state()).deep!.done).toBeGreaterThanOrEqual(done);
  await again.deepDone();
  expect([deep.counts.size, most(deep.counts)]).toEqual([COUNT, 1]);
});

test('best-matching first: pictures that searches found come before the newest', async () => {
  const order: number[] = [];
  const bench = await open(first, { embedder: deep, order: 'matching', shortlist: 3, seconds: 0 });
  await bench.add('Photos', files());
  const found = await numbers(bench, (await bench.search({ text: 'like 25' })).hits);
  deep.before = (asked) => void order.push(...asked);
  await bench.deepDone();
  expect(order.slice(0, 3).sort()).toEqual(found.slice(0, 3).sort());
  expect(order).toHaveLength(COUNT);
});

test('copies are computed once, and so are pictures added while it runs', async () => {
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', [...files(1, 4), png(2, 'copy.png')]);
  await bench.deepDone();
  expect((await bench.service.state()).deep).toMatchObject({ done: 5, total: 5 });
  await bench.add('More', [png(3, 'again.png'), png(50)]);
  await bench.until(({ deep: state }) => state!.done === 7); // once started, it continues by itself
  expect([...deep.counts.entries()].sort()).toEqual([1, 2, 3, 4, 50].map((number) => [number, 1]));
});

test('what disappears from the folder disappears from both; a changed picture is computed again', async () => {
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 4));
  await bench.deepDone();
  const changed = { path: '2.png', file: png(77, '2.png').file };
  await bench.add('Photos', [png(1), changed, png(4)]);
  await bench.deepDone();
  expect((await bench.service.state()).deep).toMatchObject({ done: 3, total: 3 });
  expect(deep.counts.get(77)).toBe(1);
  expect(await numbers(bench, (await bench.search({ text: 'like 4' })).hits)).toHaveLength(3);
});

test('a picture that the deep model cannot read stays ranked by the first pass, is listed, and can be tried again', async () => {
  deep.before = (asked) => {
    if (asked.includes(3)) throw new ImageFormatError('no picture for me');
  };
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 6));
  const state = await bench.deepDone();
  expect(state).toMatchObject({ problems: 1, indexed: 6, deep: { done: 5, failed: 1, phase: 'idle', error: null } });
  const [problem] = await bench.service.problems();
  expect(problem).toMatchObject({ path: 'Photos/3.png', kind: 'failed', pass: 'deep' });
  const { hits, deep: report } = await bench.search({ text: 'like 3' });
  expect(report).toEqual({ wanted: 1, embedded: 0, left: 1 });
  const at = (await numbers(bench, hits)).indexOf(3);
  expect(hits[at]!.pass).toBe('first');
  deep.before = () => undefined;
  await bench.service.retry([problem!.id]);
  await bench.deepDone();
  expect((await bench.service.state()).deep).toMatchObject({ done: 6, failed: 0 });
});

test('a picture that ends the deep model is tried alone, then given up, without holding up the others', async () => {
  deep.before = (asked) => {
    if (asked.includes(5)) throw new DisposedError('The worker ended.', { died: true });
  };
  Object.assign(deep, { restart: async () => undefined });
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 12));
  const state = await bench.deepDone();
  expect(state.deep).toMatchObject({ done: 11, failed: 1, error: null });
  expect((await bench.service.problems())[0]).toMatchObject({ path: 'Photos/5.png', pass: 'deep' });
  expect(most(deep.counts)).toBe(1);
});

test('after the deep model has gone for good, searches say so and continue with the first pass', async () => {
  const gone = madeUp('deep', 16, {
    embed: async () => {
      throw new DisposedError('The model is not loaded.');
    },
  });
  const bench = await open(first, { embedder: gone });
  await bench.add('Photos', files(1, 6));
  await bench.service.startDeep();
  const state = await bench.until((each) => each.deep!.error !== null);
  expect(state.deep).toMatchObject({ phase: 'paused', error: { name: 'DisposedError' } });
  const result = await bench.search({ text: 'like 3' });
  expect(result).toMatchObject({ deep: null, deepError: { name: 'DisposedError' }, candidates: 6 });
  const picture = png(3).file;
  await expect(bench.search({ text: 'like 3', image: picture })).rejects.toThrow(
    /The first one reads words or a picture/,
  );
});

test('words with a picture, and instructions, go to the deep model unchanged; the first model gets what it can read', async () => {
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 6));
  const picture = png(3).file;
  await bench.search({ text: 'like 2', image: picture, instruction: 'Find it.' });
  expect(deep.texts).toHaveLength(1);
  expect(deep.texts[0]!.image).toBe(picture);
  expect(deep.texts[0]!.text).toContain('Find it.');
  expect(first.texts).toEqual([
    { text: 'like 2', role: 'query' },
    { image: picture, role: 'query' },
  ]);
  const alone = await open(madeUp('other', 8, { inputs: { together: false, instruction: false } }));
  await alone.add('Photos', files(1, 2));
  await expect(alone.search({ text: 'a', image: picture })).rejects.toThrow(/not both together/);
  await expect(alone.search({ text: 'a', instruction: 'b' })).rejects.toThrow(/takes no instruction/);
  await expect(alone.search({ text: 'a' }, { pass: 'deep' })).rejects.toThrow(/pass is deep/);
});

test('more like a picture of the index: its deep vector is computed for the search if there is none', async () => {
  const bench = await open(first, { embedder: deep, shortlist: 2 });
  await bench.add('Photos', files(1, 8));
  const ids = await bench.service.list({ order: 'path' });
  const result = await bench.search({ image: { id: ids[4]! } });
  expect(deep.counts.get(5)).toBe(1);
  expect(deep.texts).toEqual([]);
  expect(result.deepError).toBeNull();
  expect((await numbers(bench, result.hits)).includes(5)).toBe(false);
});

test('another deep model has its own vectors, and those of the first are still there when it returns', async () => {
  const other = madeUp('other', 4);
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 5));
  await bench.deepDone();
  await bench.useDeep({ embedder: other });
  expect((await bench.service.state()).deep).toMatchObject({ modelId: 'other', done: 0 });
  await bench.deepDone();
  await bench.useDeep(null);
  expect((await bench.service.state()).deep).toBeNull();
  await bench.useDeep({ embedder: deep });
  expect((await bench.service.state()).deep).toMatchObject({ modelId: 'deep', done: 5, phase: 'idle' });
  await bench.service.forgetDeep('other');
  await bench.useDeep({ embedder: other });
  expect((await bench.service.state()).deep).toMatchObject({ done: 0 });
  expect([most(deep.counts), most(other.counts)]).toEqual([1, 1]);
});

test('vectors of an index of the deep model alone are taken over, not computed again', async () => {
  const alone = await open(deep);
  await alone.add('Photos', files(1, 9));
  await closed(alone);
  const bench = await open(first, { embedder: deep });
  await bench.add('Photos', files(1, 12));
  const state = await bench.deepDone();
  expect(state.deep).toMatchObject({ done: 12, total: 12 });
  expect([deep.counts.size, most(deep.counts)]).toEqual([12, 1]);
  expect((await numbers(bench, (await bench.search({ text: 'like 4' })).hits))[0]).toBe(4);
});

test('impossible requests are refused by name, and change nothing', async () => {
  const bench = await open(first, { embedder: deep });
  await expect(bench.useDeep({ embedder: first })).rejects.toThrow(/deep\.embedder is the index's own model/);
  await expect(bench.useDeep({ embedder: deep, shortlist: 0 })).rejects.toThrow(/deep\.shortlist is 0/);
  await expect(bench.useDeep({ embedder: deep, seconds: -1 })).rejects.toThrow(/deep\.seconds is -1/);
  await expect(bench.useDeep({ embedder: deep, order: 'oldest' as never })).rejects.toThrow(/deep\.order is "oldest"/);
  await expect(bench.useDeep({ embedder: deep, limit: 3 } as never)).rejects.toThrow(/has no option 'deep\.limit'/);
  const many = { title: 'Many', isRaw: false, pooling: 'all' as const };
  await expect(bench.useDeep({ embedder: madeUp('many', 8, { recipe: many }) })).rejects.toThrow(/several vectors/);
  expect((await bench.service.state()).deep).toMatchObject({ modelId: 'deep' });
});
