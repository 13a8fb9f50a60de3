import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { VLM2Vec } from '../embedder';
import { holdModel } from './shared-model';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function loader() {
  const dispose = vi.fn();
  const signals: AbortSignal[] = [];
  const load = vi.fn(async (_: unknown, { signal }: { signal?: AbortSignal }) => {
    signals.push(signal!);
    return { dispose } as unknown as VLM2Vec;
  });
  return { load, dispose, signals };
}

test('one model for all who name the same one; disposed of a moment after the last has let go', async () => {
  const { load, dispose } = loader();
  const [a, b] = [holdModel('one', {}, undefined, load), holdModel('one', {}, undefined, load)];
  const other = holdModel('one', { device: 'wasm' }, undefined, load);
  expect(await a.model).toBe(await b.model);
  expect(load).toHaveBeenCalledTimes(2);
  a.release();
  a.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect(dispose).not.toHaveBeenCalled();
  b.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect(dispose).toHaveBeenCalledTimes(1);
  other.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect(dispose).toHaveBeenCalledTimes(2);
});

test('mounted twice, as React does in strict mode: loaded once', async () => {
  const { load, dispose, signals } = loader();
  holdModel('two', {}, undefined, load).release();
  const held = holdModel('two', {}, undefined, load);
  await vi.advanceTimersByTimeAsync(5000);
  expect(load).toHaveBeenCalledTimes(1);
  expect(signals[0]!.aborted).toBe(false);
  held.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect([signals[0]!.aborted, dispose.mock.calls.length]).toEqual([true, 1]);
});

test('a failed load is retried, and releasing it affects nothing else; functions and files are compared as objects', async () => {
  const load = vi.fn(async () => Promise.reject(new Error('no')));
  const failed = holdModel('three', {}, undefined, load);
  await expect(failed.model).rejects.toThrow('no');
  await expect(holdModel('three', {}, undefined, load).model).rejects.toThrow('no');
  expect(load).toHaveBeenCalledTimes(2);
  const { load: fine } = loader();
  const again = holdModel('three', {}, undefined, fine);
  failed.release();
  await vi.advanceTimersByTimeAsync(5000);
  const shared = holdModel('three', {}, undefined, fine);
  expect(fine).toHaveBeenCalledTimes(1);
  const start = () => () => undefined as unknown as Worker;
  const [worker, other] = [start(), start()];
  const [a, b] = [new File(['a'], 'x'), new File(['b'], 'x')];
  const holds = [
    ...[again, shared, holdModel('four', { worker }, undefined, fine), holdModel('four', { worker }, undefined, fine)],
    ...[holdModel('four', { worker: other }, undefined, fine), holdModel([a], {}, undefined, fine)],
    ...[holdModel([a], {}, undefined, fine), holdModel([b], {}, undefined, fine)],
  ];
  expect(fine.mock.calls.map(([source]) => source)).toEqual(['three', 'four', 'four', [a], [b]]);
  holds.forEach((hold) => hold.release());
});

test('on a server the elements are imported and do nothing', async () => {
  const { VLM2VecRank, VLM2VecSearch } = await import('./index');
  expect(typeof VLM2VecRank).toBe('function');
  expect(new VLM2VecSearch()).toBeInstanceOf(VLM2VecSearch);
});
