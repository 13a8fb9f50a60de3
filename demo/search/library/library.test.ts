import { expect, test, vi } from 'vitest';
import { fakeIndex } from '../testing/fake-index';
import { Library } from './library';

test('folders chosen before the index is open are added to it once it is', async () => {
  const library = new Library();
  const index = fakeIndex({ count: 3 });
  const [add, start] = [vi.spyOn(index, 'add'), vi.spyOn(index, 'start')];
  const source = { name: 'Early', files: [] };
  await library.add([source]);
  expect([library.waiting.value, add.mock.calls]).toEqual([[source], []]);
  await library.use('nano', async () => index);
  await vi.waitFor(() => expect(start).toHaveBeenCalledOnce());
  expect([library.waiting.value, add.mock.calls]).toEqual([[], [[source]]]);
});

test('another model closes the index of the one before; the same one again does not', async () => {
  const library = new Library();
  const [first, second] = [fakeIndex({ count: 1 }), fakeIndex({ count: 2 })];
  const close = vi.spyOn(first, 'close');
  await library.use('nano', async () => first);
  await library.use('nano', async () => Promise.reject(new Error('opened twice')));
  expect([library.state.value?.indexed, close.mock.calls.length]).toEqual([1, 0]);
  await library.use('large', async () => second);
  expect([library.state.value?.indexed, close.mock.calls.length]).toEqual([2, 1]);
  first.set({ indexed: 99 });
  expect(library.state.value?.indexed).toBe(2);
});

test('errors are shown; cancelling is not an error', async () => {
  const library = new Library();
  await library.use('nano', async () => Promise.reject(new Error('no storage')));
  expect([library.error.value, library.open.value]).toEqual([new Error('no storage'), null]);
  await library.use('nano', async () => fakeIndex({ count: 1 }));
  expect(library.error.value).toBeNull();
  await library.with(() => Promise.reject(new DOMException('', 'AbortError')));
  expect(library.error.value).toBeNull();
  expect(await library.with(() => Promise.reject(new Error('full')))).toBeNull();
  expect(library.error.value).toEqual(new Error('full'));
  library.dismissError();
  expect(await library.with(async (index) => index.state.indexed)).toBe(1);
});
