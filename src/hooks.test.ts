import { expect, test } from 'vitest';
import { evaluate } from './eval/evaluate';
import { InvalidInputError, models, verifyCard, VLM2Vec } from './index';
import { expectHooks, expectKnown } from './hooks';

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

test.each([
  ['precison', /^embed has no option 'precison'\. Did you mean 'precision'\?$/],
  ['maxpixels', /Did you mean 'maxPixels'\?/],
  ['dim', /Did you mean 'dims'\?/],
  ['colour', /^embed has no option 'colour'\. Known are precision, maxPixels, dims\.$/],
  ['toString', /no option 'toString'/],
])('an unknown option is refused, with what was meant: %s', (key, message) => {
  const check = () => expectKnown('embed', { [key]: 1 }, ['precision', 'maxPixels', 'dims']);
  expect(check).toThrow(InvalidInputError);
  expect(check).toThrow(message);
});

test('load and embed refuse them before any work', async () => {
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }, { numThreads: 0 }]) {
    await expect(VLM2Vec.load('nano', wrong as never)).rejects.toThrow(InvalidInputError);
  }
  await expect(VLM2Vec.load('nano', null as never)).rejects.toThrow(/options as an object, not null/);
  await expect(VLM2Vec.load('nano', { devise: 'wasm' } as never)).rejects.toThrow(/Did you mean 'device'/);
  await using model = await VLM2Vec.load('nano');
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }, { onUsage: 1 }, { stageTimes: 1 }, 5, null, []]) {
    await expect(model.embed('a text', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(model.embedQuery('a text', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(model.rank('a text', ['b'], wrong as never)).rejects.toThrow(InvalidInputError);
  }
  for (const wrong of [{ signal: 5 }, { signals: undefined }, 5, null]) {
    await expect(model.prepare(wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(model.matmulRate(wrong as never)).rejects.toThrow(InvalidInputError);
  }
});

test('so do the stored models, the check of a card and the evaluation', async () => {
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }, { sygnal: undefined }, 5, null]) {
    await expect(models.verify('none', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(models.add('nano', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(models.estimate('nano', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(models.isCached('nano', wrong as never)).rejects.toThrow(InvalidInputError);
    await expect(verifyCard({} as never, new Uint8Array(), wrong as never)).rejects.toThrow(InvalidInputError);
  }
  await expect(verifyCard({} as never, new Uint8Array(), { as: 'gpt' as never })).rejects.toThrow(/as is gpt/);
  for (const wrong of [{ signal: 5 }, { onProgress: 1 }]) {
    await expect(evaluate(wrong as never)).rejects.toThrow(InvalidInputError);
  }
});

test('details.input says which one of a list is wrong, whatever is wrong with it', async () => {
  await using model = await VLM2Vec.load('nano');
  for (const wrong of [
    null,
    undefined,
    5,
    {},
    { txt: 'a' },
    { text: 5 },
    { text: 'a', image: null },
    { image: [] },
    '',
  ]) {
    const error = await model.embed(['a', wrong as never]).catch((error: unknown) => error);
    expect(error, JSON.stringify(wrong)).toMatchObject({ name: 'InvalidInputError', details: { input: 'inputs[1]' } });
  }
});
