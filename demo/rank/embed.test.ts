import { expect, test, vi } from 'vitest';
import { ImageFormatError, type EmbedInput, type EmbedOptions, type InputParts } from '../../src/index';
import { PairRanker, type Entry } from './embed';

const USAGE = { inputs: 1, tokens: 5, imageTokens: 0, milliseconds: { prepare: 1, vision: 2, text: 3 } };

/** The vector of a text points along the angle that it states. */
function fakeModel(refuse: (text: string) => Error | null = () => null) {
  const embed = vi.fn(async (inputs: readonly EmbedInput[], { signal, onUsage }: EmbedOptions = {}) => {
    await Promise.resolve();
    signal?.throwIfAborted();
    const vectors = (inputs as InputParts[]).map(({ text }) => {
      const error = refuse(text!);
      if (error) throw error;
      const angle = (Number(text) * Math.PI) / 180;
      return new Float32Array([Math.cos(angle), Math.sin(angle)]);
    });
    onUsage?.(USAGE);
    return vectors;
  });
  const asked = () => embed.mock.calls.map(([inputs]) => (inputs as InputParts[]).map(({ text }) => text));
  return { embed, asked };
}

const entry = (text: string, key: string | null = text): Entry => ({ key, input: { text } });
const rounded = (matrix: readonly (readonly (number | null)[])[]) =>
  matrix.map((row) => row.map((x) => x && Number(x.toFixed(3))));

test('a cosine per row and column; a blank line has none', async () => {
  const { cosines } = await new PairRanker(fakeModel()).rank(
    [entry('0'), entry('', null), entry('60')],
    [entry('60'), entry('90')],
  );
  expect(rounded(cosines)).toEqual([
    [0.5, 0],
    [null, null],
    [1, 0.866],
  ]);
});

test('only new inputs are embedded, once, and removed ones are forgotten', async () => {
  const model = fakeModel();
  const ranker = new PairRanker(model);
  await ranker.rank([entry('10'), entry('10')], [entry('20')]);
  const { usage } = await ranker.rank([entry('30')], [entry('20')]);
  expect(usage).toEqual(USAGE);
  const again = await ranker.rank([entry('30')], [entry('20')]);
  expect(again.usage.inputs).toBe(0);
  await ranker.rank([entry('10')], [entry('20')]);
  expect(model.asked()).toEqual([['10', '20'], ['30'], ['10']]);
});

test('an aborted ranking rejects and leaves nothing half known', async () => {
  const model = fakeModel();
  const ranker = new PairRanker(model);
  const controller = new AbortController();
  const aborted = ranker.rank([entry('10')], [entry('20')], { signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toThrow('aborted');
  await ranker.rank([entry('10')], [entry('20')]);
  expect(model.asked().at(-1)).toEqual(['10', '20']);
});

test('a picture that cannot be read affects only its own column, and is not retried', async () => {
  const model = fakeModel((text) => (text === '20' ? new ImageFormatError('No picture.') : null));
  const ranker = new PairRanker(model);
  const first = await ranker.rank([entry('0')], [entry('20'), entry('60')]);
  expect(rounded(first.cosines)).toEqual([[null, 0.5]]);
  expect([...first.failures].map(([key, { message }]) => [key, message])).toEqual([['20', 'No picture.']]);
  expect(first.usage).toMatchObject({ inputs: 2, tokens: 10 });
  const calls = model.embed.mock.calls.length;
  const second = await ranker.rank([entry('0')], [entry('20'), entry('60')]);
  expect([...second.failures.keys()]).toEqual(['20']);
  expect(model.embed).toHaveBeenCalledTimes(calls);
});

test('any other failure fails the ranking', async () => {
  const model = fakeModel(() => new Error('The worker ended.'));
  await expect(new PairRanker(model).rank([entry('0')], [entry('20')])).rejects.toThrow('The worker ended.');
});
