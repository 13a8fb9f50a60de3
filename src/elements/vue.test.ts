import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRenderer, createSSRApp, defineComponent, effectScope, h, nextTick, ref, shallowRef } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { fakeEmbedder, loads, trapBrowserGlobals } from '../testing/fake-models';
import type { SharedLoadOptions } from './shared-model';
import { useVLM2Vec, VLM2VecRank, VLM2VecSearch, type HeldModel } from './vue';

vi.mock('../embedder', () => fakeEmbedder);
const A_WHILE = 5000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', {});
  loads.length = 0;
});
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(A_WHILE);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = async () => {
  await nextTick();
  await vi.advanceTimersByTimeAsync(0);
};

/** Renders into plain objects: the composable needs no page. */
interface Node {
  children: unknown[];
}
const { createApp } = createRenderer<Node, Node>({
  ...{ insert: () => undefined, remove: () => undefined, patchProp: () => undefined, setText: () => undefined },
  ...{ createElement: () => ({ children: [] }), createText: () => ({ children: [] }), parentNode: () => null },
  ...{ createComment: () => ({ children: [] }), setElementText: () => undefined, nextSibling: () => null },
});

function mount(setup: () => HeldModel) {
  let held!: HeldModel;
  let renders = 0;
  const app = createApp(
    defineComponent({
      setup() {
        held = setup();
        return () => (renders++, h('p', held.status.value));
      },
    }),
  );
  app.mount({ children: [] });
  return { held, unmount: () => app.unmount(), renders: () => renders };
}

test('loaded once however often the component renders; unmounting disposes of it', async () => {
  const { held, unmount, renders } = mount(() => useVLM2Vec('vue-one'));
  await settle();
  for (const phase of ['download', 'verify']) {
    loads[0]!.options.onProgress!({ phase } as never);
    await settle();
  }
  const model = loads[0]!.finish();
  await settle();
  expect([held.status.value, held.model.value, loads.length]).toEqual(['ready', model, 1]);
  expect(renders()).toBeGreaterThan(1);
  const embedding = expect(model.embed({ text: 'a dog' }, { signal: held.signal.value })).rejects.toThrow(/abort/i);
  unmount();
  await embedding;
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads[0]!.dispose).toHaveBeenCalledTimes(1);
});

test('unmounting aborts a load in progress', async () => {
  const { unmount } = mount(() => useVLM2Vec('vue-two'));
  await settle();
  unmount();
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads.map(({ options }) => options.signal!.aborted)).toEqual([true]);
});

test('equal options load nothing; different options, another model or other files do, and null releases it', async () => {
  const source = shallowRef<string | File[] | null>('vue-three');
  const options = ref<SharedLoadOptions>({ device: 'wasm' });
  const { held, unmount } = mount(() => useVLM2Vec(source, options));
  await settle();
  const first = held.signal.value!;
  options.value = { device: 'wasm' };
  await settle();
  expect([loads.length, first.aborted]).toEqual([1, false]);
  options.value = { device: 'webgpu' };
  await settle();
  expect([loads.length, first.aborted, held.status.value]).toEqual([2, true, 'loading']);
  for (const file of [new File(['a'], 'model'), new File(['b'], 'model')]) {
    source.value = [file];
    await settle();
  }
  expect(loads.length).toBe(4);
  source.value = null;
  await settle();
  expect([held.status.value, held.model.value, held.signal.value]).toEqual(['idle', null, undefined]);
  await vi.advanceTimersByTimeAsync(A_WHILE);
  expect(loads.map(({ options: { signal } }) => signal!.aborted)).toEqual([true, true, true, true]);
  unmount();
});

test('a failed load can be retried', async () => {
  const scope = effectScope();
  const held = scope.run(() => useVLM2Vec('vue-four'))!;
  await settle();
  loads[0]!.fail(new Error('offline'));
  await settle();
  expect([held.status.value, held.error.value?.message]).toEqual(['failed', 'offline']);
  held.retry();
  await settle();
  loads[1]!.finish();
  await settle();
  expect([held.status.value, held.error.value]).toEqual(['ready', null]);
  scope.stop();
});

test('on a server: nothing is loaded, and the page shows the same as the browser at first', async () => {
  vi.unstubAllGlobals();
  const page = defineComponent({
    setup() {
      const { status } = useVLM2Vec('vue-server');
      return () =>
        h('main', [
          status.value,
          h(VLM2VecSearch, { src: 'index', browse: true, disabled: false, words: { more: 'More' } }),
          h(VLM2VecRank, { text: 'a dog', required: true }, () => h('option', 'cat')),
        ]);
    },
  });
  const traps = trapBrowserGlobals();
  const html = await renderToString(createSSRApp(page));
  traps.restore();
  // Only whether there is a page is checked.
  expect(traps.touched.filter((name) => name !== 'document')).toEqual([]);
  expect(loads).toEqual([]);
  expect(html).toBe(
    '<main>loading<vlm2vec-search src="index" browse></vlm2vec-search>' +
      '<vlm2vec-rank text="a dog" required><option>cat</option></vlm2vec-rank></main>',
  );
});
