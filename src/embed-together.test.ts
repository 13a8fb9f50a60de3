/** @file What becomes of calls that overlap: each as if it were alone, though their texts share runs. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { VLM2Vec } from './embedder';
import { ImageFormatError } from './errors';
import type { EmbedOptions, EmbedUsage } from './runtime';
import { Engine } from './runtime/engine';
import { maxDifference } from './testing/fixtures';
import { syntheticImage } from './testing/golden';

let model: VLM2Vec;
beforeAll(async () => {
  model = await VLM2Vec.load('nano');
});
afterAll(() => model.dispose());
afterEach(() => vi.restoreAllMocks());

const WORDS = ['a red kite', 'two dogs on a beach', 'a strawberry', 'the moon above a very old town by the sea'];
const ASKED: EmbedOptions[] = [{}, { instruction: 'Find me an everyday image that matches:' }, { maxTokens: 2 }];
const CALLS = WORDS.flatMap((text) => ASKED.map((options) => ({ text, options })));
const embed = ({ text, options }: (typeof CALLS)[number], more: EmbedOptions = {}) =>
  model.embed(text, { ...options, ...more });
/** Vectors, one call after another. */
async function alone(more?: EmbedOptions): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const call of CALLS) vectors.push(await embed(call, more));
  return vectors;
}

test('whatever each of them asks for, it gets that, in fewer runs than there are calls', async () => {
  const wanted = await alone();
  const runs = vi.spyOn(Engine.prototype, 'embed');
  const usage: EmbedUsage[] = [];
  const found = await Promise.all(CALLS.map((call) => embed(call, { onUsage: (used) => usage.push(used) })));
  expect(runs.mock.calls.length).toBeLessThanOrEqual(2);
  found.forEach((vector, i) => expect(maxDifference(vector, wanted[i]!)).toBeLessThan(2.6e-5));
  expect(usage.map(({ inputs }) => inputs)).toEqual(CALLS.map(() => 1));
  expect(usage.every(({ tokens, milliseconds: { text } }) => tokens > 0 && tokens < 40 && text > 0)).toBe(true);
  // The nearest mistake, another call's vector, is far away.
  expect(maxDifference(wanted[0]!, wanted[1]!)).toBeGreaterThan(1e-2);
});

test("with batching: 'single' a vector is the same to the bit, whatever is embedded at the same time", async () => {
  const wanted = await alone({ batching: 'single' });
  const runs = vi.spyOn(Engine.prototype, 'embed');
  const [found] = await Promise.all([
    Promise.all(CALLS.map((call) => embed(call, { batching: 'single' }))),
    Promise.all(CALLS.map((call) => embed(call))),
  ]);
  expect(found).toEqual(wanted);
  const sizes = runs.mock.calls.map(([[run]]) => run!.plan.batch);
  expect(sizes.filter((size) => size === 1).length).toBeGreaterThanOrEqual(CALLS.length);
});

test('one that cannot be, and one that is given up, cost the others nothing', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const [broken, list, stopped, image, text] = await Promise.allSettled([
    model.embed({ image: new Uint8Array([1, 2, 3]) }),
    model.embed(['a', '', 'b'], { onError: 'skip' }),
    model.embed('c', { signal: stop.signal, onProgress: () => stop.abort(reason) }),
    model.embed({ image: syntheticImage(60, 60) }),
    model.embed('d'),
  ]);
  expect((broken as PromiseRejectedResult).reason).toBeInstanceOf(ImageFormatError);
  expect(stopped).toEqual({ status: 'rejected', reason });
  const { value } = list as PromiseFulfilledResult<(Float32Array | null)[]>;
  expect(value.map((vector) => vector?.length ?? null)).toEqual([model.dims, null, model.dims]);
  for (const [i, word] of [...'ab'].entries()) {
    expect(maxDifference(value[2 * i]!, await model.embed(word))).toBeLessThan(2.6e-5);
  }
  for (const each of [image, text]) expect(each.status).toBe('fulfilled');
});

test('a call that wants the time of its stages shares none', async () => {
  const runs = vi.spyOn(Engine.prototype, 'embed');
  const usage: EmbedUsage[] = [];
  const onUsage = (used: EmbedUsage) => usage.push(used);
  await Promise.all([model.embed('a', { stageTimes: true, onUsage }), model.embed('b'), model.embed('c')]);
  expect(runs.mock.calls.map(([[run]]) => run!.plan.batch).sort()).toEqual([1, 2]);
  expect(usage[0]!.stages!.map(({ name }) => name)).toContain('text.0');
});
