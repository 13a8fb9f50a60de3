import { expect, test } from 'vitest';
import { InvalidInputError, VLM2Vec } from './index';
import { expectHooks } from './hooks';

test.each([
  [{ signal: 5 }, /^signal is 5; it must be an AbortSignal/],
  [{ signal: null }, /^signal is null/],
  [{ signal: new AbortController() }, /^signal is of class AbortController/],
  [{ onProgress: 1 }, /^onProgress is 1; it must be a function/],
  [{ onUsage: {} }, /^onUsage is of class Object/],
  [{ onSkip: 'x' }, /^onSkip is x/],
])('%o', (hooks, message) => {
  expect(() => expectHooks(hooks)).toThrow(InvalidInputError);
  expect(() => expectHooks(hooks)).toThrow(message);
});

test('what is right passes, of another realm too', () => {
  const { signal } = new AbortController();
  expectHooks({ signal, onProgress: () => undefined, onSkip: undefined });
  const foreign = { aborted: false, throwIfAborted: () => undefined, addEventListener: () => undefined };
  expectHooks({ signal: foreign });
});

test('load and embed refuse them before any work', async () => {
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }, { numThreads: 0 }]) {
    await expect(VLM2Vec.load('nano', wrong as never)).rejects.toThrow(InvalidInputError);
  }
  await expect(VLM2Vec.load('nano', null as never)).rejects.toThrow(/options as an object, not as null/);
  await using model = await VLM2Vec.load('nano');
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }, { onUsage: 1 }, { stageTimes: 1 }, 5, null, []]) {
    await expect(model.embed('a text', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(model.embedQuery('a text', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(model.rank('a text', ['b'], wrong as never)).rejects.toThrow(InvalidInputError);
  }
  await expect(model.prepare({ signal: 5 as never })).rejects.toThrow(InvalidInputError);
  await expect(model.matmulRate({ signal: 5 as never })).rejects.toThrow(InvalidInputError);
});
