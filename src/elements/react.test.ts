import { createElement, StrictMode, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { act, create, type ReactTestRenderer } from 'react-test-renderer';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeEmbedder, loads, trapBrowserGlobals } from '../testing/fake-models';
import { useVLM2Vec, VLM2VecRank, VLM2VecSearch, type HeldModel, type VLM2VecSearchProps } from './react';
import type { SharedLoadOptions } from './shared-model';

vi.mock('../embedder', () => fakeEmbedder);
/** Longer than a model that nobody holds is kept. */
const A_WHILE = 5000;
let last: HeldModel;
const seen: HeldModel[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // Any other complaint by React is a fault. The renderer is outdated, but needs no page.
  vi.spyOn(console, 'error').mockImplementation((...said) => {
    if (!String(said[0]).includes('react-test-renderer is deprecated')) throw new Error(said.join(' '));
  });
  loads.length = seen.length = 0;
});
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(A_WHILE);
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function Holder({ source, options }: { source: never | string | null | File[]; options?: SharedLoadOptions }) {
  last = useVLM2Vec(source, options);
  seen.push(last);
  return last.status;
}

/** Lets time pass. */
const pass = (milliseconds: number) => act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));
const settle = () => pass(0);
async function mount(node: ReactElement, options?: Parameters<typeof create>[1]): Promise<ReactTestRenderer> {
  let root!: ReactTestRenderer;
  await act(async () => void (root = create(node, options)));
  await settle();
  return root;
}
async function show(root: ReactTestRenderer, node: ReactElement): Promise<void> {
  await act(async () => root.update(node));
  await settle();
}
const unmount = (root: ReactTestRenderer) => act(async () => root.unmount());

test('a model is loaded, handed out, and disposed of after the component has gone', async () => {
  const root = await mount(createElement(Holder, { source: 'react-one' }));
  expect([last.status, last.model, loads.length]).toEqual(['loading', null, 1]);
  await act(async () => loads[0]!.options.onProgress!({ phase: 'download' } as never));
  expect(last.progress).toEqual({ phase: 'download' });
  const model = loads[0]!.finish();
  await settle();
  expect(last).toMatchObject({ status: 'ready', model, error: null });
  await unmount(root);
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads[0]!.dispose).toHaveBeenCalledTimes(1);
});

test('unmounting aborts a load in progress', async () => {
  const root = await mount(createElement(Holder, { source: 'react-two' }));
  await unmount(root);
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads.map(({ options }) => options.signal!.aborted)).toEqual([true]);
  expect(loads[0]!.dispose).not.toHaveBeenCalled();
});

test('unmounting aborts an embed in progress, at once', async () => {
  const root = await mount(createElement(Holder, { source: 'react-three' }));
  const model = loads[0]!.finish();
  await settle();
  const embedding = expect(model.embed({ text: 'a dog' }, { signal: last.signal })).rejects.toThrow(/abort/i);
  await unmount(root);
  await embedding;
});

test('rendering again with equal options loads nothing, and nothing is aborted; other options load another', async () => {
  const of = (device: 'wasm' | 'webgpu') =>
    createElement(Holder, { source: 'react-four', options: { device, worker: () => null as never } });
  const root = await mount(of('wasm'));
  for (let time = 0; time < 3; time++) await show(root, of('wasm'));
  loads[0]!.finish();
  await settle();
  await show(root, of('wasm'));
  expect([loads.length, last.status, last.signal!.aborted]).toEqual([1, 'ready', false]);
  const { signal } = last;
  seen.length = 0;
  await show(root, of('webgpu'));
  expect([loads.length, last.status, signal!.aborted]).toEqual([2, 'loading', true]);
  // The previous model was never shown as the current one.
  expect(seen.filter(({ model }) => model !== null)).toEqual([]);
  await unmount(root);
});

