import { expect, test, vi } from 'vitest';
import type { EmbedInput } from '../src/index';
import { Ranker } from './ranker';

/** Captions point along the angle of their number, every picture along 0°. */
function fakeModel() {
  const embed = vi.fn(async (inputs: readonly EmbedInput[]) =>
    inputs.map((input) => {
      const angle = typeof input === 'string' ? (Number(input) * Math.PI) / 180 : 0;
      return new Float32Array([Math.cos(angle), Math.sin(angle)]);
    }),
  );
  return { embed, inputs: () => embed.mock.calls.at(-1)![0] };
}

const { signal } = new AbortController();
const picture = new Blob(['a']);

test('best first, with the prompt that the model was trained on', async () => {
  const model = fakeModel();
  const ranked = await new Ranker(model).rank(picture, ['90', '0', '60'], signal);
  expect(ranked.map(({ caption }) => caption)).toEqual(['0', '60', '90']);
  expect(ranked[1]!.score).toBeCloseTo(0.5, 6);
  expect(model.inputs()[0]).toEqual({
    image: picture,
    instruction: 'Find an image caption describing the given everyday image.',
  });
});

test('only what is new is embedded', async () => {
  const model = fakeModel();
  const ranker = new Ranker(model);
  await ranker.rank(picture, ['10', '20'], signal);
  await ranker.rank(picture, ['20', '30'], signal);
  expect(model.inputs()).toEqual(['30']);
  await ranker.rank(picture, ['30'], signal);
  expect(model.embed).toHaveBeenCalledTimes(2);
  const other = new Blob(['b']);
  await ranker.rank(other, ['30', '10'], signal); // 10 was dropped when it was deleted
  expect(model.inputs()).toEqual([expect.objectContaining({ image: other }), '10']);
});

test('an aborted ranking rejects and leaves nothing half known', async () => {
  const model = fakeModel();
  const ranker = new Ranker(model);
  const controller = new AbortController();
  const aborted = ranker.rank(picture, ['10'], controller.signal);
  controller.abort();
  await expect(aborted).rejects.toThrow('aborted');
  await ranker.rank(picture, ['10'], signal);
  expect(model.inputs()).toHaveLength(2);
});
