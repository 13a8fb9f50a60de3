import { expect, test } from 'vitest';
import { TaskQueue } from './task-queue';

const tick = () => new Promise((resolve) => setTimeout(resolve, 2));

test('tasks never overlap and keep their order', async () => {
  const queue = new TaskQueue();
  let running = 0;
  const seen: number[] = [];
  const task = (i: number) => async () => {
    expect(++running).toBe(1);
    await tick();
    running--;
    seen.push(i);
    return i * 10;
  };
  expect(await Promise.all([0, 1, 2, 3].map((i) => queue.add(task(i))))).toEqual([0, 10, 20, 30]);
  expect(seen).toEqual([0, 1, 2, 3]);
});

test('a failed task rejects its own caller only', async () => {
  const queue = new TaskQueue();
  const failed = queue.add(async () => {
    throw new Error('no');
  });
  const next = queue.add(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  await expect(next).resolves.toBe('yes');
});

test('a task aborted while it waits never starts', async () => {
  const queue = new TaskQueue();
  const controller = new AbortController();
  let started = false;
  const first = queue.add(tick);
  const second = queue.add(async () => {
    started = true;
  }, controller.signal);
  controller.abort();
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
  await first;
  expect(started).toBe(false);
  await expect(queue.add(async () => 1)).resolves.toBe(1);
});

test('and does not wait for its turn to say so', async () => {
  const queue = new TaskQueue();
  const controller = new AbortController();
  let end!: () => void;
  const first = queue.add(() => new Promise<void>((resolve) => (end = resolve)));
  const second = queue.add(tick, controller.signal);
  const third = queue.add(tick, AbortSignal.abort());
  setTimeout(() => controller.abort(), 1);
  await Promise.all([second, third].map((each) => expect(each).rejects.toMatchObject({ name: 'AbortError' })));
  end();
  await first;
});