test('files are the same if they are the same objects', async () => {
  const [a, b] = [new File(['a'], 'model'), new File(['b'], 'model')];
  const root = await mount(createElement(Holder, { source: [a] }));
  await show(root, createElement(Holder, { source: [a] }));
  expect(loads.length).toBe(1);
  await show(root, createElement(Holder, { source: [b] }));
  expect(loads.map(({ source }) => source)).toEqual([[a], [b]]);
  await unmount(root);
});

test.each([
  ['plain options', {}],
  ['a function among the options', { worker: () => null as never }],
])('strict mode mounts twice and loads once: %s', async (_what, options) => {
  const holder = createElement(Holder, { source: 'react-strict', options });
  const root = await mount(createElement(StrictMode, null, holder));
  await pass(A_WHILE);
  expect([loads.length, loads[0]!.options.signal!.aborted, last.signal!.aborted]).toEqual([1, false, false]);
  loads[0]!.finish();
  await settle();
  expect(last.status).toBe('ready');
  await unmount(root);
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads[0]!.dispose).toHaveBeenCalledTimes(1);
});

test('a failed load can be retried, and the model loaded then is shared', async () => {
  const root = await mount(createElement(Holder, { source: 'react-five' }));
  loads[0]!.fail(new Error('offline'));
  await settle();
  expect([last.status, last.error?.message]).toEqual(['failed', 'offline']);
  await act(async () => last.retry());
  await settle();
  expect([last.status, last.error]).toEqual(['loading', null]);
  loads[1]!.finish();
  await settle();
  // The hold on the failed load ends meanwhile, and affects nothing else.
  await pass(A_WHILE);
  const other = await mount(createElement(Holder, { source: 'react-five' }));
  expect([last.status, loads.length]).toEqual(['ready', 2]);
  await unmount(root);
  await unmount(other);
});

test('on a server: no browser global is touched, nothing is loaded, and the browser starts with the same output', async () => {
  const page = createElement(
    'main',
    null,
    createElement(Holder, { source: 'react-server' }),
    createElement(VLM2VecSearch, { src: 'index', browse: true, askAbove: 5, disabled: false, words: { more: 'More' } }),
    createElement(VLM2VecRank, { text: 'a dog', required: true, children: createElement('option', null, 'cat') }),
  );
  const traps = trapBrowserGlobals();
  const html = renderToString(page);
  traps.restore();
  expect(traps.touched).toEqual([]);
  expect(loads).toEqual([]);
  expect(html).toBe(
    '<main>loading<vlm2vec-search src="index" ask-above="5" browse=""></vlm2vec-search>' +
      '<vlm2vec-rank text="a dog" required=""><option>cat</option></vlm2vec-rank></main>',
  );
  const root = await mount(createElement(Holder, { source: 'react-server' }));
  expect(seen.map(({ status }) => status)).toContain('loading');
  expect(seen.map(({ status }) => status)).not.toContain('idle');
  await unmount(root);
});

test('events reach the latest handler, and properties are set before the element can have started', async () => {
  const element = Object.assign(new EventTarget(), { words: undefined as unknown });
  const atRef: unknown[] = [];
  const heard: unknown[] = [];
  const of = (props: Partial<VLM2VecSearchProps>) =>
    createElement(StrictMode, null, createElement(VLM2VecSearch, { src: 'index', ...props }));
  const ref = vi.fn(() => {
    atRef.push(element.words);
    return () => void atRef.push('gone');
  });
  const words = { more: 'Mehr' };
  const root = await mount(of({ words, ref, onOpen: () => void heard.push('old') }), {
    createNodeMock: () => element,
  });
  await show(root, of({ words, ref, onOpen: (detail) => (heard.push(detail), false) }));
  const open = new CustomEvent('vlm2vec-open', { detail: 'picture', cancelable: true });
  element.dispatchEvent(open);
  expect([heard, open.defaultPrevented]).toEqual([['picture'], true]);
  await unmount(root);
  element.dispatchEvent(new CustomEvent('vlm2vec-open', { detail: 'later' }));
  expect(heard).toEqual(['picture']);
  // Strict mode attaches twice.
  expect(atRef).toEqual([words, 'gone', words, 'gone']);
});
