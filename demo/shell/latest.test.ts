import { expect, test, vi } from 'vitest';
import { debounced, latest } from './latest';

test('a newer call aborts the older one, whose failure is not reported', async () => {
  const finished: string[] = [];
  const onError = vi.fn();
  const call = latest(async (signal: AbortSignal, name: string) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    signal.throwIfAborted();
    finished.push(name);
  }, onError);
  await Promise.all([call('first'), call('second')]);
  expect(finished).toEqual(['second']);
  expect(onError).not.toHaveBeenCalled();
});

test('the newest call’s failure is reported', async () => {
  const onError = vi.fn();
  const failure = new Error('broken');
  await latest(() => Promise.reject(failure), onError)();
  expect(onError).toHaveBeenCalledExactlyOnceWith(failure);
});

test('debounced waits for silence', () => {
  vi.useFakeTimers();
  const run = vi.fn();
  const call = debounced(run, 100);
  call();
  vi.advanceTimersByTime(99);
  call();
  vi.advanceTimersByTime(99);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
  vi.useRealTimers();
});
