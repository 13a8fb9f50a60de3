import { expect, test } from 'vitest';
import { evaluate } from './eval/evaluate';
import { InvalidInputError, models, verifyCard, VLM2Vec } from './index';
import { expectHooks, expectKnown, heard } from './hooks';

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

test('a listener that throws ends the call with its error, which is not taken for a fault of the device', async () => {
  const mine = new Error('of the listener');
  const onProgress = () => {
    throw mine;
  };
  await expect(VLM2Vec.load('nano', { onProgress })).rejects.toBe(mine);
  await using model = await VLM2Vec.load('nano');
  await expect(model.embed(['a', 'b'], { onProgress })).rejects.toBe(mine);
  expect(await model.embed('a')).toHaveLength(model.dims);

  let events = 0;
  const late = heard({ onProgress }, async (hooks) => {
    hooks.onProgress?.(events++);
    hooks.onProgress?.(events++);
    return hooks.signal?.aborted;
  });
  await expect(late).rejects.toBe(mine);
  const { signal } = new AbortController();
  expect(await heard({ signal }, async (hooks) => hooks.signal === signal && hooks.onProgress === undefined)).toBe(
    true,
  );
});

test('options that a call decides itself are refused by its own name', async () => {
  await using model = await VLM2Vec.load('nano');
  await expect(model.rank('a', ['b'], { onError: 'skip' } as never)).rejects.toThrow(/^rank has no option 'onError'/);
  await expect(model.rank('a', ['b'], { find: 'image' } as never)).rejects.toThrow(/^rank has no option 'find'/);
  await expect(model.embedQuery('a', { role: 'document' } as never)).rejects.toThrow(
    /^embedQuery has no option 'role'/,
  );
  await expect(model.embedDocument('a', { tsk: 'CIRR' } as never)).rejects.toThrow(
    /^embedDocument has no option 'tsk'\. Did you mean 'task'\?/,
  );
  await expect(model.embed('a', { precison: 'int8' } as never)).rejects.toThrow(/Did you mean 'precision'\?/);
});

test('a picture that is not there is named with its place in the list', async () => {
  await using model = await VLM2Vec.load('nano');
  const missing = model.embed(['a', { image: '/no/such.png' }]);
  await expect(missing).rejects.toThrow(/^inputs\[1\]: The image \/no\/such\.png cannot be read \(ENOENT\)/);
  await expect(missing).rejects.toMatchObject({ name: 'SourceNotFoundError', details: { input: 'inputs[1]' } });
});
