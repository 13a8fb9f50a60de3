import { expect, test, vi } from 'vitest';
import { until } from './until';

test('what the work comes to, or the reason as soon as the signal is aborted, before or meanwhile', async () => {
  expect(await until(undefined, Promise.resolve(1))).toBe(1);
  const controller = new AbortController();
  expect(await until(controller.signal, Promise.resolve(2))).toBe(2);
  await expect(until(controller.signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  const waiting = until(controller.signal, new Promise(() => undefined));
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(until(controller.signal, Promise.resolve(3))).rejects.toThrow('enough');
});

test('work that fails after the abort is not an unhandled error, and no listener stays', async () => {
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, 'removeEventListener');
  await until(signal, Promise.resolve());
  await vi.waitFor(() => expect(removed).toHaveBeenCalledOnce());
  // An unhandled rejection would fail this run.
  await expect(until(AbortSignal.abort(new Error('before')), Promise.reject(new Error('late')))).rejects.toThrow(
    'before',
  );
});
