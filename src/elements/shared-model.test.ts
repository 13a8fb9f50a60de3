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

test('what failed is tried again; what is no plain data is not shared', async () => {
  const load = vi.fn(async () => Promise.reject(new Error('no')));
  await expect(holdModel('three', {}, undefined, load).model).rejects.toThrow('no');
  await expect(holdModel('three', {}, undefined, load).model).rejects.toThrow('no');
  expect(load).toHaveBeenCalledTimes(2);
  const { load: fine } = loader();
  const worker = () => undefined as unknown as Worker;
  const holds = [holdModel('four', { worker }, undefined, fine), holdModel('four', { worker }, undefined, fine)];
  expect(fine).toHaveBeenCalledTimes(2);
  holds.forEach((hold) => hold.release());
});

test('on a server the elements are imported and do nothing', async () => {
  const { VLM2VecRank, VLM2VecSearch } = await import('./index');
  expect(typeof VLM2VecRank).toBe('function');
  expect(new VLM2VecSearch()).toBeInstanceOf(VLM2VecSearch);
});
