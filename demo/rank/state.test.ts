import { afterEach, expect, test, vi } from 'vitest';
import { EXAMPLES } from './examples';
import { RankState } from './state';

afterEach(() => vi.unstubAllGlobals());

test('an example that is still loading does not remove what the visitor wrote meanwhile', async () => {
  vi.stubGlobal('document', { baseURI: 'https://me.example/site/' });
  const answers: (() => void)[] = [];
  vi.stubGlobal('fetch', () => new Promise((resolve) => answers.push(() => resolve(new Response('picture')))));
  const state = new RankState();
  const sample = (file: string) => ({ file, alt: file, captions: ['a', 'b'], truth: 0 });
  state.samples.value = EXAMPLES.classification.samples.map(sample) as never;
  const chosen = state.choose('classification', new AbortController().signal);
  state.addText('a walrus');
  for (const answer of answers) answer();
  await chosen;
  expect(state.pictures.value).toHaveLength(4);
  expect(state.texts.value.map(({ text }) => text)).toEqual(['a walrus']);

  const untouched = new RankState();
  untouched.samples.value = [];
  await untouched.choose('classification', new AbortController().signal);
  expect(untouched.texts.value.map(({ text }) => text)).toEqual(EXAMPLES.classification.captions);
});

test('captions of samples go with them; the user’s own stay; clearing leaves one blank line', async () => {
  vi.stubGlobal('document', { baseURI: 'https://me.example/site/' });
  vi.stubGlobal('fetch', async () => new Response('picture'));
  const abort = new AbortController().signal;
  const texts = (state: RankState) => state.texts.value.map(({ text }) => text);
  const own = new File(['x'], 'own.png', { type: 'image/png' });
  const state = new RankState();
  const sample = { file: 'a.png', alt: 'a', captions: ['a cat', 'a dog'], truth: 0 };
  state.samples.value = [sample] as never;
  await state.showSamples(['a.png'], abort);
  expect(texts(state)).toEqual(['a cat', 'a dog']);
  state.addPictures([own]);
  expect(texts(state)).toEqual(['']);
  state.setText(state.texts.value[0]!.id, 'my cat');
  state.addPictures([own]);
  expect(texts(state)).toEqual(['my cat']);
  state.clear();
  expect([texts(state), state.pictures.value]).toEqual([[''], []]);
  await state.showSamples(['a.png'], abort);
  expect(texts(state)).toEqual(['a cat', 'a dog']);

  const written = new RankState();
  written.addText('a walrus');
  written.addPictures([own]);
  expect(texts(written)).toEqual(['a walrus']);
});
