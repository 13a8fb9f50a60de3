import { expect, test, vi } from 'vitest';
import type { AddOptions, StoredModel } from '../../src/index';
import { Adding, type AddingState } from './adding';

/** A model store whose `add` ends when told, or when aborted. */
function fakeStore() {
  const calls: { finish: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const add = (_source: unknown, { signal }: AddOptions = {}) =>
    new Promise<StoredModel>((resolve, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason as Error));
      calls.push({ finish: () => resolve({} as StoredModel), fail: reject, signal: signal! });
    });
  return { calls, add: vi.fn(add), delete: vi.fn(async () => undefined) };
}

function begin(store: ReturnType<typeof fakeStore>) {
  const states: AddingState[] = [];
  const errors: unknown[] = [];
  const adding = new Adding(store, 'a/b', { dtype: 'q4' }, 'b-q4', {
    onState(state, error) {
      states.push(state);
      if (error !== null) errors.push(error);
    },
    onProgress: () => undefined,
  });
  adding.start();
  return { adding, states, errors };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('paused, resumed with the same call, done', async () => {
  const store = fakeStore();
  const { adding, states } = begin(store);
  adding.pause();
  await settled();
  adding.start();
  store.calls[1]!.finish();
  await settled();
  expect(states).toEqual(['running', 'pausing', 'paused', 'running', 'done']);
  expect(store.add.mock.calls.map(([source, options]) => [source, options!.dtype])).toEqual([
    ['a/b', 'q4'],
    ['a/b', 'q4'],
  ]);
  expect(store.delete).not.toHaveBeenCalled();
});

test('cancelling deletes only after the work has stopped; a paused one too', async () => {
  const store = fakeStore();
  const first = begin(store);
  await first.adding.cancel();
  expect(first.states).toEqual(['running', 'cancelling', 'cancelled']);
  const second = begin(store);
  second.adding.pause();
  await settled();
  await second.adding.cancel();
  expect(second.states).toEqual(['running', 'pausing', 'paused', 'cancelling', 'cancelled']);
  expect(store.delete.mock.calls).toEqual([['b-q4'], ['b-q4']]);
});

test('a model that was finished before the cancellation is kept', async () => {
  const store = fakeStore();
  const { adding, states } = begin(store);
  store.calls[0]!.finish();
  await adding.cancel();
  expect(states.at(-1)).toBe('done');
  expect(store.delete).not.toHaveBeenCalled();
});

test('a failure is reported and can be retried', async () => {
  const store = fakeStore();
  const { adding, states, errors } = begin(store);
  store.calls[0]!.fail(new Error('no network'));
  await settled();
  expect([states.at(-1), String(errors[0])]).toEqual(['failed', 'Error: no network']);
  adding.start();
  expect(states.at(-1)).toBe('running');
});
