import { afterEach, expect, test, vi } from 'vitest';
import { EXAMPLES } from './examples';
import { RankState } from './state';

afterEach(() => vi.unstubAllGlobals());

test('an example that is still loading does not take away what the visitor wrote meanwhile', async () => {
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
