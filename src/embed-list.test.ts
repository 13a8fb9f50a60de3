/** @file What becomes of a list where one input cannot be embedded: places, names, progress, aborts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ImageFormatError, InvalidInputError } from './errors';
import { VLM2Vec } from './embedder';
import type { EmbedInput, ProgressEvent, SkippedInput } from './runtime';
import { maxDifference } from './testing/fixtures';
import { syntheticImage } from './testing/golden';

let model: VLM2Vec;
beforeAll(async () => {
  model = await VLM2Vec.load('nano');
});
afterAll(() => model.dispose());

const broken = () => new Uint8Array([1, 2, 3]);
/** Its bytes were sent elsewhere. */
function gone(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}
/** One is refused before the model sees it, which must not shift the numbers of the others. */
const list = (): EmbedInput[] => [
  'a',
  { image: gone() },
  { image: broken() },
  '',
  { image: syntheticImage(60, 60) },
  'b',
];

test('skipped inputs leave null in their places, and are named as the caller counts', async () => {
  const skipped: SkippedInput[] = [];
  const events: ProgressEvent[] = [];
  const found = await model.embed(list(), {
    onError: 'skip',
    onSkip: (skip) => skipped.push(skip),
    onProgress: (event) => events.push(event),
  });
  expect(found.map((vector) => vector !== null)).toEqual([true, false, false, false, true, true]);
  const alone = [0, 4, 5].map(async (i) => maxDifference(found[i]!, await model.embed(list()[i]!)));
  expect(Math.max(...(await Promise.all(alone)))).toBeLessThan(1e-5);

  const byIndex = skipped.sort((a, b) => a.index - b.index);
  expect(byIndex.map(({ index }) => index)).toEqual([1, 2, 3]);
  for (const { index, error } of byIndex) expect(error.message).toMatch(new RegExp(`^inputs\\[${index}\\]`));
  expect(byIndex.map(({ error }) => error.constructor)).toEqual([
    InvalidInputError,
    ImageFormatError,
    InvalidInputError,
  ]);

  for (const phase of ['prepare', 'embed'] as const) {
    const loaded = events.filter((event) => event.phase === phase).map((event) => event.loaded!);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(events.filter((event) => event.phase === phase).at(-1)).toMatchObject({
      loaded: 5,
      total: 5,
      progress: 100,
    });
  }
});

test('by default the first that cannot be ends the call, named', async () => {
  await expect(model.embed(list())).rejects.toThrow(/^inputs\[1\]/);
  await expect(model.embed(['a', { image: broken() }])).rejects.toThrow(/^inputs\[1\]/);
});

test('in a ranking candidates are named as such', async () => {
  await expect(model.rank('a cat', ['a', { image: broken() }])).rejects.toThrow(/^candidates\[1\]/);
  await expect(model.rank({ image: broken() }, ['a'])).rejects.toThrow(/^query/);
});

test('an abort ends the call, whatever is skipped', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const onProgress = () => controller.abort(reason);
  const call = model.embed(list(), { onError: 'skip', signal: controller.signal, onProgress });
  await expect(call).rejects.toBe(reason);
  expect(await model.embed('a')).toHaveLength(model.dims);
});
